package conformance_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// keys are what the generator configures, each with values that a file may
// have and texts that the environment may have.
var keys = []struct {
	path   string
	values []any
	texts  []string
}{
	{"selfservice.methods.passkey.enabled", []any{true, false, "true", nil}, []string{"true", "1", "yes", "FALSE", ""}},
	{"selfservice.methods.passkey.config.rp.id", []any{"example.com", "localhost", "", 7}, []string{"example.org", "", "007", "null"}},
	{"selfservice.methods.passkey.config.rp.display_name", []any{"Example", "yes", "1e3"}, []string{"A, B", `"quoted"`, "${X}"}},
	{"selfservice.methods.passkey.config.rp.origins", []any{[]any{"https://a", "https://b", "https://c"}, []any{"https://d"}, []any{}}, []string{"https://x", "https://x, https://y", `["https://x","https://y"]`, "", "[]", `a,"b,c"`, `{"a":1}`, "null", "1", `a"b,c`}},
	{"selfservice.methods.webauthn.config.passwordless", []any{true, false}, []string{"t", "on", "0"}},
	{"selfservice.methods.webauthn.config.rp.origins", []any{[]any{"https://a"}, []any{}}, []string{"https://x,https://y,https://z"}},
	{"selfservice.methods.webauthn.config.rp.origin", []any{"https://a"}, []string{"https://b"}},
	{"selfservice.allowed_return_urls", []any{[]any{"https://a", "https://b"}, []any{}}, []string{"https://x", `["https://x"]`}},
	{"selfservice.flows.login.ui_url", []any{"https://a/login", ""}, []string{"https://x/login", ""}},
	{"selfservice.flows.settings.privileged_session_max_age", []any{"15m", 900}, []string{"1h"}},
	{"serve.public.base_url", []any{"https://a/", nil}, []string{"http://x"}},
	{"serve.public.port", []any{4433, "4433", 0}, []string{"4455", "04455", "x", "1.5", "-1", ""}},
	{"hashers.bcrypt.cost", []any{4, 12}, []string{"010", "0x10"}},
	{"selfservice.flows.registration.after.passkey.hooks", []any{
		[]any{map[string]any{"hook": "web_hook", "config": map[string]any{"url": "http://a", "response": map[string]any{"ignore": true}}}, map[string]any{"hook": "session"}},
		[]any{map[string]any{"hook": "session"}},
	}, []string{`[{"hook":"session"}]`}},
	{"identity.schemas", []any{
		[]any{map[string]any{"id": "default", "url": "file://a.json"}, map[string]any{"id": "staff", "url": "file://b.json"}},
	}, nil},
}

// elements name single elements of lists in the environment.
var elements = []string{
	"SELFSERVICE_METHODS_PASSKEY_CONFIG_RP_ORIGINS_0=https://e0",
	"SELFSERVICE_METHODS_PASSKEY_CONFIG_RP_ORIGINS_1=https://e1",
	"SELFSERVICE_METHODS_PASSKEY_CONFIG_RP_ORIGINS_4=https://e4",
	"SELFSERVICE_FLOWS_REGISTRATION_AFTER_PASSKEY_HOOKS_0_CONFIG_AUTH_CONFIG_VALUE=k0",
	"SELFSERVICE_FLOWS_REGISTRATION_AFTER_PASSKEY_HOOKS_1_CONFIG_URL=http://h1",
	"SELFSERVICE_FLOWS_REGISTRATION_AFTER_PASSKEY_HOOKS_0_HOOK=session",
	"IDENTITY_SCHEMAS_0_URL=file://x.json",
	"IDENTITY_SCHEMAS_1_ID=people",
	"IDENTITY_SCHEMAS_2_ID=more",
	"selfservice_methods_passkey_enabled=true",
	"SELFSERVICE_METHODS_PASSKEY=nonsense",
	"NO_KEY_OF_KRATOS=1",
}

func generate(r *rand.Rand) deployment {
	var d deployment
	for i := range 1 + r.IntN(3) {
		name := strconv.Itoa(i) + []string{".yml", ".yaml", ".json"}[r.IntN(3)]
		tree := map[string]any{}
		for _, k := range keys {
			if r.IntN(3) > 0 {
				set(tree, k.path, k.values[r.IntN(len(k.values))])
			}
		}
		d.files = append(d.files, layer{name: name, tree: tree})
	}
	for _, k := range keys {
		if len(k.texts) > 0 && r.IntN(4) == 0 {
			name := strings.ToUpper(strings.ReplaceAll(k.path, ".", "_"))
			d.environ = append(d.environ, name+"="+k.texts[r.IntN(len(k.texts))])
		}
	}
	for _, e := range elements {
		if r.IntN(10) == 0 {
			d.environ = append(d.environ, e)
		}
	}
	return d
}

func set(tree map[string]any, path string, value any) {
	parts := strings.Split(path, ".")
	for _, p := range parts[:len(parts)-1] {
		next, ok := tree[p].(map[string]any)
		if !ok {
			next = map[string]any{}
			tree[p] = next
		}
		tree = next
	}
	tree[parts[len(parts)-1]] = value
}
