import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

import { kratos, signOut, start, valueOf, whoami } from "./kratos.js";
import { abort, addPasskey, autofill, register, removePasskey, signIn } from "./passkey.js";

// What to say about each kind of result. The pages have these texts in two languages: templates/ui/texts.
const words = {
  cancelled: "No passkey was used. Try again, use your phone, or sign in another way.",
  "not-here": "This device or security key can’t store a passkey for this site.",
  "wrong-site": "Passkeys don’t work at this web address.",
  "already-registered": "You already have a passkey on this device or security key.",
  unsupported: "This browser doesn’t support passkeys.",
  failed: "That didn’t work. Reload the page and try again.",
};

/** A flow of Kratos: fetched with the page, and again whenever its challenge is used up. */
function useFlow(kind) {
  const [flow, setFlow] = useState(null);
  const renew = () => start(kind).then(setFlow);
  useEffect(() => void renew(), [kind]);
  return [flow, setFlow, renew];
}

function SignIn({ done }) {
  const [flow, , renew] = useFlow("login");
  const [kind, setKind] = useState("");
  const finish = ({ kind }) => {
    if (kind === "signed-in") done();
    else setKind(kind);
  };
  useEffect(() => {
    if (!flow) return;
    autofill(flow).then((result) => result.kind === "signed-in" && done());
    return () => void abort(); // end the pending request when the flow is fetched again or the page is left
  }, [flow]);
  if (!flow) return <p>…</p>;
  const click = async () => {
    const result = await signIn(flow);
    if (result.kind !== "signed-in") await renew();
    finish(result);
  };
  return (
    <>
      <h1>Sign in</h1>
      <p role="status">{words[kind]}</p>
      <section>
        <button onClick={click}>Sign in with a passkey</button>
      </section>
      <form action={flow.ui.action} method="post">
        <input type="hidden" name="csrf_token" value={valueOf(flow, "csrf_token")} />
        <label>
          Email
          <input name="identifier" autoComplete="username webauthn" required />
        </label>
        <button name="method" value="code">Send me a code</button>
      </form>
    </>
  );
}

function SignUp({ done }) {
  const [flow, setFlow, renew] = useFlow("registration");
  const [kind, setKind] = useState("");
  if (!flow) return <p>…</p>;
  const submit = async (event) => {
    event.preventDefault();
    const username = new FormData(event.target).get("username");
    // Kratos asks for the traits first, and offers the passkey in the next step.
    const { answer } = await kratos(flow.ui.action, { method: "profile", csrf_token: valueOf(flow, "csrf_token"), traits: { username } });
    const result = await register(answer);
    setKind(result.kind);
    if (result.kind === "registered") done();
    else await renew();
  };
  return (
    <form onSubmit={submit}>
      <h1>Create an account</h1>
      <p role="status">{words[kind]}</p>
      <label>
        Username
        <input name="username" autoComplete="username" required />
      </label>
      <button>Create a passkey</button>
    </form>
  );
}

function Account({ session, done }) {
  const [flow, setFlow, renew] = useFlow("settings");
  const [kind, setKind] = useState("");
  if (!flow?.ui) return <p>…</p>;
  const passkeys = flow.ui.nodes.filter(({ attributes }) => attributes.name === "passkey_remove");
  // Kratos would remove the last passkey too. With a recovery address, users can still sign in by code.
  const lastWay = passkeys.length === 1 && !session.identity.recovery_addresses?.length;
  const change = async (call) => {
    const result = await call;
    setKind(result.kind);
    const answer = await result.response?.json();
    if (answer?.redirect_browser_to) location.assign(answer.redirect_browser_to); // to confirm who the user is
    else if (answer?.ui) setFlow(answer);
    else await renew();
  };
  return (
    <>
      <h1>Hello, {session.identity.traits.username}</h1>
      <p role="status">{words[kind]}</p>
      <section>
        <h2>Passkeys</h2>
        <ul>
          {passkeys.map(({ attributes, meta }) => (
            <li key={attributes.value}>
              added {new Date(meta.label.context.added_at).toLocaleDateString()}
              <button value={attributes.value} disabled={lastWay} onClick={() => change(removePasskey(flow, attributes.value))}>Remove</button>
            </li>
          ))}
        </ul>
        <button onClick={() => change(addPasskey(flow))}>Add a passkey</button>
      </section>
      <button onClick={() => signOut().then(done)}>Sign out</button>
    </>
  );
}

function App() {
  const [session, setSession] = useState(undefined);
  const [signUp, setSignUp] = useState(false);
  const look = () => whoami().then(setSession);
  useEffect(() => void look(), []);
  if (session === undefined) return <p>…</p>;
  const leave = () => {
    setSignUp(false);
    return look();
  };
  if (session) return <Account session={session} done={leave} />;
  return (
    <>
      {signUp ? <SignUp done={look} /> : <SignIn done={look} />}
      <button onClick={() => setSignUp(!signUp)}>{signUp ? "Already have an account? Sign in" : "Create an account"}</button>
    </>
  );
}

createRoot(document.getElementById("root")).render(<StrictMode><App /></StrictMode>);
