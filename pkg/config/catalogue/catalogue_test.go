package catalogue_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/catalogue"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

const base = `dsn: memory
serve: {public: {base_url: "https://auth.example.com/"}}
selfservice:
  default_browser_return_url: https://auth.example.com/
  flows:
    registration: {ui_url: "https://auth.example.com/registration", after: {passkey: {hooks: [{hook: session}]}}}
    recovery: {enabled: true, use: code}
  methods:
    passkey: {enabled: true, config: {rp: {id: example.com, display_name: Example, origins: ["https://auth.example.com"]}}}
identity: {default_schema_id: default, schemas: [{id: default, url: "file://identity.schema.json"}]}
courier: {smtp: {connection_uri: "smtps://u:p@mail.example.com:465/"}}
secrets: {cookie: [k2J8sLq0Zt4Wm6Yx1Rc3Vb5Nn7Pp9Hh2], cipher: [k2J8sLq0Zt4Wm6Yx1Rc3Vb5Nn7Pp9Hh2]}
`

func load(tb testing.TB, texts ...string) *kratosconf.Config {
	tb.Helper()
	return loadWith(tb, nil, texts...)
}

func loadWith(tb testing.TB, env []string, texts ...string) *kratosconf.Config {
	tb.Helper()
	var docs []*kratosconf.Document
	for _, text := range texts {
		d, err := kratosconf.Parse(source.New("kratos.yml", []byte(text)), kratosconf.ParseOptions{})
		require.NoError(tb, err)
		docs = append(docs, d)
	}
	config, err := kratosconf.Load(docs, kratosconf.Environ(env))
	require.NoError(tb, err)
	return config
}

