package doctor

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/explain"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
	"github.com/olympusoss/oly-passkey/pkg/doctor/ceremony"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Ceremony enables real ceremonies, which create and delete an identity: see
// package ceremony. The time limit of the checks does not apply to them.
type Ceremony struct {
	Browser  string // path of Chromium, see ceremony.Find
	Traits   ceremony.Traits
	Progress func(ceremony.Step) // may be nil
	// Anywhere allows ceremonies on hosts other than this machine.
	Anywhere bool
}

const ceremonyCheck = "ceremony"

// ceremonies runs the ceremonies, and returns one result per step.
func (v *visit) ceremonies(ctx context.Context) []Result {
	if !v.o.Ceremony.Anywhere && (!v.page.IsLocalhost() || !isLocal(v.kratos)) {
		return []Result{{Check: ceremonyCheck, Status: NotRun, Why: "the page leads to " + v.kratos + ", which is not on this machine"}}
	}
	o := ceremony.Options{
		Kratos: v.kratos, AdminURL: strings.TrimRight(v.o.AdminURL, "/"), Traits: v.o.Ceremony.Traits,
		SchemaID:  v.configured("identity.default_schema_id"),
		Browser:   ceremony.BrowserOptions{Path: v.o.Ceremony.Browser, SPKI: v.spki(ctx)},
		Transport: v.client.transport, Admin: v.client.through(v.o.Admin).transport, Progress: v.o.Ceremony.Progress,
	}
	for from, to := range v.o.Resolve {
		o.Browser.Resolve = append(o.Browser.Resolve, "MAP "+from+" "+to)
	}
	steps, err := ceremony.Run(ctx, o)
	if err != nil {
		return []Result{{Check: ceremonyCheck, Status: NotRun, Why: err.Error()}}
	}
	var out []Result
	for _, s := range steps {
		r := Result{Check: ceremonyCheck + "-" + s.Name, Status: Status(s.Status)}
		switch {
		case s.Refused != nil:
			r.Problems = []Problem{v.explained(s)}
			r.Problems[0].ID = r.Check
		case s.Status != ceremony.Passed:
			r.Why = s.Text
		}
		out = append(out, r)
	}
	return out
}

// explained returns the problem of a failed step, with its likely cause and fix.
func (v *visit) explained(s ceremony.Step) Problem {
	text := strings.Join(append([]string{s.Refused.Text}, s.Refused.Seen...), "; ")
	p := Problem{Severity: finding.Error, Subject: s.Refused.URL, Message: text}
	if u, err := url.Parse(p.Subject); err == nil {
		u.RawQuery = "" // drop the flow's id
		p.Subject = u.String()
	}
	if p.Subject == "" {
		p.Subject = v.kratos
	}
	if p.Help = s.Refused.Help; p.Help != "" {
		return p
	}
	p.Help = "check Kratos' log at that time (error_devinfo), and try the ceremony by hand"
	table, err := explain.Load()
	if err != nil {
		return p
	}
	known := v.o.Lint
	known.Domains = append(slices.Clone(known.Domains), v.page)
	answer, err := table.Explain([]byte(text), explain.Options{Files: v.o.Files, Lint: known})
	if err != nil || len(answer.Found) == 0 || len(answer.Found[0].Causes) == 0 {
		return p
	}
	cause := answer.Found[0].Causes[0]
	p.Message += "; likely cause: " + cause.Because
	if len(cause.Proof) > 0 {
		p.Message += " (" + cause.Proof[0] + ")"
	}
	p.Help = cause.Fix
	return p
}

// spki returns the public key hashes of the servers' certificates if Roots is set,
// because Chromium cannot read authorities from a file. Only certificates that are
// trusted by Roots are included.
func (v *visit) spki(ctx context.Context) []string {
	if v.o.Roots == nil {
		return nil
	}
	var out []string
	for _, host := range v.secureHosts() {
		// An untrusted certificate is reported by the check tls.
		if key, err := v.keyOf(ctx, host); err == nil && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

// secureHosts returns the https hosts that ceremonies can visit, as host:port.
func (v *visit) secureHosts() []string {
	urls := []string{v.asked.String(), v.kratos, "https://" + v.site()}
	if v.html != nil {
		urls = append(urls, v.html.url.String())
	}
	for _, flow := range []string{"login", "registration", "settings", "recovery", "verification", "error"} {
		urls = append(urls, v.configured("selfservice.flows."+flow+".ui_url"))
	}
	urls = append(urls, v.configured("selfservice.default_browser_return_url"))
	var out []string
	for _, raw := range urls {
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" {
			continue
		}
		port := u.Port()
		if port == "" {
			port = defaultPort(u.Scheme)
		}
		if host := net.JoinHostPort(u.Hostname(), port); !slices.Contains(out, host) {
			out = append(out, host)
		}
	}
	return out
}

func (v *visit) keyOf(ctx context.Context, host string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	plain, err := wellknown.NewTransport(wellknown.FetchOptions{Resolve: v.o.Resolve}).DialContext(ctx, "tcp", host)
	if err != nil {
		return "", err
	}
	defer func() { _ = plain.Close() }()
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		return "", err
	}
	secure := tls.Client(plain, &tls.Config{RootCAs: v.o.Roots, ServerName: name, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		return "", err
	}
	sum := sha256.Sum256(secure.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}
