// Makes a browser that has no passkeys in autofill: a virtual authenticator
// takes the offer at once, before any button can be pressed.
if (globalThis.PublicKeyCredential) {
  const real = PublicKeyCredential.getClientCapabilities?.bind(PublicKeyCredential);
  if (real) PublicKeyCredential.getClientCapabilities = async () => ({ ...(await real()), conditionalGet: false });
  PublicKeyCredential.isConditionalMediationAvailable = async () => false;
}
