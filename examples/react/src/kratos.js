// What a page needs of Kratos' public API: flows as JSON, with the browser's cookies.

const base = document.querySelector("meta[name=kratos]").content;

/** Asks with GET, or with POST where there is a body. Kratos answers 400 with the flow's next step. */
export async function kratos(path, body) {
  const response = await fetch(new URL(path, base), {
    method: body ? "POST" : "GET",
    credentials: "include",
    headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  // A sign-in too long ago, a second factor: Kratos says where to go first.
  if (answer.redirect_browser_to) location.assign(answer.redirect_browser_to);
  return { ok: response.ok, answer };
}

/** Starts a flow. */
export const start = async (kind) => (await kratos(`/self-service/${kind}/browser`)).answer;

/** Whose session it is; null for nobody's. */
export async function whoami() {
  const { ok, answer } = await kratos("/sessions/whoami");
  return ok ? answer : null;
}

/** Ends the session. */
export async function signOut() {
  const { answer } = await kratos("/self-service/logout/browser");
  await fetch(answer.logout_url, { credentials: "include", headers: { Accept: "application/json" } });
}

/** The value of a node of a flow. */
export const valueOf = (flow, name) => flow.ui.nodes.find(({ attributes }) => attributes.name === name)?.attributes.value;
