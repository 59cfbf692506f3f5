// @ts-check
/**
 * Passkeys for Ory Kratos, in one file without dependencies.
 *
 * Every call takes a Kratos flow: the <form> with its nodes, or the flow's JSON. A form is submitted by the browser,
 * JSON is posted with fetch. A call never throws: it resolves to a Result whose `kind` says what happened.
 *
 * Options, also read from the form's data attributes (data-resident-key="required"): attachment (any | platform |
 * cross-platform), hints (best first), residentKey, userVerification, timeout (ms), and displayName, in which a
 * trait in braces is replaced with its field's value: "{traits.name} ({traits.tenant})".
 *
 * @typedef {"signed-in"|"registered"|"removed"|"cancelled"|"not-here"|"wrong-site"|"already-registered"|"unsupported"|"failed"} Kind
 * @typedef {{kind: Kind, error?: unknown, credential?: any, response?: Response}} Result
 *   `error` is the browser's error, `response` is Kratos' response to JSON
 * @typedef {{attachment?: string, hints?: string, residentKey?: string, userVerification?: string,
 *   displayName?: string, timeout?: number|string, signal?: AbortSignal}} Options
 * @typedef {HTMLFormElement | {ui: {action: string, nodes: any[]}}} Source
 * @typedef {(source: Source, options?: Options) => Promise<Result>} Call
 */

/** Signs in with a passkey or, if the flow asks for one, with a security key of the entered name. @type {Call} */
export const signIn = (source, options) => attempt("signed-in", source, options, get);

/** Offers passkeys in the autofill list of the field with autocomplete="username webauthn", until the user picks one
 * or another call replaces it. @type {Call} */
export const autofill = async (source, options) =>
  (await capabilities()).conditional
    ? attempt("signed-in", source, options, (flow, o) => get(flow, o, "conditional"))
    : { kind: "unsupported" };

/** Signs up with a passkey or a security key. @type {Call} */
export const register = (source, options) => attempt("registered", source, options, create);

/** Adds a passkey or a security key to the account of a settings flow. @type {Call} */
export const addPasskey = register;

/** Removes the credential with this id (hex, as in Kratos' node `field`).
 * @param {Source} source @param {string} id */
export const removePasskey = (source, id, field = "passkey_remove") =>
  attempt("removed", source, {}, async () => ({ fields: { [field]: id } }));

/** Tells authenticators which credentials remain and what the account is called, once per user handle.
 * Use only the sidecar's payloads: authenticators delete what a list leaves out.
 * @param {string} rpId @param {{userId: string, allAcceptedCredentialIds: string[]}[]} all
 * @param {string} [name] @param {string} [displayName] */
export async function signals(rpId, all, name, displayName = name) {
  const api = /** @type {any} */ (window.PublicKeyCredential);
  for (const one of all) {
    await api?.signalAllAcceptedCredentials?.({ rpId, ...one });
    if (name) await api?.signalCurrentUserDetails?.({ rpId, userId: one.userId, name, displayName });
  }
}

/** Returns what this browser supports: autofill, a passkey on this device, one on a phone (null: unknown). */
export async function capabilities() {
  const api = /** @type {any} */ (window.PublicKeyCredential);
  const webauthn = !!(api && navigator.credentials);
  const ask = async (name) => { try { return await api[name](); } catch { return null; } };
  const known = (webauthn && (await ask("getClientCapabilities"))) || {};
  return {
    webauthn,
    conditional: !!(known.conditionalGet ?? (webauthn && (await ask("isConditionalMediationAvailable")))),
    platform: !!(webauthn && (await ask("isUserVerifyingPlatformAuthenticatorAvailable"))),
    hybrid: known.hybridTransport ?? null,
  };
}

/** @type {{controller: AbortController, settled: Promise<void>}|null} */
let pending = null;

/** Aborts the pending request: browsers allow one at a time. */
export async function abort() {
  while (pending) {
    pending.controller.abort(new DOMException("superseded", "AbortError"));
    await pending.settled;
  }
}

/** Asks the browser, always with a timeout: create() without a platform authenticator hangs.
 * @param {"get"|"create"} verb @param {any} init @param {Options} options */
async function ask(verb, init, { signal, timeout, hints }) {
  if (hints) init.publicKey.hints = hints.split(/[ ,]+/);
  // Autofill waits for as long as the page is open.
  const limit = init.mediation ? 2 ** 31 - 1 : Number(timeout) || init.publicKey.timeout || 300000;
  do await abort(); while (pending);
  const controller = new AbortController();
  const stop = () => controller.abort(signal?.reason);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  const timer = setTimeout(() => controller.abort(new DOMException("timed out", "TimeoutError")), limit);
  const call = navigator.credentials[verb]({ ...init, signal: controller.signal });
  const mine = (pending = { controller, settled: call.then(() => {}, () => {}) });
  try {
    return await call;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    if (pending === mine) pending = null;
  }
}

/** @param {Kind} done @param {Source} source @returns {Promise<Result>} */
async function attempt(done, source, options, ceremony) {
  try {
    const flow = read(source);
    const { fields, credential } = await ceremony(flow, { ...flow.form?.dataset, ...options });
    const response = await send(flow, fields);
    return { kind: response && !response.ok ? "failed" : done, credential, response };
  } catch (error) {
    return { kind: kindOf(error), error };
  }
}

