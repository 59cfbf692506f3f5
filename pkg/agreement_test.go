package pkg_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/matrix"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// drawn is a configuration made of parts as users write them, right and wrong.
type drawn struct {
	base, ui, rpID string
	origins        []string // nil: not configured
	methods        []string
	related        *webauthn.Document
}

// The hosts share registrable domains, suffixes and spellings.
var (
	hosts   = []string{"auth.example.com", "example.com", "app.example.com", "a.b.example.co.uk", "example.co.uk", "co.uk", "shop.github.io", "github.io", "login.xn--bcher-kva.de", "localhost", "app.localhost", "127.0.0.1", "intranet", "example.org"}
	ports   = []string{"", "", "", ":8443", ":443", ":4455"}
	schemes = []string{"https://", "https://", "https://", "http://"}
	// How users turn a host into an rp.id and an origin.
	rpIDs   = []func(string) string{same, same, same, same, parent, parent, strings.ToUpper, with("https://", ""), with("", ":443"), with("", "."), with("*.", ""), with("", "/login")}
	origins = []func(string) string{same, same, same, same, with("", "/"), with("", "/login"), strings.ToUpper, with("", ":443"), with(" ", ""), withoutScheme, with("", "?x=1")}
)

func same(s string) string { return s }

func parent(s string) string { _, rest, _ := strings.Cut(s, "."); return rest }

func with(before, after string) func(string) string {
	return func(s string) string { return before + s + after }
}

