package upgrade_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/upgrade"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

const (
	head = `serve: { public: { base_url: "https://auth.acme.dev/" } }
selfservice:
  flows:
    recovery: { enabled: true, ui_url: "https://auth.acme.dev/recovery" }
    verification: { enabled: true, ui_url: "https://auth.acme.dev/verification" }
    settings: { ui_url: "https://auth.acme.dev/settings" }
    registration: { ui_url: "https://auth.acme.dev/sign-up", after: { passkey: { hooks: [{ hook: session }] } } }
    login:
      ui_url: https://auth.acme.dev/login
`
	passkeyOn = `  methods:
    code: { enabled: true, passwordless_enabled: true }
    passkey: { enabled: true, config: { rp: { id: auth.acme.dev, display_name: Acme, origins: ["https://auth.acme.dev"] } } }
`
	verified = `      after: { passkey: { hooks: [{ hook: require_verified_address }] } }
`
	webHook = `      after: { passkey: { hooks: [{ hook: web_hook, config: { id: a, url: "https://hooks.acme.dev/", method: POST, response: { ignore: true }, auth: { type: api_key, config: { in: header, name: X-Api-Key } } } }] } }
`
	android = `  methods:
    code: { enabled: true, passwordless_enabled: true }
    passkey: { enabled: true, config: { rp: { id: auth.acme.dev, display_name: Acme, origins: ["https://auth.acme.dev", "android:apk-key-hash:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"] } } }
`
	policy = `  methods:
    code: { enabled: true, passwordless_enabled: true }
    passkey: { enabled: true, config: { attestation: { preference: none }, rp: { id: auth.acme.dev, display_name: Acme, origins: ["https://auth.acme.dev"] } } }
`
	noRP = `  methods:
    code: { enabled: true, passwordless_enabled: true }
    webauthn: { enabled: true }
`
)

