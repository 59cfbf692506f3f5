package doctor

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// scriptPath is where Kratos serves its own script.
const scriptPath = "/.well-known/ory/webauthn.js"

// webauthnScript checks status, content type and integrity of Kratos' script. A
// problem is an error only if the page loads the script.
var webauthnScript = check{"webauthn-script", func(ctx context.Context, v *visit) outcome {
	if v.login == nil {
		return v.noFlow()
	}
	n := v.login.script()
	if n == nil {
		return notApplicable("the sign-in flow has no script")
	}
	if v.elsewhere(n.Attributes.Src) {
		return notApplicable("covered by base-url")
	}
	severity := finding.Info
	if v.doc != nil && (v.doc.loads() || len(v.doc.forms) == 0) {
		severity = finding.Error
	}
	src := n.Attributes.Src
	a, err := v.client.get(ctx, src, http.Header{"Origin": {v.page.Origin()}})
	const help = "let " + scriptPath + " through to Kratos"
	switch {
	case err != nil:
		return failed(severity, src, help, "Kratos' script cannot be read: %s", err)
	case a.status != http.StatusOK:
		return failed(severity, src, help, "the request for Kratos' script returns status %d", a.status)
	}
	media, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	if !slices.Contains([]string{"text/javascript", "application/javascript", "application/x-javascript"}, media) {
		return failed(severity, src, help, "Kratos' script has the content type %q", a.header.Get("Content-Type"))
	}
	if !intact(a.body, n.Attributes.Integrity) {
		return failed(severity, src, "serve the script from this Kratos, without a copy or a change on the way, and run the same version on all its instances", "Kratos' script does not match its integrity %q, so browsers do not run it", n.Attributes.Integrity)
	}
	if allowed := a.header.Get("Access-Control-Allow-Origin"); v.needsCORS(src) && allowed != "*" && allowed != v.page.Origin() {
		return failed(finding.Error, src, "list the page's origin in serve.public.cors.allowed_origins, and enable it", "the page loads Kratos' script from another origin with integrity or crossorigin, and browsers do not run it: Access-Control-Allow-Origin is %q", allowed)
	}
	return verdict(nil)
}}

// needsCORS reports whether the page loads a script with integrity or crossorigin
// from another origin, which requires CORS headers (HTML §8.1.3.5, Subresource
// Integrity §3.3.3).
func (v *visit) needsCORS(src string) bool {
	u, err := parseURL(src)
	if err != nil || v.doc == nil || originOf(u) == v.page.Origin() {
		return false
	}
	return slices.ContainsFunc(v.doc.scripts, func(s script) bool {
		return s.src.String() == u.String() && (s.crossOrigin || s.integrity != "")
	})
}

// elsewhere reports whether a URL has the origin of a wrong base_url.
func (v *visit) elsewhere(src string) bool {
	u, err := parseURL(src)
	action, err2 := parseURL(v.login.UI.Action)
	kratos, err3 := parseURL(v.kratos)
	return errors.Join(err, err2, err3) == nil && originOf(u) == originOf(action) && originOf(u) != originOf(kratos)
}

// intact reports whether a body matches an integrity attribute (W3C Subresource
// Integrity §3.3.4).
func intact(body []byte, integrity string) bool {
	if strings.TrimSpace(integrity) == "" {
		return true
	}
	for _, one := range strings.Fields(integrity) {
		name, want, _ := strings.Cut(one, "-")
		var sum []byte
		switch name {
		case "sha256":
			s := sha256.Sum256(body)
			sum = s[:]
		case "sha384":
			s := sha512.Sum384(body)
			sum = s[:]
		case "sha512":
			s := sha512.Sum512(body)
			sum = s[:]
		}
		if base64.StdEncoding.EncodeToString(sum) == want {
			return true
		}
	}
	return false
}

// autofill checks for a field with the autofill token "webauthn" (HTML
// §4.10.18.7), for which browsers list passkeys.
var autofill = check{"autofill", func(_ context.Context, v *visit) outcome {
	switch {
	case v.doc == nil:
		return v.noPage()
	case len(v.doc.forms) == 0:
		return notRun("the page has no form before its scripts run")
	case v.login != nil && v.login.node("identifier") == nil:
		return notApplicable("the sign-in flow has no identifier field")
	}
	for _, f := range v.doc.fields {
		words := strings.Fields(f.autocomplete)
		if !f.hidden && len(words) > 1 && words[len(words)-1] == "webauthn" {
			return verdict(nil)
		}
	}
	return failed(finding.Warning, v.html.url.Redacted(), `set autocomplete="username webauthn" on the identifier field`, "no field of the page offers passkeys in autofill")
}}
