package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/upgrade"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// cookies checks that browsers send the flow's cookies back from the page.
var cookies = check{"cookies", func(_ context.Context, v *visit) outcome {
	if v.login == nil {
		return v.noFlow()
	}
	kratos := v.loginAnswer.url
	var problems []Problem
	for _, c := range v.loginAnswer.cookies {
		if why, help := v.cookieFault(c, kratos); why != "" {
			name, _, _ := strings.Cut(c.Name, "_") // the rest of csrf_token_… is a hash
			problems = append(problems, problem(finding.Warning, kratos.Redacted(), help, "the cookie %q %s", name+"_…", why))
		}
	}
	return verdict(problems)
}}

func (v *visit) cookieFault(c *http.Cookie, kratos *url.URL) (why, help string) {
	host, page := kratos.Hostname(), v.page.Host
	domain := strings.TrimPrefix(strings.ToLower(c.Domain), ".")
	covers := func(h string) bool { return h == domain || strings.HasSuffix(h, "."+domain) }
	switch {
	case kratos.Scheme == "https" && !c.Secure:
		return "has no Secure attribute", "run Kratos without --dev, with an https base_url"
	case c.SameSite == http.SameSiteNoneMode && !c.Secure:
		return "has SameSite=None without Secure, so browsers drop it", "set cookies.same_site to Lax"
	case c.SameSite != http.SameSiteNoneMode && webauthn.RegistrableDomain(host) != webauthn.RegistrableDomain(page):
		return fmt.Sprintf("belongs to %q, which is not the same site as the page's %q, so browsers do not send it from there", host, page), "put Kratos' public API on the page's domain"
	case domain != "" && !covers(host):
		return fmt.Sprintf("has the domain %q, so browsers do not accept it from %q", domain, host), "set cookies.domain to a parent domain of Kratos' and the page's host"
	case domain == "" && host != page && len(v.forms()) > 0:
		return fmt.Sprintf("belongs to %q only, so the page's server at %q does not receive it", host, page), "set cookies.domain to a parent domain of both hosts"
	case domain != "" && !covers(page):
		return fmt.Sprintf("has the domain %q, which does not cover the page's host %q", domain, page), "set cookies.domain to a parent domain of both hosts"
	}
	return "", ""
}

func (v *visit) forms() []*url.URL {
	if v.doc == nil {
		return nil
	}
	return v.doc.forms
}

// corsPreflight checks CORS for pages whose scripts fetch flows from another
// origin.
var corsPreflight = check{"cors", func(ctx context.Context, v *visit) outcome {
	origin := v.page.Origin()
	kratos, err := parseURL(v.kratos)
	switch {
	case err != nil || v.login == nil:
		return v.noFlow()
	case originOf(kratos) == origin:
		return notApplicable("the page and Kratos have the same origin")
	case v.doc == nil:
		return v.noPage()
	case len(v.forms()) > 0 && v.configured("serve.public.cors.enabled") != "true":
		return notApplicable("the page posts forms")
	}
	a, err := v.client.once(ctx, http.MethodOptions, v.kratos+"/self-service/login/flows", http.Header{
		"Origin": {origin}, "Access-Control-Request-Method": {http.MethodGet}, "Access-Control-Request-Headers": {"content-type"},
	})
	const help = "list the page's origin in serve.public.cors.allowed_origins, with allow_credentials: true"
	switch {
	case err != nil:
		return notRun("%s", err)
	case a.header.Get("Access-Control-Allow-Origin") != origin:
		return failed(finding.Warning, v.kratos, help, "Kratos blocks scripts from %q: Access-Control-Allow-Origin is %q", origin, a.header.Get("Access-Control-Allow-Origin"))
	case a.header.Get("Access-Control-Allow-Credentials") != "true":
		return failed(finding.Warning, v.kratos, help, "Kratos allows scripts from %q only without cookies: Access-Control-Allow-Credentials is missing", origin)
	}
	return verdict(nil)
}}

// adminExposed looks for the admin API on the public hosts without reading user
// data: it requests the version, and a list with an invalid page token.
var adminExposed = check{"admin-api", func(ctx context.Context, v *visit) outcome {
	if v.page.IsLocalhost() {
		return notApplicable(atLocalhost)
	}
	var mu sync.Mutex
	var open []string
	var wait sync.WaitGroup
	for _, base := range v.adminCandidates() {
		wait.Go(func() {
			if v.isAdmin(ctx, base) {
				mu.Lock()
				defer mu.Unlock()
				open = append(open, base)
			}
		})
	}
	wait.Wait()
	slices.Sort(open)
	var problems []Problem
	for _, base := range open {
		problems = append(problems, problem(finding.Error, base, "do not expose the admin port to the internet: anyone who can reach it can take over every account", "Kratos' admin API is reachable here without authentication"))
	}
	return verdict(problems)
}}

// adminCandidates returns the URLs of the page's and Kratos' host, on their own
// port and on the admin port.
func (v *visit) adminCandidates() []string {
	out := []string{v.kratos}
	if u := v.asked.Scheme + "://" + v.asked.Host; u != v.kratos {
		out = append(out, u)
	}
	port := cmp.Or(v.configured("serve.admin.port"), "4434")
	hosts := []string{v.asked.Hostname()}
	if kratos, err := url.Parse(v.kratos); err == nil && kratos.Hostname() != v.asked.Hostname() {
		hosts = append(hosts, kratos.Hostname())
	}
	for _, host := range hosts {
		for _, scheme := range []string{"http", "https"} {
			out = append(out, scheme+"://"+net.JoinHostPort(host, port))
		}
	}
	return out
}

func (v *visit) isAdmin(ctx context.Context, base string) bool {
	if a, err := v.client.once(ctx, http.MethodGet, base+"/admin/version", nil); err == nil && a.status == http.StatusOK {
		var d struct {
			Version string `json:"version"`
		}
		if json.Unmarshal(a.body, &d) == nil && d.Version != "" {
			return true
		}
	}
	a, err := v.client.once(ctx, http.MethodGet, base+"/admin/identities?page_token=none", nil)
	return err == nil && a.status == http.StatusBadRequest && strings.Contains(string(a.body), "page token is invalid")
}

// kratosVersion checks for configuration that the running version does not
// support.
var kratosVersion = check{"kratos-version", func(_ context.Context, v *visit) outcome {
	if v.versionErr != nil {
		return notRun("%s", v.versionErr)
	}
	if !v.version.AtLeast(kratosconf.VersionPasskey) {
		return failed(finding.Error, v.o.AdminURL, "upgrade Kratos", "Kratos %s has no passkey method; it was added in %s", v.version, kratosconf.VersionPasskey)
	}
	if v.config == nil {
		return verdict(nil)
	}
	differences, err := upgrade.Check(v.o.Files, v.o.Lint, v.config.Version, v.version)
	if err != nil {
		return notRun("%s", err)
	}
	var problems []Problem
	for _, f := range differences {
		if f.Severity == finding.Error {
			problems = append(problems, Problem{ID: f.Rule, Severity: f.Severity, Subject: f.Span.String(), Help: f.Help, Message: "with Kratos " + v.version.String() + ": " + f.Message})
		}
	}
	return verdict(problems)
}}
