package lint_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

const harmless = `serve: {public: {base_url: https://auth.example.com/, cors: {allowed_origins: ["https://app.example.com"]}}}
selfservice:
  allowed_return_urls: [https://app.example.com]
  flows:
    login:
      ui_url: https://auth.example.com/login
      after:
        password: {hooks: [{hook: require_verified_address}]}
    registration:
      after:
        password: {hooks: [{hook: web_hook, config: {url: "https://hooks.example.com/", method: POST, response: {parse: true}, auth: {type: api_key, config: {in: header, name: X-Key, value: k3y}}}}]}
    settings: {required_aal: highest_available}
    verification: {enabled: true}
  methods:
    passkey:
      enabled: true
      config:
        authenticator_selection: {user_verification: required}
        rp: {id: example.com, display_name: "${NAME}", origins: [https://auth.example.com]}
session: {cookie: {same_site: Strict}}
clients: {http: {disallow_private_ip_ranges: true}}
security: {account_enumeration: {mitigate: true}}
identity: {default_schema_id: a, schemas: [{id: a, url: file://a.json}]}
`

const harmlessSchema = `{"properties": {"traits": {"properties": {"email": {"title": "E", "ory.sh/kratos": {"verification": {"via": "email"}}}, "nick": {"title": "N"}}, "required": ["email"]}}}`

// setup reads a configuration with its schema.
func setup(t *testing.T, text, schema string) *passkeys.Config {
	t.Helper()
	opts := lint.Options{}
	opts.Schemas.Read = func(name string) (*source.File, error) { return source.New(name, []byte(schema)), nil }
	p, unreadable, err := lint.Load([]*source.File{source.New("kratos.yml", []byte(text))}, opts)
	require.NoError(t, err)
	require.Empty(t, unreadable)
	return p
}

// TestHarm seeds one bad edit of each kind, and edits that look like one.
func TestHarm(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"nothing":                    {"id: example.com", "id: example.com", ""},
		"settings' AAL":              {"required_aal: highest_available", "required_aal: aal1", "selfservice.flows.settings.required_aal is lowered to aal1"},
		"whoami's AAL":               {"session: {", "session: {whoami: {required_aal: aal1}, ", "session.whoami.required_aal is lowered to aal1"},
		"an AAL that was default":    {"settings: {required_aal: highest_available}", "settings: {}", "selfservice.flows.settings becomes empty"},
		"a session":                  {"      after:\n        password: {hooks: [{hook: web", "      after:\n        passkey: {hooks: [{hook: session}]}\n        password: {hooks: [{hook: web", "registration.after.passkey.hooks issues a session that was not issued before"},
		"no verification":            {"verification: {enabled: true}", "verification: {enabled: false}", "addresses are no longer verified"},
		"no verified address":        {"[{hook: require_verified_address}]", "[]", `the hook "require_verified_address" of login.after.password.hooks is removed`},
		"an address not verified":    {`"verification": {"via": "email"}`, "", `trait "email" is no longer verified`},
		"no trait":                   {`, "nick": {"title": "N"}`, "", `trait "nick" is removed`},
		"an origin":                  {"origins: [https://auth.example.com", "origins: [https://other.example.com, https://auth.example.com", `selfservice.methods.passkey.config.rp.origins trusts "https://other.example.com", which was not trusted before`},
		"a wildcard":                 {"origins: [https://auth.example.com", `origins: ["https://*.example.com", https://auth.example.com`, `selfservice.methods.passkey.config.rp.origins trusts "https://*.example.com", which was not trusted before`},
		"a page's origin":            {"origins: [https://auth.example.com", "origins: [https://app.example.com, https://auth.example.com", ""},
		"an origin in another form":  {"origins: [https://auth.example.com", `origins: ["https://AUTH.example.com:8443/x"`, ""},
		"a return URL":               {"allowed_return_urls: [", "allowed_return_urls: [https://evil.example, ", `selfservice.allowed_return_urls trusts "https://evil.example", which was not trusted before`},
		"any CORS origin":            {"allowed_origins: [", `allowed_origins: ["*", `, `serve.public.cors.allowed_origins trusts "*", which was not trusted before`},
		"a hook":                     {`{hook: web_hook, config: {url: "https://hooks.example.com/", method: POST, response: {parse: true}, auth: {type: api_key, config: {in: header, name: X-Key, value: k3y}}}}`, "", `the hook "web_hook" of registration.after.password.hooks is removed`},
		"an rp.id":                   {"id: example.com", "id: auth.example.com", `existing passkeys are bound to the rp.id "example.com" of selfservice.methods.passkey`},
		"a hook's key":               {"value: k3y", "value: set-by-environment", `the key of the hook "https://hooks.example.com/" is replaced`},
		"a hook's scheme":            {"https://hooks", "http://hooks", ""},
		"a hook's answer":            {"response: {parse: true}", "response: {parse: false}", `the response of the hook "https://hooks.example.com/" can no longer end the flow`},
		"an ignored hook":            {"response: {parse: true}", "response: {ignore: true}", `the response of the hook "https://hooks.example.com/" can no longer end the flow`},
		"a cookie's domain":          {"cookie: {", "cookie: {domain: example.com, ", "session.cookie.domain covers more hosts"},
		"a cookie's sites":           {"same_site: Strict", "same_site: None", "session.cookie.same_site is weaker"},
		"enumeration":                {"mitigate: true", "mitigate: false", "security.account_enumeration.mitigate is disabled"},
		"private addresses":          {"disallow_private_ip_ranges: true", "disallow_private_ip_ranges: false", "clients.http.disallow_private_ip_ranges is disabled"},
		"development":                {"serve: {", "dev: true\nserve: {", "dev is enabled"},
		"CORS with cookies":          {"cors: {", "cors: {allow_credentials: true, ", "serve.public.cors.allow_credentials is enabled"},
		"user verification":          {"user_verification: required", "user_verification: preferred", "selfservice.methods.passkey.config.authenticator_selection.user_verification is lowered"},
		"a required trait":           {`"required": ["email"]`, `"required": ["email", "nick"]`, `trait "nick" becomes required`},
		"a list without the default": {"clients: {", "clients: {web_hook: {header_allowlist: [X-Foo]}, ", `clients.web_hook.header_allowlist no longer contains "Accept"`},
		"an empty map":               {"{user_verification: required}", "", "selfservice.methods.passkey.config.authenticator_selection becomes empty"},
		"a placeholder":              {`"${NAME}"`, "Example", `the placeholder in "${NAME}" is changed`},
		"a new placeholder":          {"id: example.com", "id: RP_ID", `"RP_ID" is a new placeholder`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, 1, strings.Count(harmless+harmlessSchema, c.old), "the edit is of one place")
			before := setup(t, harmless, harmlessSchema)
			after := setup(t, strings.ReplaceAll(harmless, c.old, c.new), strings.ReplaceAll(harmlessSchema, c.old, c.new))
			got := lint.Harm(before, after)
			if c.want == "" {
				require.Empty(t, got)
				return
			}
			require.Contains(t, got, c.want)
		})
	}
}

