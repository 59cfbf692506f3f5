package pages

import (
	"github.com/chromedp/cdproto/webauthn"
)

// authenticator is a virtual one, of a tab.
type authenticator struct {
	tab *tab
	id  webauthn.AuthenticatorID
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

// touch says whether somebody touches it when it asks for that.
func (a *authenticator) touch(yes bool) {
	a.tab.t.Helper()
	call(a.tab, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: a.id, Enabled: yes})
}

func (a *authenticator) credentials() []*webauthn.Credential {
	a.tab.t.Helper()
	got := call(a.tab, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: a.id})
	return got.Credentials
}

// withoutResidentKeys is an older security key.
func withoutResidentKeys(o *webauthn.VirtualAuthenticatorOptions) { o.HasResidentKey = false }

// synced is a passkey manager that copies passkeys to other devices.
func synced(o *webauthn.VirtualAuthenticatorOptions) {
	o.DefaultBackupEligibility, o.DefaultBackupState = true, true
}
