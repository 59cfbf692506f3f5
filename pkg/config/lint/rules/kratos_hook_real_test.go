//go:build realkratos

package rules_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// hookConfig has one hook after registration. Kratos runs it the same way for
// every method, so the test signs up with a password.
const hookConfig = `serve:
  public: { host: 127.0.0.1, port: %[1]s, base_url: "http://localhost:%[1]s/" }
  admin: { host: 127.0.0.1, port: %[2]s, base_url: "http://127.0.0.1:%[2]s/" }
selfservice:
  default_browser_return_url: http://localhost:4455/
  flows:
    registration:
      after:
        %[3]s:
          hooks:
            - hook: web_hook
              config: { url: "http://127.0.0.1:9/v1/hooks/kratos/registration", method: POST, %[4]s, auth: { type: api_key, config: { in: header, name: X-Api-Key, value: k } } }
            - hook: session
  methods:
    password: { enabled: true, config: { haveibeenpwned_enabled: false } }
    passkey: { enabled: true, config: { rp: { id: localhost, display_name: Example, origins: ["http://localhost:4455"] } } }
identity: { default_schema_id: default, schemas: [ { id: default, url: "file://%[5]s" } ] }
`

// TestRealHooks checks the claims of the hook rules with a real Kratos, with no
// server at the hook's URL.
func TestRealHooks(t *testing.T) {
	body := func(jsonnet string) string {
		return `body: "base64://` + base64.StdEncoding.EncodeToString([]byte(jsonnet)) + `"`
	}
	const good = "function(ctx) { identity_id: ctx.identity.id }"
	for name, c := range map[string]struct {
		config, rule string
		says         string // of the rule's message
		status       int
	}{
		"as it should be":           {body(good) + ", response: {ignore: true}", "", "", http.StatusOK},
		"no Jsonnet ignored":        {body("function(ctx) { id: ") + ", response: {ignore: true}", "hook-jsonnet-invalid", "Kratos never sends the hook", http.StatusOK},
		"no Jsonnet":                {body("function(ctx) { id: "), "hook-jsonnet-invalid", "500", http.StatusInternalServerError},
		"no body ignored":           {"response: {ignore: true}", "hook-jsonnet-invalid", "Kratos never sends the hook", http.StatusOK},
		"no body":                   {"response: {ignore: false}", "hook-jsonnet-invalid", "500", http.StatusInternalServerError},
		"reads credentials ignored": {body("function(ctx) { c: ctx.identity.credentials }") + ", response: {ignore: true}", "hook-credentials-in-body", "Kratos never sends the hook", http.StatusOK},
		"reads credentials":         {body("function(ctx) { c: ctx.identity.credentials }"), "hook-credentials-in-body", "500", http.StatusInternalServerError},
		"waits":                     {body(good), "hook-not-ignored", "500", http.StatusInternalServerError},
	} {
		t.Run(name, func(t *testing.T) {
			ports, dir := kratostest.FreePorts(t, 2), t.TempDir()
			schema := filepath.Join(dir, "schema.json")
			require.NoError(t, os.WriteFile(schema, []byte(goodSchema), 0o600))
			text := func(method string) string {
				return fmt.Sprintf(hookConfig, ports[0], ports[1], method, c.config, schema)
			}
			found, err := lint.Check([]*source.File{source.New("kratos.yml", []byte(text("passkey")))}, lint.Options{}, rules.All())
			require.NoError(t, err)
			if c.rule != "" {
				require.Len(t, only(found, c.rule), 1)
				require.Contains(t, only(found, c.rule)[0].Message, c.says)
			}
			path := filepath.Join(dir, "kratos.yml")
			require.NoError(t, os.WriteFile(path, []byte(text("password")), 0o600))
			require.Equal(t, c.status, signUp(t, path, ports[0]))
		})
	}
}

// signUp starts a real Kratos, signs up with a password, and returns the code
// of the error or else the status.
func signUp(t *testing.T, path, port string) int {
	t.Helper()
	serve := kratostest.Command(t, filepath.Dir(path), "serve", "--sqa-opt-out", "--dev", "-c", path)
	serve.Env = append(serve.Env, "DSN=memory")
	kratostest.Run(t, serve, "http://127.0.0.1:"+port+"/health/ready")
	client := &http.Client{Timeout: 20 * time.Second}
	var flow struct {
		UI struct{ Action string } `json:"ui"`
	}
	res, err := client.Get("http://127.0.0.1:" + port + "/self-service/registration/api")
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(res.Body).Decode(&flow))
	require.NoError(t, res.Body.Close())
	action := strings.Replace(flow.UI.Action, "localhost", "127.0.0.1", 1)
	res, err = client.Post(action, "application/json", strings.NewReader(`{"method": "password", "password": "correct horse battery", "traits": {"email": "someone@example.com"}}`))
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		Error *struct{ Code int } `json:"error"`
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&answer))
	if answer.Error != nil {
		return answer.Error.Code // v1.3.1 sends some of them as HTTP 400
	}
	return res.StatusCode
}