func withoutScheme(s string) string {
	return strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func draw(r *rand.Rand) drawn {
	host := pick(r, hosts)
	page := pick(r, schemes) + host + pick(r, ports)
	d := drawn{base: page + "/", ui: page, rpID: pick(r, rpIDs)(host)}
	if r.IntN(4) == 0 {
		d.rpID = pick(r, hosts)
	}
	if r.IntN(4) == 0 {
		d.base = pick(r, schemes) + pick(r, hosts) + pick(r, ports) + "/"
	}
	if r.IntN(5) > 0 {
		d.origins = []string{}
		for range r.IntN(3) {
			d.origins = append(d.origins, pick(r, origins)(pick(r, schemes)+pick(r, hosts)+pick(r, ports)))
		}
		d.origins = append(d.origins, pick(r, origins)(page))
	}
	d.methods = [][]string{{"passkey"}, {"webauthn"}, {"passkey", "webauthn"}}[r.IntN(3)]
	if r.IntN(3) == 0 && !strings.HasSuffix(d.rpID, "localhost") { // no related origins document on localhost
		listed := []string{"https://app.example.com", page}[:1+r.IntN(2)]
		d.related = &webauthn.Document{Status: 200, ContentType: "application/json", Body: fmt.Appendf(nil, `{"origins":["%s"]}`, strings.Join(listed, `","`))}
	}
	return d
}

const traits = `{"type":"object","properties":{"traits":{"type":"object","required":["email"],"properties":{"email":{"type":"string","format":"email","title":"E-mail","ory.sh/kratos":{"credentials":{"webauthn":{"identifier":true},"passkey":{"display_name":true},"code":{"identifier":true,"via":"email"}},"verification":{"via":"email"},"recovery":{"via":"email"}}}}}}}`

// yaml is a kratos.yml with nothing wrong in it but what was drawn.
func (d drawn) yaml() string {
	var b strings.Builder
	fmt.Fprintf(&b, "serve: {public: {base_url: %q}}\nselfservice:\n  default_browser_return_url: %q\n  flows:\n", d.base, d.ui+"/")
	for _, flow := range []string{"login", "settings", "recovery", "verification", "error"} {
		enabled := ""
		if flow == "recovery" || flow == "verification" {
			enabled = "enabled: true, use: code, "
		}
		fmt.Fprintf(&b, "    %s: {%sui_url: %q}\n", flow, enabled, d.ui+"/"+flow)
	}
	fmt.Fprintf(&b, "    registration: {ui_url: %q, after: {passkey: {hooks: [{hook: session}]}, webauthn: {hooks: [{hook: session}]}}}\n", d.ui+"/registration")
	b.WriteString("  methods:\n    password: {enabled: false}\n    code: {enabled: true, passwordless_enabled: true}\n")
	for _, method := range d.methods {
		fmt.Fprintf(&b, "    %s:\n      enabled: true\n      config:\n", method)
		if method == "webauthn" {
			b.WriteString("        passwordless: true\n")
		}
		fmt.Fprintf(&b, "        rp:\n          id: %q\n          display_name: Example\n", d.rpID)
		if d.origins != nil {
			fmt.Fprintf(&b, "          origins: [%s]\n", quoted(d.origins))
		}
	}
	fmt.Fprintf(&b, "identity:\n  default_schema_id: default\n  schemas: [{id: default, url: %q}]\n", "base64://"+base64.StdEncoding.EncodeToString([]byte(traits)))
	return b.String()
}

func quoted(texts []string) string {
	out := make([]string, len(texts))
	for n, s := range texts {
		out[n] = fmt.Sprintf("%q", s)
	}
	return strings.Join(out, ", ")
}

func (d drawn) options() lint.Options {
	return lint.Options{
		Profile: passkeys.ProfileDev, // about ceremonies, and not about what production asks for
		Schemas: kratosconf.SchemaOptions{Read: func(string) (*source.File, error) { return nil, os.ErrNotExist }},
		Related: d.related,
	}
}

// drawings are how many configurations a test draws.
func drawings() uint64 {
	if os.Getenv("OLY_PASSKEY_PROOF") != "" {
		return 100_000
	}
	return 2000
}

// plain reports whether rp.id and every origin have the form that browsers use. Lint
// reports any other origin as one that matches nothing, even beside one that does,
// and any other rp.id as one that needs a related origins document.
func (d drawn) plain() bool {
	if passkeys.CheckRPID(d.rpID) != passkeys.RPIDOK {
		return false
	}
	for _, o := range d.origins {
		if page, err := webauthn.ParsePage(o); err != nil || page.Origin() != o {
			return false
		}
	}
	return true
}

// TestAgreement: for any configuration matrix agrees with predict, and lint has an
// error for each page on which a ceremony fails and none if all of them work.
func TestAgreement(t *testing.T) {
	works, fails := 0, 0
	for seed := range drawings() {
		d := draw(rand.New(rand.NewPCG(seed, 0)))
		text := d.yaml()
		files := []*source.File{source.New("kratos.yml", []byte(text))}
		found, err := lint.Check(files, d.options(), rules.All())
		require.NoError(t, err)
		pagesWork, allWork := true, true
		for _, row := range rows(t, d, text) {
			page, err := webauthn.ParsePage(row.Origin)
			require.NoError(t, err)
			id := row.RPID
			said := webauthn.Predict(webauthn.Query{Page: page, RPID: &id, Origins: d.origins, BaseURL: d.base, Related: d.related})
			require.Equal(t, said.OK, row.OK(), "seed %d: %s on %s: %s\n%s", seed, row.Method, row.Origin, said.Reason, text)
			allWork = allWork && row.OK()
			pagesWork = pagesWork && (row.OK() || row.Where == "rp.origins")
		}
		failing := errorsIn(found)
		if !pagesWork {
			fails++
			require.NotEmpty(t, failing, "seed %d: a page fails, and lint says nothing of it\n%s", seed, text)
		}
		if allWork && d.plain() {
			works++
			require.Empty(t, failing, "seed %d: all pages work, and lint objects\n%s", seed, text)
		}
	}
	require.Greater(t, works, int(drawings()/40))
	require.Greater(t, fails, int(drawings()/20))
}

// TestFixesKeepWhatWorks: a fix and a proposal never break a ceremony that
// works, and there is nothing left to fix behind them.
func TestFixesKeepWhatWorks(t *testing.T) {
	changed := 0
	for seed := range drawings() / 10 {
		d := draw(rand.New(rand.NewPCG(seed, 1)))
		before := d.yaml()
		for _, suggested := range []bool{false, true} {
			fixed, err := lint.Fix([]*source.File{source.New("kratos.yml", []byte(before))}, d.options(), rules.All(), suggested)
			require.NoError(t, err, "seed %d\n%s", seed, before)
			if len(fixed.Changed) == 0 {
				continue
			}
			changed++
			after := string(fixed.Changed[0].After)
			now := rows(t, d, after)
			for _, row := range rows(t, d, before) {
				if !row.OK() || row.Where == "rp.origins" {
					continue
				}
				at := slices.IndexFunc(now, func(r matrix.Row) bool { return r.Origin == row.Origin && r.Method == row.Method })
				require.GreaterOrEqual(t, at, 0, "seed %d: %s on %s is gone\n%s\n%s", seed, row.Method, row.Origin, before, after)
				require.True(t, now[at].OK(), "seed %d: %s on %s worked\n%s\n%s", seed, row.Method, row.Origin, before, after)
			}
			again, err := lint.Fix([]*source.File{source.New("kratos.yml", []byte(after))}, d.options(), rules.All(), suggested)
			require.NoError(t, err, "seed %d\n%s", seed, after)
			require.Empty(t, again.Changed, "seed %d\n%s", seed, after)
		}
	}
	require.Greater(t, changed, int(drawings()/40))
}

func rows(t *testing.T, d drawn, text string) []matrix.Row {
	t.Helper()
	pass, _, err := lint.Load([]*source.File{source.New("kratos.yml", []byte(text))}, d.options())
	require.NoError(t, err)
	return matrix.New(pass).Rows
}

// aboutBaseURL are rules that hold base_url against the pages, whichever
// ceremonies work there.
var aboutBaseURL = []string{"base-url-internal", "rp-id-localhost-prod", "tls-terminated-scheme"}

func errorsIn(found []finding.Finding) (out []finding.Finding) {
	for _, f := range found {
		if f.Severity == finding.Error && !slices.Contains(aboutBaseURL, f.Rule) {
			out = append(out, f)
		}
	}
	return out
}
