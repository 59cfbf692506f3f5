package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/olympusoss/oly-passkey/internal/testing/shared"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// TestFieldKratosDoesNotStart runs configurations of ../shared/field that keep
// Kratos from starting, or end it later, each with its own command line.
func TestFieldKratosDoesNotStart(t *testing.T) {
	for name, want := range map[string]string{
		"schema-aal2-enum":          `error: selfservice.flows.settings.required_aal "aal2" is not one of "aal1", "highest_available", so Kratos does not start [schema-invalid]`,
		"schema-duration-days":      `error: selfservice.flows.settings.privileged_session_max_age "1d" is not a duration, so Kratos does not start [schema-invalid]`,
		"schema-hook-no-method":     `error: selfservice.flows.registration.after.passkey.hooks.0.config has no method, so Kratos does not start [schema-invalid]`,
		"schema-hooks-string":       `error: selfservice.flows.registration.after.passkey.hooks is of type string and must be of type array, so Kratos does not start [schema-invalid]`,
		"schema-missing-return-url": `error: selfservice has no default_browser_return_url, so Kratos does not start [schema-invalid]`,
		"schema-ui-url-no-scheme":   `error: selfservice.flows.login.ui_url "auth.example.com/login" has no scheme, so Kratos exits with a fatal error at the first request that needs it [schema-invalid]`,
		"hook-unknown-name":         `error: there is no hook "show_recovery_ui" in selfservice.flows.registration.after.passkey.hooks, so Kratos does not start [schema-invalid]`,
		// dsn is in neither file, and the environment was given.
		"env-cipher-length":   `k.env:1:18: error: SECRETS_CIPHER_0 has 16 characters and must have 32, so Kratos does not start [schema-invalid]`,
		"hook-body-base64url": `error: the body is in base64url or lacks its padding, and Kratos decodes only standard base64: Kratos never sends the hook, and only its log says so [hook-jsonnet-invalid]`,
	} {
		t.Run(name, func(t *testing.T) {
			from := shared.Path(t, "field/"+name)
			args, err := os.ReadFile(filepath.Join(from, "args"))
			require.NoError(t, err)
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS(from)))
			t.Chdir(dir)
			requireLint(t, strings.Fields(string(args)), want)
		})
	}
}

// requireLint runs lint and expects one error with a text, and no second one that
// says that Kratos does not start.
func requireLint(t *testing.T, args []string, want string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, &app{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr})
	require.Equal(t, cli.ExitFindings, code, "%s%s", stdout.String(), stderr.String())
	require.Contains(t, stdout.String(), want)
	starts := strings.Count(stdout.String(), "does not start") + strings.Count(stdout.String(), "refuses to start")
	require.LessOrEqual(t, starts-strings.Count(stdout.String(), "has no dsn"), 1, stdout.String())
}

// startBase is a whole configuration that Kratos v26.2.0 starts with.
const startBase = `dsn: memory
serve: {public: {base_url: "https://auth.example.com/"}}
selfservice:
  default_browser_return_url: https://auth.example.com/
  flows:
    login: {ui_url: "https://auth.example.com/login"}
    registration: {ui_url: "https://auth.example.com/registration", after: {passkey: {hooks: [{hook: session}]}}}
    settings: {ui_url: "https://auth.example.com/settings"}
    recovery: {enabled: true, ui_url: "https://auth.example.com/recovery", use: code}
    verification: {enabled: true, ui_url: "https://auth.example.com/verification", use: code}
  methods:
    code: {enabled: true, passwordless_enabled: true}
    passkey: {enabled: true, config: {rp: {id: auth.example.com, display_name: Example, origins: ["https://auth.example.com"]}}}
identity: {default_schema_id: default, schemas: [{id: default, url: "file://identity.schema.json"}]}
courier: {smtp: {connection_uri: "smtps://u:p@mail.example.com:465/"}}
secrets: {cookie: [k2J8sLq0Zt4Wm6Yx1Rc3Vb5Nn7Pp9Hh2], cipher: [k2J8sLq0Zt4Wm6Yx1Rc3Vb5Nn7Pp9Hh2]}
`