async function get({ values }, options, mediation) {
  const method = "passkey_challenge" in values ? "passkey" : "webauthn";
  const json = JSON.parse(values.passkey_challenge || values.webauthn_login_trigger).publicKey;
  if (options.userVerification) json.userVerification = options.userVerification;
  const credential = toJSON(await ask("get", { publicKey: parse("Request", json), mediation }, options));
  return { credential, fields: { method, [`${method}_login`]: JSON.stringify(credential) } };
}

async function create({ values, held }, options) {
  const method = "passkey_create_data" in values ? "passkey" : "webauthn";
  const data = JSON.parse(values.passkey_create_data || values.webauthn_register_trigger);
  const json = (data.credentialOptions || data).publicKey;
  // At sign-up Kratos does not know the account's name and sends the relying party's.
  const name = values[data.displayNameFieldName];
  if (name) json.user.name = json.user.displayName = name;
  if (options.displayName) json.user.displayName = options.displayName.replace(/{(traits\..+?)}/g, (_, field) => values[field] || "");
  if (json.user.name === json.rp.name) json.user.name = json.user.displayName;
  // Kratos up to v26.2.0 asks for "platform" (no phone, no security key) and never checks it.
  const chosen = (json.authenticatorSelection ||= {});
  delete chosen.authenticatorAttachment;
  if (options.attachment && options.attachment !== "any") chosen.authenticatorAttachment = options.attachment;
  if (options.userVerification) chosen.userVerification = options.userVerification;
  if (options.residentKey) {
    chosen.residentKey = options.residentKey;
    chosen.requireResidentKey = options.residentKey === "required";
  }
  // Kratos up to v26.2.0 excludes nothing, but its remove nodes carry the credential ids.
  const ids = (held[method] || []).map((hex) => encode(Uint8Array.from(hex.match(/../g) || [], (byte) => parseInt(byte, 16))));
  json.excludeCredentials = [...(json.excludeCredentials || []), ...ids.map((id) => ({ type: "public-key", id }))];
  if (chosen.authenticatorAttachment === "platform" && !(await capabilities()).platform) {
    throw new DOMException("no platform authenticator", "NotSupportedError");
  }
  const credential = toJSON(await ask("create", { publicKey: parse("Creation", json) }, options));
  const field = method === "passkey" && "passkey_settings_register" in values ? "passkey_settings_register" : `${method}_register`;
  return { credential, fields: { method, [field]: JSON.stringify(credential) } };
}

/** @param {Source} source */
function read(source) {
  const form = "ui" in source ? undefined : source;
  /** @type {any[]} */
  const nodes = "ui" in source ? source.ui.nodes.map((node) => node.attributes)
    : [...source.elements, ...document.querySelectorAll("[name=passkey_remove],[name=webauthn_remove]")];
  /** @type {{form: any, action: string, values: any, held: any}} */
  const flow = { form, action: "ui" in source ? source.ui.action : "", values: {}, held: {} };
  for (const { name, value } of nodes) {
    const [, method] = /^(passkey|webauthn)_remove$/.exec(name) || [];
    if (method) (flow.held[method] ||= []).push(value);
    else if (name && !(name in flow.values)) flow.values[name] = value ?? "";
  }
  return flow;
}

async function send({ form, action, values }, fields) {
  if (!form) {
    const own = Object.entries(values).filter(([name]) => /^(csrf_token|identifier|traits\..+|.+_displayname)$/.test(name));
    const body = new URLSearchParams([...own, ...Object.entries(fields)]);
    return fetch(action, { method: "POST", credentials: "include", headers: { Accept: "application/json" }, body });
  }
  for (const [name, value] of Object.entries(fields)) {
    const input = form.querySelector(`input[type=hidden][name="${name}"]`) || form.appendChild(document.createElement("input"));
    Object.assign(input, { type: "hidden", name, value });
  }
  // A button called "method" hides form.method. Later, so that the caller gets its result first.
  setTimeout(() => HTMLFormElement.prototype.submit.call(form));
}

/** @param {any} error @returns {Kind} */
export function kindOf(error) {
  if (!window.isSecureContext) return "wrong-site";
  if (!window.PublicKeyCredential || !navigator.credentials) return "unsupported";
  /** @type {Record<string, Kind>} */
  const kinds = { NotAllowed: "cancelled", Abort: "cancelled", Timeout: "cancelled", InvalidState: "already-registered",
    Security: "wrong-site", NotSupported: "not-here", Constraint: "not-here" };
  return kinds[error?.name?.slice(0, -5)] || "failed";
}

/** @param {string} text base64 of any kind */
const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const encode = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** The browser's own parser rejects padding and null. */
function parse(kind, json) {
  const api = /** @type {any} */ (window.PublicKeyCredential);
  const native = `parse${kind}OptionsFromJSON`;
  const bytes = (text) => (api[native] ? encode(decode(text)) : decode(text));
  const options = Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
  options.challenge = bytes(json.challenge);
  if (json.user) options.user = { ...json.user, id: bytes(json.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    if (options[list]) options[list] = options[list].map((c) => ({ ...c, id: bytes(c.id) }));
  }
  return api[native] ? api[native](options) : options;
}

function toJSON(credential) {
  try {
    return credential.toJSON();
  } catch { /* older browsers, and extensions that replace navigator.credentials */ }
  const { id, rawId, type, authenticatorAttachment, response } = credential;
  /** @type {any} */
  const answer = { transports: response.getTransports?.() };
  for (const key of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[key]) answer[key] = encode(response[key]);
  }
  return { id, rawId: encode(rawId), type, authenticatorAttachment, clientExtensionResults: credential.getClientExtensionResults(), response: answer };
}
