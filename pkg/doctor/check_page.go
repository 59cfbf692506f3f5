package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// pageReachable checks that the page responds. An untrusted certificate is left to
// tlsCertificate.
var pageReachable = check{"page", func(_ context.Context, v *visit) outcome {
	switch {
	case isCertificate(v.pageErr):
		return notRun("the page's certificate is not trusted")
	case v.pageErr != nil:
		return failed(finding.Error, v.asked.String(), "start the page's server, or connect to another address with --resolve", "the page does not respond: %s", v.pageErr)
	case v.html.status != http.StatusOK:
		return failed(finding.Error, v.asked.String(), "pass the URL of the sign-in page", "the page responds with status %d", v.html.status)
	}
	return verdict(nil)
}}

// minLifetime is the remaining lifetime from which a certificate is fine.
const minLifetime = 14 * 24 * time.Hour

// tlsCertificate checks chain, name and expiry of the page's and Kratos'
// certificates. Without a secure context there is no navigator.credentials.
var tlsCertificate = check{"tls", func(_ context.Context, v *visit) outcome {
	if v.page.IsLocalhost() {
		return notApplicable(atLocalhost)
	}
	var problems []Problem
	for _, one := range []struct {
		where string
		a     *answer
		err   error
	}{{v.asked.String(), v.html, v.pageErr}, {v.kratos, v.loginAnswer, v.loginErr}} {
		problems = append(problems, certificateProblems(one.where, one.a, one.err, v.o.Now())...)
	}
	if len(problems) == 2 && problems[0].Message == problems[1].Message {
		problems = problems[:1] // probably the same host
	}
	return verdict(problems)
}}

func certificateProblems(where string, a *answer, err error, now time.Time) []Problem {
	const help = "renew the certificate; passkeys do not work if the browser does not trust it"
	if isCertificate(err) {
		return []Problem{problem(finding.Error, where, help, "the certificate is not trusted: %s", certificateFault(err))}
	}
	if a == nil || a.tls == nil {
		return nil
	}
	ends := a.tls.PeerCertificates[0].NotAfter
	for _, c := range a.tls.PeerCertificates {
		if c.NotAfter.Before(ends) {
			ends = c.NotAfter
		}
	}
	if left := ends.Sub(now); left < minLifetime {
		return []Problem{problem(finding.Warning, where, "renew the certificate", "the certificate expires on %s, in %d days", ends.UTC().Format(time.DateOnly), int(left.Hours()/24))}
	}
	return nil
}

func isCertificate(err error) bool {
	var failed *tls.CertificateVerificationError
	return errors.As(err, &failed)
}

func certificateFault(err error) string {
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return "it has expired or is not valid yet: valid from " + invalid.Cert.NotBefore.UTC().Format(time.DateOnly) + " to " + invalid.Cert.NotAfter.UTC().Format(time.DateOnly)
	}
	var failed *tls.CertificateVerificationError
	if errors.As(err, &failed) {
		return failed.Err.Error()
	}
	return err.Error()
}

// strictTransport checks for HSTS: without it, an attacker can keep a user on
// http, where passkeys do not work.
var strictTransport = check{"hsts", func(_ context.Context, v *visit) outcome {
	switch {
	case v.page.IsLocalhost():
		return notApplicable(atLocalhost)
	case v.doc == nil:
		return v.noPage()
	case v.html.url.Scheme != "https":
		return notApplicable("the page is not served over https")
	}
	help := `send "Strict-Transport-Security: max-age=31536000"`
	text := v.html.header.Get("Strict-Transport-Security")
	if text == "" {
		return failed(finding.Warning, v.html.url.String(), help, "no Strict-Transport-Security header: the page can be loaded over plain http, where passkeys do not work")
	}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if seconds, err := strconv.Atoi(strings.Trim(value, `"`)); strings.EqualFold(name, "max-age") && err == nil && seconds > 0 {
			return verdict(nil)
		}
	}
	return failed(finding.Warning, v.html.url.String(), help, "browsers ignore the Strict-Transport-Security header %q", text)
}}

// uiRedirects checks where the pages redirect to, because ceremonies run on the
// origin of the last page.
var uiRedirects = check{"ui-redirects", func(ctx context.Context, v *visit) outcome {
	if v.doc == nil {
		return v.noPage()
	}
	origins := v.uiOrigins()
	var problems []Problem
	if p, ok := v.unexpected(v.asked, v.html, origins); ok {
		problems = append(problems, p)
	}
	for _, flow := range []string{"login", "registration", "settings"} {
		u, err := url.Parse(v.configured("selfservice.flows." + flow + ".ui_url"))
		if err != nil || u.Host == "" || u.String() == v.asked.String() {
			continue
		}
		a, err := v.client.get(ctx, u.String(), http.Header{"Accept": {"text/html"}})
		if err != nil {
			problems = append(problems, problem(finding.Error, u.String(), "correct the "+flow+" ui_url, or start the page's server", "the %s page does not respond: %s", flow, err))
			continue
		}
		if p, ok := v.unexpected(u, a, origins); ok {
			problems = append(problems, p)
		}
	}
	return verdict(problems)
}}

// uiOrigins returns the origins on which pages are expected.
func (v *visit) uiOrigins() []string {
	origins := []string{v.page.Origin()}
	if v.config != nil {
		for _, p := range v.config.Pages {
			if p.Known {
				origins = append(origins, p.Page.Origin())
			}
		}
	}
	return origins
}

// unexpected reports whether a page redirects to an origin other than those
// given, and the problem if it does.
func (v *visit) unexpected(from *url.URL, a *answer, origins []string) (Problem, bool) {
	end := originOf(a.url)
	if slices.Contains(origins, end) {
		return Problem{}, false
	}
	p := problem(finding.Warning, from.String(), "set the page's URL in kratos.yml to the one it redirects to, and list that origin in rp.origins", "redirects to %q, so ceremonies run on the origin %q", a.url.Redacted(), end)
	page, err := webauthn.ParsePage(a.url.String())
	if m := v.method(); err == nil && m != nil {
		id := v.site()
		if verdict := webauthn.Predict(webauthn.Query{Page: page, RPID: &id, Origins: texts(m), BaseURL: v.configured("serve.public.base_url")}); !verdict.OK {
			p.Severity, p.Message = finding.Error, p.Message+", where "+verdict.Reason
		}
	}
	return p, true
}

// texts returns the configured origins, nil if the key is missing.
func texts(m *passkeys.Method) []string {
	if m.OriginsKey == nil {
		return nil
	}
	out := []string{}
	for _, o := range m.Origins {
		out = append(out, o.Text)
	}
	return out
}
