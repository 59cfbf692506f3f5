package wellknown

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// assetLinks checks Google's Digital Asset Links as Android's Credential
// Manager reads them, and its fingerprints against rp.origins both ways.
func (c *checker) assetLinks() {
	s := c.site
	if !c.delivered(delivery{
		id: "assetlinks", severity: lint.Error, reader: "Android devices",
		needed: len(s.Keys) > 0 || len(s.Apps) > 0 || !s.Configured,
	}) {
		return
	}
	var statements []statement
	if err := json.Unmarshal(c.doc.Body, &statements); err != nil {
		c.add("assetlinks", lint.Error, "write it with oly-passkey wellknown generate assetlinks.json", "is no JSON list of statements")
		return
	}
	keys := c.loginKeys(statements)
	for _, k := range s.Keys {
		if _, ok := keys[k]; !ok {
			c.add("fingerprint-parity", lint.Error, "add the fingerprint, or drop the origin", "does not have %s, the fingerprint of %q in rp.origins", k, k.Origin())
		}
	}
	for _, app := range s.Apps {
		c.checkApp(app, keys)
	}
	if len(keys) == 0 && len(s.Keys)+len(s.Apps) > 0 {
		c.add("get-login-creds", lint.Error, "add "+relationLogin+" to the relations of the app", "has no app with the relation %q", relationLogin)
	}
}

// loginKeys answers the packages of each fingerprint that may use passkeys.
func (c *checker) loginKeys(statements []statement) map[Fingerprint][]string {
	keys := make(map[Fingerprint][]string)
	for _, st := range statements {
		if st.Target.Namespace != "android_app" || !slices.Contains(st.Relation, relationLogin) {
			continue
		}
		if !slices.Contains(st.Relation, relationURLs) {
			c.add("handle-all-urls", lint.Info, "add "+relationURLs+", as Google's own sample has it", "gives the app %q no relation %q, which some versions of Play services want for passkeys as well", st.Target.Package, relationURLs)
		}
		for _, text := range st.Target.Fingerprints {
			k, err := ParseFingerprint(text)
			if err != nil || k.String() != strings.ToUpper(text) {
				c.add("assetlinks", lint.Error, "write the SHA-256 as keytool prints it, pairs of hex digits with colons", "has the fingerprint %q of the app %q, which is none", text, st.Target.Package)
				continue
			}
			keys[k] = append(keys[k], st.Target.Package)
			if c.site.Configured && !slices.Contains(c.site.Keys, k) {
				c.add("fingerprint-parity", lint.Error, "add "+k.Origin()+" to rp.origins, or drop the fingerprint", "has the fingerprint %s of the app %q, and rp.origins does not have its origin: Android agrees and Kratos refuses", k, st.Target.Package)
			}
			if name := k.PublicKey(); name != "" {
				c.add("debug-key", lint.Warning, "drop it outside of development", "lets apps in that are signed with %s, whose private key everybody has", name)
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
		c.add("assetlinks", lint.Error, "add a statement for the app", "has no statement with %q for the app %q", relationLogin, app.Package)
		return
	}
	for _, k := range app.Keys {
		if !slices.Contains(keys[k], app.Package) {
			c.add("assetlinks", lint.Error, "add the fingerprint of the key that signed this build", "does not have the fingerprint %s for the app %q", k, app.Package)
		}
	}
}

// apple checks the part of an apple-app-site-association that passkeys need.
func (c *checker) apple() {
	s := c.site
	if !c.delivered(delivery{
		id: "apple-app-site-association", severity: lint.Error, reader: "Apple's servers",
		needed: len(s.Apple) > 0 || !s.Configured,
	}) {
		return
	}
	const id = "apple-app-site-association"
	const maxApple = 128 << 10 // Apple, "Supporting associated domains"
	if len(c.doc.Body) > maxApple {
		c.add(id, lint.Error, "shorten it", "is larger than %d bytes, which Apple does not read", maxApple)
	}
	var d appleDocument
	if err := json.Unmarshal(c.doc.Body, &d); err != nil {
		c.add(id, lint.Error, "write it with oly-passkey wellknown generate apple-app-site-association", "is not the JSON that Apple reads: %s", plainJSON(err))
		return
	}
	if d.WebCredentials == nil {
		if len(s.Apple) > 0 {
			c.add(id, lint.Error, `add "webcredentials": {"apps": ["TEAMID.bundle.id"]}`, "has no member %q, so no app may use passkeys", "webcredentials")
		}
		return
	}
	for _, app := range d.WebCredentials.Apps {
		switch {
		case !IsAppleApp(app):
			c.add(id, lint.Error, "write the ten characters of the team id, a dot, and the bundle id", "lists %q, which is no app identifier", app)
		case len(s.Apple) > 0 && !slices.Contains(s.Apple, app):
			c.add(id, lint.Warning, "drop it, unless it is an app of yours", "lets the app %q use passkeys, which was not given", app)
		}
	}
	for _, app := range s.Apple {
		if !slices.Contains(d.WebCredentials.Apps, app) {
			c.add(id, lint.Error, "add it to webcredentials.apps", "does not list the app %q", app)
		}
	}
	if page, err := webauthn.ParsePage("https://" + s.RPID); err == nil && len(s.Apple) > 0 && !lint.IsPublic(page) {
		c.add("aasa-cdn", lint.Warning, "use the entitlement webcredentials:"+s.RPID+"?mode=developer on test devices", "cannot be fetched by Apple's servers, because %q is no public name", s.RPID)
	}
}

// IsAppleApp tells whether a text is an app identifier: a team id of ten
// characters, a dot and a bundle id.
func IsAppleApp(text string) bool {
	return regexp.MustCompile(`^[A-Z0-9]{10}\.[A-Za-z0-9.-]{1,155}$`).MatchString(text)
}

// plainJSON is a decoding error without Go's type names.
func plainJSON(err error) string {
	text := strings.TrimPrefix(err.Error(), "json: ")
	if before, _, ok := strings.Cut(text, " into Go "); ok {
		return before
	}
	return text
}
