// Disables passkeys in autofill, because a virtual authenticator accepts them
// immediately, before a button can be clicked.
if (globalThis.PublicKeyCredential) {
  const real = PublicKeyCredential.getClientCapabilities?.bind(PublicKeyCredential);
  if (real) PublicKeyCredential.getClientCapabilities = async () => ({ ...(await real()), conditionalGet: false });
  PublicKeyCredential.isConditionalMediationAvailable = async () => false;
}
