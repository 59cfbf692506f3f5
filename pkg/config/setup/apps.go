package setup

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/api"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
)

// apps are mobile apps that use passkeys of the relying party: Kratos expects the
// origin of an Android app, and both systems read a document on rp.id's host.
func (o Options) apps(s *site) error {
	for _, text := range o.AndroidApps {
		name, fingerprint, given := strings.Cut(text, "=")
		if !strings.Contains(name, ".") || strings.ContainsAny(name, " :/") {
			return optionf("--android-app", "%q does not begin with a package name, such as com.example.app", text)
		}
		if !given {
			return optionf("--android-app", "%q has no fingerprint; add = and the SHA-256 of the signing certificate, as keytool -list -v shows it", text)
		}
		key, err := wellknown.ParseFingerprint(fingerprint)
		if err != nil {
			return optionf("--android-app", "%q: %s", text, err)
		}
		s.Apps.Apps = append(s.Apps.Apps, wellknown.AndroidApp{Package: name, Keys: []wellknown.Fingerprint{key}})
		s.Apps.Keys = append(s.Apps.Keys, key)
		if origin := key.Origin(); !slices.Contains(s.AppOrigins, origin) {
			s.AppOrigins = append(s.AppOrigins, origin)
		}
	}
	for _, id := range o.AppleApps {
		if !wellknown.IsAppleApp(id) {
			return optionf("--apple-app", "%q is not the ten characters of a team id, a dot and a bundle id", id)
		}
		s.Apps.Apple = append(s.Apps.Apple, id)
	}
	if s.Local && len(o.AndroidApps)+len(o.AppleApps) > 0 {
		return optionf("--domain", "%q is not a name that a phone can resolve; apps need a public one", o.Domain)
	}
	return nil
}

// HasApps reports whether mobile apps use the passkeys.
func (s site) HasApps() bool { return len(s.Apps.Apps)+len(s.Apps.Apple) > 0 }

// versionApps is the first Kratos whose API flows, which apps use, know passkeys
// (39c341b92).
const versionApps = "v26.2.0"

func (o Options) kratos(s *site) error {
	v, err := kratosconf.ParseVersion(cmp.Or(o.Kratos, api.DefaultKratosVersion))
	switch {
	case err != nil:
		return optionf("--kratos-version", "%s", err)
	case !v.AtLeast(kratosconf.VersionPasskey):
		return optionf("--kratos-version", "%s has no passkey method, which came with %s", v, kratosconf.VersionPasskey)
	}
	if needed, err := kratosconf.ParseVersion(versionApps); err == nil && len(o.AndroidApps)+len(o.AppleApps) > 0 && !v.AtLeast(needed) {
		return optionf("--kratos-version", "%s shows no passkeys to apps; they came with %s", v, needed)
	}
	s.Kratos = v
	return nil
}

// Policy reports whether the configuration of this Kratos can restrict which
// authenticators may register.
func (s site) Policy() bool { return s.Kratos.AtLeast(kratosconf.VersionPolicy) }

// instance names one of several Kratos on the same domain, so that their cookies
// differ.
func (o Options) instance(s *site) error {
	if strings.ContainsFunc(o.Instance, notInLabel) {
		return optionf("--instance", "%q has more than small letters, digits and hyphens", o.Instance)
	}
	s.Instance, s.Closed, s.UI = o.Instance, o.Closed, o.UI
	if o.Closed && o.SignUp == PasskeyFirst {
		return optionf("--sign-up", "%s cannot be combined with closed registration", o.SignUp)
	}
	return nil
}

// relatedDocument returns the content of https://<rp.id>/.well-known/webauthn.
func (s site) relatedDocument() []byte {
	b, _ := json.Marshal(map[string][]string{"origins": s.OtherSites}) // texts can always be written
	return b
}

// wellKnown are the documents under /.well-known/ on rp.id's host that other
// sites and apps need.
func (s site) wellKnown() ([]File, error) {
	if len(s.OtherSites) == 0 && !s.HasApps() {
		return nil, nil
	}
	doc := s.Apps
	doc.RPID, doc.Origins, doc.Configured = s.RPID, append([]string{s.Origin}, s.MoreOrigins...), true
	doc.Enroll, doc.Manage = s.UIURL+"/settings", s.UIURL+"/settings"
	var files []File
	for _, name := range wellknown.Names() {
		content, err := wellknown.Generate(name, &doc)
		if errors.Is(err, wellknown.ErrNothing) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("document %s: %w", name, err)
		}
		files = append(files, File{Path: strings.TrimPrefix(name.Path(), "/"), Mode: public, Content: content})
	}
	return files, nil
}
