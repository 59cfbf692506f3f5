package wellknown

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// assetLinks checks Google's Digital Asset Links as Android's Credential Manager
// reads them, and compares the fingerprints with rp.origins in both directions.
func (c *checker) assetLinks() {
	s := c.site
	if !c.delivered(delivery{
		id: "assetlinks", severity: finding.Error, reader: "Android devices",
		needed: len(s.Keys) > 0 || len(s.Apps) > 0 || !s.Configured,
	}) {
		return
	}
	var statements []statement
	if err := json.Unmarshal(c.doc.Body, &statements); err != nil {
		c.add("assetlinks", finding.Error, "generate it with oly-passkey wellknown generate assetlinks.json", "is not a JSON list of statements")
		return
	}
	keys := c.loginKeys(statements)
	for _, k := range s.Keys {
		if _, ok := keys[k]; !ok {
			c.add("fingerprint-parity", finding.Error, "add the fingerprint, or drop the origin", "does not have %s, the fingerprint of %q in rp.origins", k, k.Origin())
		}
	}
	for _, app := range s.Apps {
		c.checkApp(app, keys)
	}
	if len(keys) == 0 && len(s.Keys)+len(s.Apps) > 0 {
		c.add("get-login-creds", finding.Error, "add "+relationLogin+" to the relations of the app", "has no app with the relation %q", relationLogin)
	}
}

// loginKeys returns the packages that can use passkeys, by fingerprint.
func (c *checker) loginKeys(statements []statement) map[Fingerprint][]string {
	keys := make(map[Fingerprint][]string)
	for _, st := range statements {
		if st.Target.Namespace != "android_app" || !slices.Contains(st.Relation, relationLogin) {
			continue
		}
		if !slices.Contains(st.Relation, relationURLs) {
			c.add("handle-all-urls", finding.Info, "add "+relationURLs+", as in Google's own sample", "does not give the app %q the relation %q, which some versions of Play services also require for passkeys", st.Target.Package, relationURLs)
		}
		for _, text := range st.Target.Fingerprints {
			k, err := ParseFingerprint(text)
			if err != nil || k.String() != strings.ToUpper(text) {
				c.add("assetlinks", finding.Error, "write the SHA-256 as keytool prints it, pairs of hex digits with colons", "has an invalid fingerprint %q for the app %q", text, st.Target.Package)
				continue
			}
			keys[k] = append(keys[k], st.Target.Package)
			if c.site.Configured && !slices.Contains(c.site.Keys, k) {
				c.add("fingerprint-parity", finding.Error, "add "+k.Origin()+" to rp.origins, or drop the fingerprint", "has the fingerprint %s for the app %q, but rp.origins lacks its origin: Android accepts the app and Kratos rejects it", k, st.Target.Package)
			}
			if name := k.PublicKey(); name != "" {
				c.add("debug-key", finding.Warning, "remove it outside development", "allows apps that are signed with %s, whose private key is public", name)
			}
		}
	}
	return keys
}

func (c *checker) checkApp(app AndroidApp, keys map[Fingerprint][]string) {
	found := false
	for _, packages := range keys {
		found = found || slices.Contains(packages, app.Package)
	}
	if !found {
		c.add("assetlinks", finding.Error, "add a statement for the app", "has no statement with %q for the app %q", relationLogin, app.Package)
		return
	}
	for _, k := range app.Keys {
		if !slices.Contains(keys[k], app.Package) {
			c.add("assetlinks", finding.Error, "add the fingerprint of the key that signed this build", "does not have the fingerprint %s for the app %q", k, app.Package)
		}
	}
}

// apple checks the part of apple-app-site-association that is about passkeys.
func (c *checker) apple() {
	s := c.site
	if !c.delivered(delivery{
		id: "apple-app-site-association", severity: finding.Error, reader: "Apple's servers",
		needed: len(s.Apple) > 0 || !s.Configured,
	}) {
		return
	}
	const id = "apple-app-site-association"
	const maxApple = 128 << 10 // Apple, "Supporting associated domains"
	if len(c.doc.Body) > maxApple {
		c.add(id, finding.Error, "shorten it", "is larger than %d bytes, the most that Apple reads", maxApple)
	}
	var d appleDocument
	if err := json.Unmarshal(c.doc.Body, &d); err != nil {
		c.add(id, finding.Error, "generate it with oly-passkey wellknown generate apple-app-site-association", "is not JSON in the form that Apple reads: %s", plainJSON(err))
		return
	}
	if d.WebCredentials == nil {
		if len(s.Apple) > 0 {
			c.add(id, finding.Error, `add "webcredentials": {"apps": ["TEAMID.bundle.id"]}`, "has no member %q, so no app can use passkeys", "webcredentials")
		}
		return
	}
	for _, app := range d.WebCredentials.Apps {
		switch {
		case !IsAppleApp(app):
			c.add(id, finding.Error, "write the ten-character team id, a dot and the bundle id", "lists %q, which is not an app identifier", app)
		case len(s.Apple) > 0 && !slices.Contains(s.Apple, app):
			c.add(id, finding.Warning, "remove it, or pass it with --apple-app if it is yours", "allows the app %q, which is not one of the given apps", app)
		}
	}
	for _, app := range s.Apple {
		if !slices.Contains(d.WebCredentials.Apps, app) {
			c.add(id, finding.Error, "add it to webcredentials.apps", "does not list the app %q", app)
		}
	}
	if page, err := webauthn.ParsePage("https://" + s.RPID); err == nil && len(s.Apple) > 0 && !passkeys.IsPublic(page) {
		c.add("aasa-cdn", finding.Warning, "use the entitlement webcredentials:"+s.RPID+"?mode=developer on test devices", "cannot be fetched by Apple's servers, because %q is not a public name", s.RPID)
	}
}

// IsAppleApp reports whether a text is an app identifier: a team id of ten
// characters, a dot and a bundle id.
func IsAppleApp(text string) bool {
	return regexp.MustCompile(`^[A-Z0-9]{10}\.[A-Za-z0-9.-]{1,155}$`).MatchString(text)
}

// plainJSON returns a decoding error without Go's type names.
func plainJSON(err error) string {
	text := strings.TrimPrefix(err.Error(), "json: ")
	if before, _, ok := strings.Cut(text, " into Go "); ok {
		return before
	}
	return text
}