// TestKratosDoesNotStart lays one wrong value each over a right configuration. Kratos
// v26.2.0 started with none of them.
func TestKratosDoesNotStart(t *testing.T) {
	flow := func(name, rest string) string { return "selfservice: {flows: {" + name + ": {" + rest + "}}}" }
	hooks := func(list string) string { return flow("registration", "after: {passkey: {hooks: "+list+"}}") }
	webHook := func(rest string) string {
		return hooks(`[{hook: web_hook, config: {url: "https://h.example.com/", body: "base64://e30=", response: {ignore: true}, ` + rest + "}}]")
	}
	origins := func(list string) string {
		return "selfservice: {methods: {passkey: {config: {rp: {origins: " + list + "}}}}}"
	}
	for over, want := range map[string]string{
		"secrets: {cookie: [short]}":                                                "secrets.cookie.0 has 5 characters and must have at least 16",
		"secrets: {cipher: [abcdefghijklmnop]}":                                     "secrets.cipher.0 has 16 characters and must have 32",
		"session: {lifespan: 24}":                                                   "session.lifespan is of type integer",
		"session: {lifespan: 30d}":                                                  `session.lifespan "30d" is not a duration`,
		flow("settings", "privileged_session_max_age: 15"):                          "privileged_session_max_age is of type integer",
		flow("login", "lifespan: 10"):                                               "login.lifespan is of type integer",
		"selfservice: {methods: {code: {config: {lifespan: 900}}}}":                 "code.config.lifespan is of type integer",
		flow("recovery", "use: email"):                                              `recovery.use "email" is not one of`,
		"cookies: {same_site: lax}":                                                 `cookies.same_site "lax" is not one of`,
		"log: {level: warn}":                                                        `log.level "warn" is not one of`,
		"hashers: {algorithm: scrypt}":                                              `hashers.algorithm "scrypt" is not one of`,
		"ciphers: {algorithm: aes256}":                                              `ciphers.algorithm "aes256" is not one of`,
		"session: {whoami: {required_aal: aal2}}":                                   `session.whoami.required_aal "aal2" is not one of`,
		flow("settings", "required_aal: highest"):                                   `settings.required_aal "highest" is not one of`,
		"courier: {smtp: {connection_uri: mail.example.com}}":                       "courier.smtp.connection_uri does not begin with smtp:// or smtps://",
		webHook("auth: {type: bearer, config: {}}, method: POST"):                   `auth.type "bearer" is not one of`,
		webHook("auth: {type: api_key, config: {name: A, value: B}}, method: POST"): "auth.config has no in",
		webHook("id: a"):                                                            "config has no method",
		hooks(`[{hook: web_hook, config: {url: "https://h.example.com/", method: POST, response: {ignore: "true"}}}]`): "response.ignore is of type string",
		webHook("method: POST, headers: [a]"):          "config.headers is of type array",
		hooks("session"):                               "hooks is of type string",
		hooks("[session]"):                             "hooks.0 is of type string",
		hooks("[{hook: require_verified_address}]"):    `there is no hook "require_verified_address"`,
		"identity: {schemas: [{id: default}]}":         "identity.schemas.0 has no url",
		flow("registration", "style: classic"):         `registration.style "classic" is not one of`,
		origins("[null]"):                              "origins.0 is of type null",
		origins(`[{url: "https://auth.example.com"}]`): "origins.0 is of type object",
		origins("[443]"):                               "origins.0 is of type integer",
		"selfservice: {methods: {passkey: {config: {rp: {display_name: 42}}}}}": "display_name",
		"cookies: {secure: true}":                               "cookies.secure is of type boolean",
		"session: {cookie: {secure: true}}":                     "session.cookie.secure is of type boolean",
		"passkey: {enabled: true}":                              `key "passkey" is not allowed at the top level`,
		`feature_flags: {use_continue_with_transitions: "yes"}`: "use_continue_with_transitions is of type string",
		`clients: {http: {disallow_private_ip_ranges: "true"}}`: "disallow_private_ip_ranges is of type string",
		"selfservice: {methods: {oidc: {config: {providers: [{id: g, provider: google, client_id: a, client_secret: b}]}}}}": "providers.0 has no mapper_url",
		"selfservice: {methods: {totp: {config: {issuer: 1}}}}":                                                              "totp.config.issuer is of type integer",
		"courier: {smtp: {from_address: nobody}}":                                                                            `from_address "nobody" is not a valid email address`,
		"selfservice: {whitelisted_return_urls: []}":                                                                         `key "whitelisted_return_urls" is not allowed under selfservice`,
		"selfservice: {strategies: {}}":                                                                                      `key "strategies" is not allowed under selfservice`,
		`identity: {default_schema_url: "file://a.json"}`:                                                                    `key "default_schema_url" is not allowed under identity`,
		`version: 1.3`:                                     "version is of type number",
		"courier: {sms: {enabled: false}}":                 `key "sms" is not allowed under courier of Kratos v25.4.0 and newer, which do not start with it [key-newer-than-kratos]`,
		webHook("method: POST, timeout: 5s"):               `key "timeout" is not allowed under`,
		"selfservice: {methods: {saml: {enabled: false}}}": `key "saml" is not allowed under selfservice.methods of Ory's open-source Kratos`,
	} {
		t.Run(over, func(t *testing.T) {
			t.Chdir(t.TempDir())
			require.NoError(t, os.WriteFile("base.yml", []byte(startBase), 0o600))
			require.NoError(t, os.WriteFile("over.yml", []byte(over+"\n"), 0o600))
			requireLint(t, []string{"lint", "-c", "base.yml", "-c", "over.yml", "--fail-on", "warning"}, want)
		})
	}
}

// TestKratosStarts holds the silence about the right configuration, and about values
// that only the deployment has.
func TestKratosStarts(t *testing.T) {
	for name, over := range map[string]string{
		"as it is":     "{}",
		"placeholders": "log: {level: \"${LOG_LEVEL}\"}\nsession: {lifespan: SESSION_LIFESPAN}\nsecrets: {cipher: [\"{{ .Values.cipher }}\"]}",
		"no auth key":  `selfservice: {flows: {settings: {after: {hooks: [{hook: web_hook, config: {url: "https://h.example.com/", method: POST, response: {ignore: true}, auth: {type: api_key, config: {in: header, name: A}}}}]}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			require.NoError(t, os.WriteFile("base.yml", []byte(startBase), 0o600))
			require.NoError(t, os.WriteFile("over.yml", []byte(over+"\n"), 0o600))
			var stdout, stderr bytes.Buffer
			run(t.Context(), []string{"lint", "-c", "base.yml", "-c", "over.yml"}, &app{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr})
			require.NotContains(t, stdout.String(), "start")
			require.NotContains(t, stdout.String(), "schema-invalid")
		})
	}
}