// check names the findings: severity, rule and place.
func check(t *testing.T, text, from, to string) []string {
	t.Helper()
	version := func(s string) kratosconf.Version {
		v, err := kratosconf.ParseVersion(s)
		require.NoError(t, err)
		return v
	}
	found, err := upgrade.Check([]*source.File{source.New("kratos.yml", []byte(text))}, lint.Options{}, version(from), version(to))
	require.NoError(t, err)
	out := []string{}
	for _, f := range found {
		out = append(out, f.Severity.String()+" "+f.Rule+" "+f.Span.String())
	}
	return out
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		text, from, to string
		want           []string
	}{
		"the same version":    {head + passkeyOn, "v1.3.1", "v1.3.1", []string{}},
		"nothing of passkeys": {"selfservice: {}\n", "v1.3.1", "v26.3.0", []string{}},
		"up":                  {head + passkeyOn, "v1.3.1", "v26.2.0", []string{"info api-flows kratos.yml:12:5", "info admin-page-size kratos.yml:12:5"}},
		"down":                {head + passkeyOn, "v26.2.0", "v1.3.1", []string{"warning api-flows kratos.yml:12:5"}},
		"to what is merged": {head + passkeyOn, "v26.2.0", "v26.3.0", []string{
			"warning ceremony-policy kratos.yml:12:5", "info display-name-by-flag kratos.yml:12:5", "info exclude-credentials kratos.yml:12:5",
			"info sign-count kratos.yml:12:5", "info passkey-import kratos.yml:12:5",
		}},
		"verified addresses, up": {head + verified + passkeyOn, "v1.3.1", "v25.4.0", []string{
			"warning verified-address-counts kratos.yml:10:43", "info require-verified-ignored kratos.yml:10:43",
		}},
		"verified addresses, down": {head + verified + passkeyOn, "v25.4.0", "v1.3.1", []string{"error require-verified-ignored kratos.yml:10:43"}},
		"android, up":              {head + android, "v1.3.1", "v25.4.0", []string{"info android-origins kratos.yml:12:122"}},
		"android, down":            {head + android, "v25.4.0", "v1.3.1", []string{"error android-origins kratos.yml:12:122"}},
		"hooks, up":                {head + webHook + passkeyOn, "v1.3.1", "v25.4.0", []string{"info hook-trigger-id kratos.yml:10:35", "info key-newer-than-kratos kratos.yml:10:63"}},
		"hooks, down": {head + webHook + passkeyOn, "v26.2.0", "v1.3.1", []string{
			"error key-newer-than-kratos kratos.yml:10:63", "warning api-flows kratos.yml:13:5", "info hook-trigger-id kratos.yml:10:35",
		}},
		"sms, up":         {head + passkeyOn + "courier: { sms: { enabled: false } }\n", "v1.3.1", "v25.4.0", []string{"error key-newer-than-kratos kratos.yml:13:12"}},
		"sms, down":       {head + passkeyOn + "courier: { sms: { enabled: false } }\n", "v25.4.0", "v1.3.1", []string{"info key-newer-than-kratos kratos.yml:13:12"}},
		"no rp, up":       {head + noRP, "v1.3.1", "v26.2.0", []string{"warning webauthn-without-rp kratos.yml:12:5"}},
		"no rp, down":     {head + noRP, "v26.2.0", "v1.3.1", []string{"error webauthn-without-rp kratos.yml:12:5"}},
		"passkey too new": {head + passkeyOn, "v1.2.0", "v1.1.0", []string{"error method-newer-than-kratos kratos.yml:12:5"}},
		"policy too new": {head + policy, "v26.3.0", "v26.2.0", []string{
			"error key-newer-than-kratos kratos.yml:12:41", "warning ceremony-policy kratos.yml:12:5", "info display-name-by-flag kratos.yml:12:5",
			"info exclude-credentials kratos.yml:12:5", "info sign-count kratos.yml:12:5", "info passkey-import kratos.yml:12:5",
		}},
		"policy, fixed": {head + policy, "v26.2.0", "v26.3.0", []string{
			"warning ceremony-policy kratos.yml:12:5", "info display-name-by-flag kratos.yml:12:5", "info exclude-credentials kratos.yml:12:5",
			"info sign-count kratos.yml:12:5", "info passkey-import kratos.yml:12:5", "info key-newer-than-kratos kratos.yml:12:41",
		}},
		"cannot be read": {"a: [\n", "v1.3.1", "v26.2.0", []string{"error yaml-syntax kratos.yml:2:1"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, check(t, c.text, c.from, c.to))
		})
	}
}

// TestCheckReadsSchemasTwice holds a finding in an identity schema, which each
// version's check reads again, against itself.
func TestCheckReadsSchemasTwice(t *testing.T) {
	const schema = `{"properties":{"traits":{"properties":{"email":{"title":"E","ory.sh/kratos":{
"credentials":{"passkey":{"display_name":true},"webauthn":{"identifier":true},"code":{"identifier":true,"via":"email"}},"recovery":{"via":"email"}}}},"required":["email"]}}}`
	const text = head + passkeyOn + `identity: { default_schema_id: a, schemas: [{ id: a, url: file://a.json }, { id: b, url: file://a.json }] }
`
	opts := lint.Options{}
	opts.Schemas.Read = func(name string) (*source.File, error) { return source.New(name, []byte(schema)), nil }
	files := []*source.File{source.New("kratos.yml", []byte(text))}
	now, err := lint.Check(files, opts, rules.All())
	require.NoError(t, err)
	require.Len(t, slices.DeleteFunc(now, func(f finding.Finding) bool { return f.Span.File.Name != "a.json" }), 1, "once, though two schemas share the file")
	for _, to := range []kratosconf.Version{{Major: 26, Minor: 2}, {Major: 25, Minor: 4}} {
		from := kratosconf.Version{Major: 26, Minor: 2}
		found, err := upgrade.Check(files, opts, from, to)
		require.NoError(t, err)
		for _, f := range found {
			require.NotEqual(t, "a.json", f.Span.File.Name, f.Message)
		}
		if from == to {
			require.Empty(t, found)
		}
	}
}
