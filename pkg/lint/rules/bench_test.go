package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// typical is a kratos.yml of the usual size, with its identity schema.
func typical() (kratos, schema string) {
	kratos = `serve:
  public:
    base_url: https://auth.example.com/
    cors: {enabled: true, allowed_origins: ["https://app.example.com", "https://auth.example.com"]}
  admin: {base_url: "http://127.0.0.1:4434/"}
selfservice:
  default_browser_return_url: https://app.example.com/
  allowed_return_urls: ["https://app.example.com", "https://auth.example.com"]
  flows:
    error: {ui_url: "https://auth.example.com/error"}
    login:
      ui_url: https://auth.example.com/login
      lifespan: 10m
    registration:
      ui_url: https://auth.example.com/registration
      lifespan: 10m
      after:
        password: {hooks: [{hook: session}]}
        passkey: {hooks: [{hook: session}]}
        webauthn: {hooks: [{hook: session}]}
    settings:
      ui_url: https://auth.example.com/settings
      privileged_session_max_age: 15m
    recovery: {enabled: true, ui_url: "https://auth.example.com/recovery", use: code}
    verification: {enabled: true, ui_url: "https://auth.example.com/verification", use: code}
    logout: {after: {default_browser_return_url: "https://auth.example.com/login"}}
  methods:
    password: {enabled: true}
    totp: {enabled: true, config: {issuer: Example}}
    lookup_secret: {enabled: true}
    link: {enabled: false}
    code: {enabled: true}
    passkey:
      enabled: true
      config:
        rp:
          id: example.com
          display_name: Example
          origins: [https://auth.example.com, https://app.example.com]
    webauthn:
      enabled: true
      config:
        passwordless: false
        rp:
          id: example.com
          display_name: Example
          origins:
            - https://auth.example.com
            - https://app.example.com
log: {level: info, format: json}
ciphers: {algorithm: xchacha20-poly1305}
hashers: {algorithm: bcrypt, bcrypt: {cost: 12}}
courier: {smtp: {connection_uri: "smtps://mail:25"}}
identity:
  default_schema_id: default
  schemas:
    - id: default
      url: file:///etc/config/identity.schema.json
`
	schema = `{"$schema": "http://json-schema.org/draft-07/schema#", "title": "Person", "type": "object", "properties": {"traits": {
"type": "object", "required": ["email"], "properties": {
  "email": {"type": "string", "format": "email", "title": "E-mail", "ory.sh/kratos": {
    "credentials": {"password": {"identifier": true}, "webauthn": {"identifier": true}, "passkey": {"display_name": true}},
    "verification": {"via": "email"}, "recovery": {"via": "email"}}},
  "name": {"type": "object", "properties": {"first": {"title": "First name", "type": "string"}, "last": {"title": "Last name", "type": "string"}}}}}}}`
	return kratos, schema
}

func benchOptions(schema string) lint.Options {
	var opts lint.Options
	file := source.New("identity.schema.json", []byte(schema))
	opts.Schemas.Read = func(string) (*source.File, error) { return file, nil }
	return opts
}

// BenchmarkLint is the whole lint of a typical kratos.yml with its schema, from
// bytes to findings.
func BenchmarkLint(b *testing.B) {
	kratos, schema := typical()
	opts := benchOptions(schema)
	all := rules.All()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := lint.Check([]*source.File{source.New("kratos.yml", []byte(kratos))}, opts, all); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLintBySize shows that the time grows with the size, and no faster.
func BenchmarkLintBySize(b *testing.B) {
	kratos, schema := typical()
	for _, size := range []int{50_000, 500_000, 5_000_000} {
		var text strings.Builder
		text.WriteString(kratos + "big:\n")
		for i := 0; text.Len() < size; i++ {
			fmt.Fprintf(&text, "  key%d: https://example.com/%d\n", i, i)
		}
		b.Run(fmt.Sprintf("%dkB", size/1000), func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				_, err := lint.Check([]*source.File{source.New("kratos.yml", []byte(text.String()))}, benchOptions(schema), rules.All())
				require.NoError(b, err)
			}
		})
	}
}
