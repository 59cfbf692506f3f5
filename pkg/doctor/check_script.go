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

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// scriptPath is where Kratos serves its own script.
const scriptPath = "/.well-known/ory/webauthn.js"

// webauthnScript: 200, JavaScript, and the very bytes that the node promises.
// It matters most to a page that loads it.
var webauthnScript = check{"webauthn-script", func(ctx context.Context, v *visit) outcome {
	if v.login == nil {
		return v.noFlow()
	}
	n := v.login.script()
	if n == nil {
		return na("the sign-in flow has no script")
	}
	if v.elsewhere(n.Attributes.Src) {
		return na("a matter of base-url")
	}
	severity := lint.Info
	if v.doc != nil && (v.doc.loads() || len(v.doc.forms) == 0) {
		severity = lint.Error
	}
	src := n.Attributes.Src
	a, err := v.client.get(ctx, src, http.Header{"Origin": {v.page.Origin()}})
	const help = "let " + scriptPath + " through to Kratos"
	switch {
	case err != nil:
		return found(severity, src, help, "Kratos' script cannot be read: %s", err)
	case a.status != http.StatusOK:
		return found(severity, src, help, "Kratos' script answers with status %d", a.status)
	}
	media, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	if !slices.Contains([]string{"text/javascript", "application/javascript", "application/x-javascript"}, media) {
		return found(severity, src, help, "Kratos' script has the content type %q", a.header.Get("Content-Type"))
	}
	if !intact(a.body, n.Attributes.Integrity) {
		return found(severity, src, "serve the script of this very Kratos: no copy, no change on the way, and one version behind the load balancer", "Kratos' script is not the one that its integrity %q stands for, so browsers do not run it", n.Attributes.Integrity)
	}
	if allowed := a.header.Get("Access-Control-Allow-Origin"); v.needsCORS(src) && allowed != "*" && allowed != v.page.Origin() {
		return found(lint.Error, src, "list the page's origin in serve.public.cors.allowed_origins, and enable it", "the page loads Kratos' script with integrity or crossorigin from another origin, and browsers do not run it: Access-Control-Allow-Origin is %q", allowed)
	}
	return verdict(nil)
}}

// needsCORS tells whether the page loads a script in a way for which its server
// has to name the page's origin (HTML §8.1.3.5, Subresource Integrity §3.3.3).
func (v *visit) needsCORS(src string) bool {
	u, err := parseURL(src)
	if err != nil || v.doc == nil || originOf(u) == v.page.Origin() {
		return false
	}
	return slices.ContainsFunc(v.doc.scripts, func(s script) bool {
		return s.src.String() == u.String() && (s.crossOrigin || s.integrity != "")
	})
}

// elsewhere tells whether a URL is where Kratos wrongly believes itself to be.
func (v *visit) elsewhere(src string) bool {
	u, err := parseURL(src)
	action, err2 := parseURL(v.login.UI.Action)
	kratos, err3 := parseURL(v.kratos)
	return errors.Join(err, err2, err3) == nil && originOf(u) == originOf(action) && originOf(u) != originOf(kratos)
}

// intact compares a body with an integrity attribute (W3C Subresource
// Integrity §3.3.4), in the hashes that Kratos and pages use.
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

// autofill: browsers list passkeys below a field that asks for them (HTML
// §4.10.18.7, "webauthn").
var autofill = check{"autofill", func(_ context.Context, v *visit) outcome {
	switch {
	case v.doc == nil:
		return v.noPage()
	case len(v.doc.forms) == 0:
		return notRun("the page has no form before its scripts run")
	case v.login != nil && v.login.node("identifier") == nil:
		return na("the sign-in flow asks for no name")
	}
	for _, f := range v.doc.fields {
		words := strings.Fields(f.autocomplete)
		if !f.hidden && len(words) > 1 && words[len(words)-1] == "webauthn" {
			return verdict(nil)
		}
	}
	return found(lint.Warning, v.html.url.Redacted(), `write autocomplete="username webauthn" at the identifier's field`, "no field of the page asks for passkeys in autofill")
}}