// TestProblems lays one text over a right configuration and expects one problem.
func TestProblems(t *testing.T) {
	hooks := func(list string) string {
		return "selfservice: {flows: {registration: {after: {passkey: {hooks: " + list + "}}}}}"
	}
	for name, c := range map[string]struct {
		version, over string
		env           []string
		want, help    string // "" for no problem
	}{
		"nothing":                   {over: "{}"},
		"placeholder of a value":    {over: "log: {level: LOG_LEVEL}"},
		"template as a key":         {over: "log: {\"${X}\": 1}"},
		"template of a number":      {over: "serve: {public: {port: \"{{ .Values.port }}\"}}"},
		"duration of days":          {over: "session: {lifespan: 30d}", want: `session.lifespan "30d" is not a duration`, help: "write whole numbers with the units ns, us, ms, s, m or h, such as 24h or 1h30m; there is no unit for days"},
		"duration without a unit":   {over: "session: {lifespan: 24}", want: "session.lifespan is of type integer and must be of type string", help: "write a duration with its unit, such as 24h or 15m"},
		"enum in another case":      {over: "cookies: {same_site: lax}", want: `cookies.same_site "lax" is not one of "Strict", "Lax", "None"`, help: `did you mean "Lax"?`},
		"aal2":                      {over: "selfservice: {flows: {settings: {required_aal: aal2}}}", want: `selfservice.flows.settings.required_aal "aal2" is not one of "aal1", "highest_available"`, help: `write aal1 or highest_available`},
		"misspelt enum":             {over: "log: {level: warnin}", want: `log.level "warnin" is not one of "trace", "debug", "info", "warning", "error", "fatal", "panic"`, help: `did you mean "warning"?`},
		"misspelt key":              {over: "selfservice: {allowed_retrun_urls: []}", want: `key "allowed_retrun_urls" is not allowed under selfservice`, help: `did you mean "allowed_return_urls"?`},
		"method at the top":         {over: "passkey: {enabled: true}", want: `key "passkey" is not allowed at the top level`, help: "move it to selfservice.methods.passkey"},
		"hooks as a text":           {over: hooks("session"), want: "selfservice.flows.registration.after.passkey.hooks is of type string and must be of type array", help: "write a list of hooks, such as - hook: session"},
		"hooks as texts":            {over: hooks("[session]"), want: "selfservice.flows.registration.after.passkey.hooks.0 is of type string and must be of type object", help: "write hook: session"},
		"unknown hook":              {over: hooks("[{hook: show_recovery_ui}]"), want: `there is no hook "show_recovery_ui" in selfservice.flows.registration.after.passkey.hooks`, help: "hooks that Kratos has there: session, web_hook, show_verification_ui, b2b_sso or organization"},
		"hook of another flow":      {over: "selfservice: {flows: {recovery: {after: {hooks: [{hook: session}]}}}}", want: `there is no hook "session" in selfservice.flows.recovery.after.hooks`, help: ""},
		"web hook without method":   {over: hooks(`[{hook: web_hook, config: {url: "https://h.example.com"}}]`), want: "selfservice.flows.registration.after.passkey.hooks.0.config has no method", help: "add method"},
		"auth without in":           {over: hooks(`[{hook: web_hook, config: {url: "https://h.example.com", method: POST, auth: {type: api_key, config: {name: A, value: B}}}}]`), want: "selfservice.flows.registration.after.passkey.hooks.0.config.auth.config has no in", help: "add in"},
		"auth of an unknown type":   {over: hooks(`[{hook: web_hook, config: {url: "https://h.example.com", method: POST, auth: {type: bearer, config: {}}}}]`), want: `selfservice.flows.registration.after.passkey.hooks.0.config.auth.type "bearer" is not one of "api_key", "basic_auth"`, help: "write api_key or basic_auth"},
		"ignored and parsed":        {over: hooks(`[{hook: web_hook, config: {url: "https://h.example.com", method: POST, response: {ignore: true, parse: true}}}]`), want: "the response of the hook is both ignored and parsed", help: "set ignore or parse to false"},
		"code for both":             {over: "selfservice: {methods: {code: {passwordless_enabled: true, mfa_enabled: true}}}", want: "selfservice.methods.code has both passwordless_enabled and mfa_enabled", help: "set one of them to false"},
		"webauthn without config":   {version: "v1.3.1", over: "selfservice: {methods: {webauthn: {enabled: true}}}", want: "selfservice.methods.webauthn has no config", help: "add config"},
		"webauthn without rp.id":    {over: `selfservice: {methods: {webauthn: {enabled: true, config: {rp: {display_name: E, origins: ["https://e.example.com"]}}}}}`, want: "selfservice.methods.webauthn.config.rp has no id", help: "add id"},
		"origin and origins":        {over: `selfservice: {methods: {webauthn: {config: {rp: {id: e, display_name: E, origin: "https://e", origins: ["https://e"]}}}}}`, want: "selfservice.methods.webauthn.config.rp needs id, display_name and one of origin and origins at most", help: "remove origin"},
		"provider without mapper":   {over: "selfservice: {methods: {oidc: {config: {providers: [{id: g, provider: google, client_id: a, client_secret: b}]}}}}", want: "selfservice.methods.oidc.config.providers.0 has no mapper_url", help: "add mapper_url"},
		"tenant of google":          {over: "selfservice: {methods: {oidc: {config: {providers: [{id: g, provider: google, client_id: a, client_secret: b, mapper_url: \"file://a\", microsoft_tenant: x}]}}}}", want: "selfservice.methods.oidc.config.providers.0 has keys that do not fit its provider"},
		"cipher too short":          {over: "secrets: {cipher: [abcdefghijklmnop]}", want: "secrets.cipher.0 has 16 characters and must have 32", help: "generate one with: openssl rand -hex 16"},
		"cipher in the environment": {over: "{}", env: []string{"SECRETS_CIPHER_0=abcdefghijklmnop"}, want: "SECRETS_CIPHER_0 has 16 characters and must have 32", help: "generate one with: openssl rand -hex 16"},
		"smtp without a scheme":     {over: "courier: {smtp: {connection_uri: \"mail.example.com:25\"}}", want: "courier.smtp.connection_uri does not begin with smtp:// or smtps://"},
		"schema without url":        {over: "identity: {schemas: [{id: default}]}", want: "identity.schemas.0 has no url", help: "add url"},
		"cors with two wildcards":   {over: `serve: {public: {cors: {allowed_origins: ["https://*.*.example.com"]}}}`, want: `serve.public.cors.allowed_origins.0 is neither a URL with one wildcard at most nor "*"`},
		"port out of range":         {over: "serve: {public: {port: 70000}}", want: `serve.public.port "70000" is not between 1 and 65535`, help: "write a number in this range"},
		"the same hook twice":       {over: hooks("[{hook: session}, {hook: session}]"), want: "selfservice.flows.registration.after.passkey.hooks.1 equals an earlier element of the list", help: "remove one of the two"},
		"a secret is not shown":     {over: "courier: {smtp: {connection_uri: 7}}", want: "courier.smtp.connection_uri is of type integer and must be of type string", help: "write it in quotes"},
		"another kind of file":      {over: "openapi: 3.0.0"},
	} {
		t.Run(name, func(t *testing.T) {
			version := kratosconf.DefaultVersion()
			var err error
			if c.version != "" {
				version, err = kratosconf.ParseVersion(c.version)
				require.NoError(t, err)
			}
			texts := []string{base, c.over}
			if name == "another kind of file" {
				texts = texts[1:]
			}
			problems := catalogue.Check(loadWith(t, c.env, texts...), version)
			if c.want == "" {
				require.Empty(t, problems)
				return
			}
			require.Len(t, problems, 1, "%+v", problems)
			require.Equal(t, c.want, problems[0].Message)
			require.NotEmpty(t, problems[0].Help)
			if c.help != "" {
				require.Equal(t, c.help, problems[0].Help)
			}
			require.False(t, problems[0].Span.IsZero())
		})
	}
}

