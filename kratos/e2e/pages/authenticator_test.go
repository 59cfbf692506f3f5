package pages

import (
	"github.com/chromedp/cdproto/webauthn"
)

// authenticator is a virtual one, of a tab.
type authenticator struct {
	tab  *tab
	id   webauthn.AuthenticatorID
	kept string // the id of its first credential, in hex, once asked for
}

// plugIn adds an authenticator: "internal" (this device), "usb" (a security
// key) or "cable" (a phone, by the hybrid transport).
func (p *tab) plugIn(transport webauthn.AuthenticatorTransport, change ...func(*webauthn.VirtualAuthenticatorOptions)) *authenticator {
	p.t.Helper()
	options := &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21, Transport: transport,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}
	for _, c := range change {
		c(options)
	}
	added := call(p, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: options})
	a := &authenticator{tab: p, id: added.AuthenticatorID}
	p.authenticators = append(p.authenticators, a)
	return a
}

// touch sets whether the user touches the authenticator when asked.
func (a *authenticator) touch(yes bool) {
	a.tab.t.Helper()
	call(a.tab, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: a.id, Enabled: yes})
}

func (a *authenticator) credentials() []*webauthn.Credential {
	a.tab.t.Helper()
	got := call(a.tab, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: a.id})
	return got.Credentials
}

// verifies says whether the fingerprint or PIN is the right one.
func (a *authenticator) verifies(yes bool) {
	a.tab.t.Helper()
	call(a.tab, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: a.id, IsUserVerified: yes})
}

// forget makes it lose a credential.
func (a *authenticator) forget(credentialID string) {
	a.tab.t.Helper()
	id := decode(a.tab.t, credentialID)
	call(a.tab, webauthn.RemoveCredential, webauthn.RemoveCredentialParams{AuthenticatorID: a.id, CredentialID: id})
}

// learn gives it a credential of another one: the same phone, beside another
// computer.
func (a *authenticator) learn(c *webauthn.Credential) {
	a.tab.t.Helper()
	call(a.tab, webauthn.AddCredential, webauthn.AddCredentialParams{AuthenticatorID: a.id, Credential: c})
}

// learning can be given a credential; the protocol demands this of it.
func learning(o *webauthn.VirtualAuthenticatorOptions) { o.HasCmtgKey = true }

// withoutUserVerification supports user presence but not user verification.
func withoutUserVerification(o *webauthn.VirtualAuthenticatorOptions) {
	o.HasUserVerification, o.IsUserVerified = false, false
}

// withoutResidentKeys is an older security key.
func withoutResidentKeys(o *webauthn.VirtualAuthenticatorOptions) { o.HasResidentKey = false }

// synced is a passkey manager that copies passkeys to other devices.
func synced(o *webauthn.VirtualAuthenticatorOptions) {
	o.DefaultBackupEligibility, o.DefaultBackupState = true, true
}
