// @ts-check
// The pages' own script: connects buttons and texts with passkey.js, and reports to
// the server which passkey the user has signed in with.

import { autofill, capabilities, kindOf, register, signals, signIn } from "./passkey.js";

/** @typedef {import("./passkey.js").Result} Result */
/** @typedef {{userHandle: string|null, credentialId: string, attachment: string|null, noted?: boolean}} SignIn */

// Keys of sessionStorage, which outlives a page but not its tab.
const signInKey = "passkey-sign-in";
const signUpKey = "passkey-sign-up";

/** @param {string} kind */
function say(kind) {
  const status = document.querySelector("[data-passkey-status]");
  if (!status) return;
  status.classList.toggle("error", !["waiting", "signed-in", "registered", "cancelled", "already-registered"].includes(kind));
  status.textContent = status.getAttribute(`data-${kind}`) ?? "";
  status.scrollIntoView({ block: "nearest" });
}

/** @param {Result} result */
function remember({ kind, credential }) {
  if (kind === "registered") sessionStorage.setItem(signUpKey, credential.id);
  if (kind !== "signed-in") return;
  sessionStorage.setItem(signInKey, JSON.stringify({
    userHandle: credential.response.userHandle ?? null,
    credentialId: credential.id,
    attachment: credential.authenticatorAttachment ?? null,
  }));
}

/** @param {HTMLFormElement} form */
function connect(form) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("[data-passkey-start]"));
  const call = form.dataset.passkey === "sign-in" ? signIn : register;
  const offer = async () => {
    if (form.dataset.autofill === undefined) return;
    const result = await autofill(form);
    remember(result);
    if (result.kind === "signed-in" || result.kind === "wrong-site") say(result.kind);
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    say("waiting");
    const result = await call(form);
    remember(result);
    if (result.kind !== "signed-in" && result.kind !== "registered") {
      button.disabled = false;
      button.focus({ preventScroll: true });
      void offer();
    }
    say(result.kind);
  });
  form.hidden = false;
  void offer();
}

/** @param {string} path @param {object} body */
async function post(path, body) {
  const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(String(response.status));
  return response;
}

/** Reports the passkey to the server once, and invites users who came from another device to add one here.
 * @param {SignIn} one */
async function welcome(one) {
  if (!one.noted) {
    sessionStorage.setItem(signInKey, JSON.stringify({ ...one, noted: true }));
    post("/used", { credential_id: one.credentialId }).catch(() => {}); // only the date of last use is missing then
  }
  const invitation = document.getElementById("another-device");
  if (invitation && one.attachment === "cross-platform" && (await capabilities()).platform) invitation.hidden = false;
}

/** Shows the user handle that the browser returned, and whose it is according to the sidecar.
 * @param {HTMLElement} section @param {SignIn} one */
async function explain(section, { userHandle, credentialId }) {
  const returned = /** @type {HTMLElement} */ (document.getElementById("returned"));
  const resolved = /** @type {HTMLElement} */ (document.getElementById("resolved"));
  returned.textContent = userHandle ?? section.dataset.none ?? "";
  if (!userHandle) return;
  returned.className = "mono";
  resolved.textContent = section.dataset.asking ?? "";
  try {
    const response = await post("/resolve", { user_handle: userHandle, credential_id: credentialId });
    const answer = await response.json();
    resolved.textContent = [section.dataset[answer.whose], answer.state, answer.identity_id].filter(Boolean).join(" · ");
  } catch {
    resolved.textContent = section.dataset.failed ?? "";
  }
}

const forms = /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-passkey]"));
if ((await capabilities()).webauthn) {
  forms.forEach(connect);
  document.querySelectorAll("button[data-key]").forEach((button) => button.removeAttribute("hidden"));
} else if (forms.length > 0) say(kindOf(null));

const changed = document.getElementById("signals");
if (changed) {
  const { rpId = "", name, displayName, all = "[]" } = changed.dataset;
  void signals(rpId, JSON.parse(all), name, displayName);
}

// Kratos may reject a sign-up after the device has stored the passkey. Only Kratos knows for certain that no account
// has it, so the page does not signal the device to delete it; it tells the user.
const leftOver = document.getElementById("left-over");
if (leftOver && sessionStorage.getItem(signUpKey)) leftOver.hidden = false;
sessionStorage.removeItem(signUpKey);

const stored = sessionStorage.getItem(signInKey);
const section = document.getElementById("whose-passkey");
if (stored && document.getElementById("signed-in")) {
  void welcome(JSON.parse(stored));
  if (section) void explain(section, JSON.parse(stored));
}
// The user has signed out: forget the user handle.
if (document.body.classList.contains("login")) sessionStorage.removeItem(signInKey);