// TestReleases says since when, and until when, Kratos accepts a key or a value.
func TestReleases(t *testing.T) {
	hooks := func(list string) string {
		return "selfservice: {flows: {settings: {after: {profile: {hooks: " + list + "}}}}}"
	}
	for name, c := range map[string]struct{ version, over, since, removed string }{
		"courier.sms":             {"v26.2.0", "courier: {sms: {enabled: false}}", "", "v25.4.0"},
		"registration.style":      {"v1.3.1", "selfservice: {flows: {registration: {style: unified}}}", "v25.4.0", ""},
		"secrets.pagination":      {"v1.3.1", "secrets: {pagination: [k2J8sLq0Zt4Wm6Yx1Rc3Vb5Nn7Pp9Hh2]}", "v25.4.0", ""},
		"cookies.secure":          {"v1.3.1", "cookies: {secure: \"true\"}", "v25.4.0", ""},
		"verify_new_address":      {"v26.2.0", hooks("[{hook: verify_new_address}]"), "master", ""},
		"authenticator_selection": {"v26.2.0", "selfservice: {methods: {passkey: {config: {authenticator_selection: {attachment: platform}}}}}", "master", ""},
		"a key of no release":     {"v1.3.1", "courier: {zz: 1}", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			version, err := kratosconf.ParseVersion(c.version)
			require.NoError(t, err)
			problems := catalogue.Check(load(t, base, c.over), version)
			require.Len(t, problems, 1, "%+v", problems)
			require.Equal(t, c.since, problems[0].Since)
			require.Equal(t, c.removed, problems[0].Removed)
		})
	}
}

// TestMissingInTemplates holds that a file with a template of whole blocks lacks
// nothing.
func TestMissingInTemplates(t *testing.T) {
	whole := strings.Replace(base, "dsn: memory\n", "", 1)
	require.Len(t, catalogue.Check(load(t, whole), kratosconf.DefaultVersion()), 1)
	require.Empty(t, catalogue.Check(load(t, whole+"{{ include \"more\" . }}\n"), kratosconf.DefaultVersion()))
	require.False(t, catalogue.Valid(load(t, whole+"{{ include \"more\" . }}\n"), kratosconf.DefaultVersion()))
	require.True(t, catalogue.Valid(load(t, base), kratosconf.DefaultVersion()))
}
