// The parts of Kratos' public API that the page needs: flows as JSON, with the browser's cookies.

const base = document.querySelector("meta[name=kratos]").content;

/** Sends GET, or POST if there is a body. Kratos responds with 400 and the flow's next step. */
export async function kratos(path, body) {
  const response = await fetch(new URL(path, base), {
    method: body ? "POST" : "GET",
    credentials: "include",
    headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  // Kratos may require a new sign-in or a second factor first.
  if (answer.redirect_browser_to) location.assign(answer.redirect_browser_to);
  return { ok: response.ok, answer };
}

/** Starts a flow. */
export const start = async (kind) => (await kratos(`/self-service/${kind}/browser`)).answer;

/** Returns the session, or null. */
export async function whoami() {
  const { ok, answer } = await kratos("/sessions/whoami");
  return ok ? answer : null;
}

/** Ends the session. */
export async function signOut() {
  const { answer } = await kratos("/self-service/logout/browser");
  await fetch(answer.logout_url, { credentials: "include", headers: { Accept: "application/json" } });
}

/** Returns the value of a flow's node. */
export const valueOf = (flow, name) => flow.ui.nodes.find(({ attributes }) => attributes.name === name)?.attributes.value;
