package patch_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-jsonnet"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestAddressBody evaluates the hook's body with Kratos' context: it calls the sidecar
// only if an address was changed, added or removed. With one trait it is the body that
// init writes into a new folder, which is tested with a real Kratos.
func TestAddressBody(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/address.txtar")
	require.NoError(t, err)
	c := readCase(t, archive)
	plan, err := patch.New(c.files, c.opts, c.env)
	require.NoError(t, err)
	require.Equal(t, "kratos.yml", plan.Changed[0].Name)
	doc, err := kratosconf.Parse(source.New("kratos.yml", plan.Changed[0].After), kratosconf.ParseOptions{})
	require.NoError(t, err)
	text := doc.Root.Get("selfservice.flows.settings.after.profile.hooks.0.config.body").Text()
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "base64://"))
	require.NoError(t, err)
	body := string(raw)

	type traits map[string]any
	for name, c := range map[string]struct {
		before, after traits
		calls         bool
	}{
		"nothing":         {traits{"email": "a@example.com"}, traits{"email": "a@example.com"}, false},
		"another trait":   {traits{"email": "a@example.com"}, traits{"email": "a@example.com", "name": "Ann"}, false},
		"no address":      {traits{}, traits{"name": "Ann"}, false},
		"another address": {traits{"email": "a@example.com"}, traits{"email": "b@example.com"}, true},
		"one that comes":  {traits{"email": "a@example.com"}, traits{"email": "a@example.com", "phone": "+1"}, true},
		"one that goes":   {traits{"email": "a@example.com", "phone": "+1"}, traits{"email": "a@example.com"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, err := json.Marshal(map[string]any{
				"identity": map[string]any{"traits": c.after},
				"flow":     map[string]any{"id": "f", "identity": map[string]any{"traits": c.before}},
			})
			require.NoError(t, err)
			vm := jsonnet.MakeVM()
			vm.TLACode("ctx", string(ctx))
			sent, err := vm.EvaluateAnonymousSnippet("body", body)
			if !c.calls {
				require.ErrorContains(t, err, "RUNTIME ERROR: cancel")
				return
			}
			require.NoError(t, err)
			require.JSONEq(t, `{"flow_id": "f"}`, sent)
		})
	}

	template, err := os.ReadFile("../../../../templates/hooks/refuse-address-change.jsonnet")
	require.NoError(t, err)
	_, code, _ := strings.Cut(string(template), "\nfunction")
	require.Equal(t, strings.Fields(strings.Replace(body, `["email","phone"]`, `["email"]`, 1)), strings.Fields("function"+code))
}