// TestHarmIsNotOffered: no fix or proposal of any rule does harm, alone or together
// with the others.
func TestHarmIsNotOffered(t *testing.T) {
	edit := func(id, key, value string) *lint.Rule {
		return &lint.Rule{ID: id, Severity: finding.Error, Check: func(p *lint.Pass) {
			if v := p.Get(key); v.Exists() && v.Text() != value {
				p.ReportAt(v, finding.Finding{Message: "m", Help: "h", Fix: v.Edit(value), Suggest: v.Edit(value)})
			}
		}}
	}
	remove := func(id, key string) *lint.Rule {
		return &lint.Rule{ID: id, Severity: finding.Error, Check: func(p *lint.Pass) {
			if v := p.Get(key); v.Exists() {
				p.ReportAt(v, finding.Finding{Message: "m", Help: "h", Fix: p.RemoveField(v)})
			}
		}}
	}
	for name, c := range map[string]struct {
		text, want string
		rules      []*lint.Rule
	}{
		"harmless":      {"a: 1\n", "a: 2\n", []*lint.Rule{edit("a", "a", "2")}},
		"an AAL":        {"session: {whoami: {required_aal: highest_available}}\n", "", []*lint.Rule{edit("a", "session.whoami.required_aal", "aal1")}},
		"a placeholder": {"a: ${X}\n", "", []*lint.Rule{edit("a", "a", "2")}},
		"write one":     {"a: 1\n", "", []*lint.Rule{edit("a", "a", "${X}")}},
		"unreadable":    {"a: 1\n", "", []*lint.Rule{edit("a", "a", "[")}},
		"an only child": {"a: 1\nb:\n  c:\n    d: 1\n", "a: 1\n", []*lint.Rule{remove("d", "b.c.d")}},
		"in braces":     {"a: 1\nb: {c: {d: 1}}\n", "a: 1\n", []*lint.Rule{remove("d", "b.c.d")}},
		"of a line":     {"a: 1\nb: {c: {d: 1}, e: 1}\n", "", []*lint.Rule{remove("d", "b.c.d")}},
		"both children": {"a: 1\nb:\n  c: 1\n  # and\n  d: 1\n", "a: 1\n", []*lint.Rule{remove("c", "b.c"), remove("d", "b.d")}},
		"everything":    {"a:\n  b: 1\n", "", []*lint.Rule{remove("b", "a.b")}},
	} {
		t.Run(name, func(t *testing.T) {
			repair, err := lint.Fix([]*source.File{source.New("kratos.yml", []byte(c.text))}, lint.Options{}, c.rules, true)
			require.NoError(t, err)
			if c.want == "" {
				require.Empty(t, repair.Changed)
				return
			}
			require.Len(t, repair.Changed, 1)
			require.Equal(t, c.want, string(repair.Changed[0].After))
		})
	}
}
