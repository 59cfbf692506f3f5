package conformance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestURLClaims writes texts that are URLs, and texts that are none, wherever Kratos
// wants a URL, one at a time: lint reports it exactly if Kratos does not start.
func TestURLClaims(t *testing.T) {
	texts := []string{
		"", "/login", ":", "auth.example.com", "auth.example.com/login", "auth.example.com:443/login", "127.0.0.1:4477/login", "localhost:4455",
		"https://auth.example.com/", "https://auth.example.com:443/a?b#c", "https://auth.example.com:443:1", "https://auth.example.com:x/", "http://[::1", "http://[::1]/",
		"https://auth example.com", "https://auth.example.com/a b", "https://*.example.com", "*", "*.example.com", "file://schema.json", "schema.json", "HTTPS://a", "//auth.example.com",
		"android:apk-key-hash:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", "https://a\u200b.example.com", " https://auth.example.com", "https://auth.example.com ", "https://auth.example.com\t",
	}
	const method = "{ enabled: %t, config: { rp: { id: example.com, display_name: Example, %s } } }"
	places := map[string]string{
		"public base_url":   "serve: { public: { base_url: %q } }",
		"admin base_url":    "serve: { admin: { base_url: %q } }",
		"return URL":        "selfservice: { default_browser_return_url: %q }",
		"allowed":           "selfservice: { allowed_return_urls: [ %q ] }",
		"ui_url":            "selfservice: { flows: { login: { ui_url: %q } } }",
		"after":             "selfservice: { flows: { login: { after: { default_browser_return_url: %q } } } }",
		"after a method":    "selfservice: { flows: { login: { after: { passkey: { default_browser_return_url: %q } } } } }",
		"hook":              `selfservice: { flows: { login: { after: { hooks: [ { hook: web_hook, config: { url: %q, method: POST, body: "base64://e30=", response: { ignore: true } } } ] } } } }`,
		"schema":            "identity: { default_schema_id: default, schemas: [ { id: default, url: %q } ] }",
		"webauthn origins":  "selfservice: { methods: { webauthn: " + fmt.Sprintf(method, true, "origins: [ %q ]") + " } }",
		"webauthn origin":   "selfservice: { methods: { webauthn: " + fmt.Sprintf(method, true, "origin: %q") + " } }",
		"webauthn, off":     "selfservice: { methods: { webauthn: " + fmt.Sprintf(method, false, "origins: [ %q ]") + " } }",
		"passkey's origins": "selfservice: { methods: { passkey: " + fmt.Sprintf(method, true, "origins: [ %q ]") + " } }",
	}
	for place, config := range places {
		for _, text := range texts {
			t.Run(place+"/"+text, func(t *testing.T) {
				written := fmt.Sprintf("%q", text)
				files := []file{{"kratos.yml", strings.ReplaceAll(config, "%q", written)}}
				claim, known := claim(t, files)
				require.True(t, known)
				err := validate(t, files)
				require.Equal(t, err != nil, claim != "", "lint says %q, kratos says %v", claim, err)
			})
		}
	}
}
