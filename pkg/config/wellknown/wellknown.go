// Package wellknown generates, checks and serves the four documents under
// /.well-known/ that passkeys need, all on the host of rp.id: related origins
// (WebAuthn Level 3 §5.11), passkey-endpoints (W3C passkey-endpoints §3),
// assetlinks.json (Google Digital Asset Links) and apple-app-site-association
// (Apple, Supporting associated domains).
package wellknown

import (
	"errors"
	"fmt"
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Name is the last element of a document's path.
type Name string

// The documents.
const (
	RelatedOrigins   Name = "webauthn"
	PasskeyEndpoints Name = "passkey-endpoints"
	AssetLinks       Name = "assetlinks.json"
	AppleAssociation Name = "apple-app-site-association"
)

// Names returns the names of all documents.
func Names() []Name { return []Name{RelatedOrigins, PasskeyEndpoints, AssetLinks, AppleAssociation} }

// ParseName parses the name of a document.
func ParseName(s string) (Name, error) {
	if n := Name(s); slices.Contains(Names(), n) {
		return n, nil
	}
	return "", fmt.Errorf("unknown document %q; use webauthn, passkey-endpoints, assetlinks.json or apple-app-site-association", s)
}

// Path returns the path of a document on the host of rp.id.
func (n Name) Path() string { return "/.well-known/" + string(n) }

// Site is the content of a relying party's documents.
type Site struct {
	RPID string
	// Origins are the web origins that Kratos accepts. Configured reports whether
	// they are known, so that documents can be compared with them.
	Origins    []string
	Configured bool
	// Keys are the fingerprints of the Android apps that Kratos accepts.
	Keys []Fingerprint
	Apps []AndroidApp
	// Apple are the apps' identifiers, TEAMID.bundle.id.
	Apple          []string
	Enroll, Manage string // URLs, "" if there are none
}

// AndroidApp is an app with the fingerprints of its signing certificates.
type AndroidApp struct {
	Package string // com.example.app
	Keys    []Fingerprint
}

// FromConfig returns the site of a configuration: rp.id and origins of the passkey
// method or, if that is disabled, of webauthn, and the settings page, on which
// users add and manage passkeys.
func FromConfig(pass *passkeys.Config) (*Site, error) {
	methods := pass.Enabled()
	if len(methods) == 0 {
		return nil, errors.New("neither passkey nor webauthn is enabled in this configuration")
	}
	m := methods[0]
	if m.Unsure() || m.OriginsUnsure() {
		return nil, fmt.Errorf("%s: rp.id or the origins depend on a template; pass the rendered file", m.ID.Place())
	}
	if m.ID.Text() == "" {
		return nil, fmt.Errorf("%s: method %q has no rp.id", m.RP.Place(), m.Name)
	}
	if passkeys.CheckRPID(m.ID.Text()) != passkeys.RPIDOK {
		return nil, fmt.Errorf("%s: rp.id %q is not a bare domain; see oly-passkey lint", m.ID.Place(), m.ID.Text())
	}
	s := &Site{RPID: m.ID.Text(), Configured: true}
	for _, o := range m.Origins {
		if key, err := ParseOrigin(o.Text); err == nil {
			s.Keys = append(s.Keys, key)
		} else if o.Known && o.IsWeb() {
			s.Origins = append(s.Origins, o.Page.Origin())
		}
	}
	settings := pass.Get("selfservice.flows.settings.ui_url")
	if page, err := webauthn.ParsePage(settings.Text()); err == nil && page.Scheme == "https" && !settings.Unknown() {
		s.Enroll, s.Manage = settings.Text(), settings.Text()
	}
	return s, nil
}

// Related returns the origins that browsers only accept if rp.id's host lists them.
func (s *Site) Related() []string {
	var out []string
	for _, o := range s.Origins {
		page, err := webauthn.ParsePage(o)
		if err != nil || page.Scheme != "https" || page.IP.IsValid() {
			continue
		}
		if !webauthn.Browser(page, &s.RPID, nil).OK && !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}
