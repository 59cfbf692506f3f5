// Runs before the scripts of a page, and records what only the page can observe:
// calls of navigator.credentials and their results, scripts that the content
// security policy blocked, and scripts that did not load or threw an error.
(() => {
  const key = "oly-passkey-doctor";
  const note = (entry) => {
    try {
      sessionStorage.setItem(key, JSON.stringify([...JSON.parse(sessionStorage.getItem(key) || "[]"), { ...entry, at: Date.now() }]));
    } catch { /* no storage, as on the browser's own error pages */ }
  };
  document.addEventListener("securitypolicyviolation", (e) => e.violatedDirective.startsWith("script-src") &&
    note({ refused: e.blockedURI, trouble: `refused to load the script ${e.blockedURI}: the Content Security Policy has ${e.violatedDirective}` }));
  addEventListener("error", (e) => {
    const src = e.target?.src;
    if (e.message) note({ trouble: `a script of the page failed: ${e.message}` });
    else if (src && e.target.tagName === "SCRIPT") note({ missing: src, trouble: `the script ${src} did not load` });
  }, true);
  if (!globalThis.CredentialsContainer) return;
  for (const verb of ["create", "get"]) {
    const real = CredentialsContainer.prototype[verb];
    CredentialsContainer.prototype[verb] = async function (options) {
      const mediation = options?.mediation || "";
      const user = options?.publicKey?.user?.id;
      note({ call: verb, mediation, handle: user ? Array.from(new Uint8Array(user.buffer || user), (b) => b.toString(16).padStart(2, "0")).join("") : "" });
      try {
        const credential = await real.call(this, options);
        note({ call: verb, mediation, id: credential?.id || "none" });
        return credential;
      } catch (error) {
        note({ call: verb, mediation, error: `${error.name}: ${error.message}` });
        throw error;
      }
    };
  }
})();
