package conformance_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/kratos/conformance"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestMergeAsKratosDoes merges generated files and variables,
// once with Kratos' own loader and once with pkg/config/kratosconf, and wants the same
// tree: 60 of them, or 400 when $OLY_PASSKEY_PROOF is set.
func TestMergeAsKratosDoes(t *testing.T) {
	cases := 60
	if os.Getenv("OLY_PASSKEY_PROOF") != "" {
		cases = 400
	}
	const seed = 20261121
	defaults, err := conformance.Merge(t.Context())
	require.NoError(t, err)
	for i := range cases {
		t.Run(fmt.Sprintf("seed %d case %d", seed, i), func(t *testing.T) {
			compare(t, defaults, generate(rand.New(rand.NewPCG(seed, uint64(i)))))
		})
	}
}

// TestMergeTraps are the traps by name.
func TestMergeTraps(t *testing.T) {
	file := map[string]any{"selfservice": map[string]any{
		"methods": map[string]any{"passkey": map[string]any{"config": map[string]any{"rp": map[string]any{"origins": []any{"https://1", "https://2", "https://3"}}}}},
		"flows":   map[string]any{"registration": map[string]any{"after": map[string]any{"passkey": map[string]any{"hooks": []any{map[string]any{"hook": "web_hook", "config": map[string]any{"url": "http://a"}}, map[string]any{"hook": "session"}}}}}},
	}}
	other := map[string]any{"selfservice": map[string]any{"methods": map[string]any{"passkey": map[string]any{"enabled": true, "config": map[string]any{"rp": map[string]any{"origins": []any{"https://9"}}}}}}}
	const rp = "SELFSERVICE_METHODS_PASSKEY_CONFIG_RP_"
	const hooks = "SELFSERVICE_FLOWS_REGISTRATION_AFTER_PASSKEY_HOOKS"
	defaults, err := conformance.Merge(t.Context())
	require.NoError(t, err)
	for name, environ := range map[string][]string{
		"files only":            nil,
		"csv":                   {rp + "ORIGINS=https://a,https://b"},
		"csv with blanks":       {rp + "ORIGINS=https://a, https://b"},
		"json":                  {rp + `ORIGINS=["https://a"]`},
		"index 1":               {rp + "ORIGINS_1=https://x"},
		"index 5":               {rp + "ORIGINS_5=https://x"},
		"hook 0":                {hooks + "_0_CONFIG_AUTH_CONFIG_VALUE=key"},
		"hook 1":                {hooks + "_1_CONFIG_URL=http://x"},
		"yes is false":          {"SELFSERVICE_METHODS_PASSKEY_ENABLED=yes"},
		"1 is true":             {"SELFSERVICE_METHODS_PASSKEY_ENABLED=1"},
		"empty":                 {rp + "ID="},
		"lower case":            {strings.ToLower(rp) + "id=example.com"},
		"a prefix is no prefix": {"KRATOS_" + rp + "ID=example.com"},
		"hooks as json":         {hooks + `=[{"hook":"session"}]`},
		"global hooks as json":  {`SELFSERVICE_FLOWS_REGISTRATION_AFTER_HOOKS=[{"hook":"session"}]`},
		"empty list":            {rp + "ORIGINS=[]"},
		"empty csv":             {rp + "ORIGINS="},
	} {
		t.Run(name, func(t *testing.T) {
			compare(t, defaults, deployment{files: []layer{{name: "a.yml", tree: file}, {name: "b.yml", tree: other}}, environ: environ})
			compare(t, defaults, deployment{files: []layer{{name: "a.yml", tree: file}}, environ: environ})
		})
	}
}

func compare(t *testing.T, defaults map[string]any, d deployment) {
	t.Helper()
	dir := t.TempDir()
	var names []string
	var docs []*kratosconf.Document
	for _, f := range d.files {
		name := filepath.Join(dir, f.name)
		require.NoError(t, os.WriteFile(name, f.bytes(t), 0o600))
		names = append(names, name)
		file, err := source.Open(name)
		require.NoError(t, err)
		doc, err := kratosconf.Parse(file, kratosconf.ParseOptions{})
		require.NoError(t, err)
		docs = append(docs, doc)
	}
	for _, kv := range d.environ {
		key, value, _ := strings.Cut(kv, "=")
		t.Setenv(key, value)
	}
	want, oracleErr := conformance.Merge(t.Context(), names...)
	got, err := kratosconf.Load(docs, kratosconf.Environ(d.environ))
	if oracleErr != nil {
		require.Error(t, err, "kratos: %v\n%s", oracleErr, d)
		return
	}
	if err != nil {
		// Kratos must reject it after merging.
		require.Error(t, conformance.Validate(t.Context(), names...), "kratosconf: %v\n%s", err, d)
		return
	}
	require.Empty(t, differences("", normal(t, want), normal(t, over(defaults, plain(got.Root)))), "%s", d)
}

// normal sends a tree through JSON, so that numbers compare by value.
func normal(t *testing.T, tree any) any {
	t.Helper()
	b, err := json.Marshal(tree)
	require.NoError(t, err)
	var out any
	require.NoError(t, json.Unmarshal(b, &out))
	return out
}

// differences lists where two trees differ: path, what Kratos has, what we have.
func differences(path string, want, got any) []string {
	w, ok := want.(map[string]any)
	g, ok2 := got.(map[string]any)
	if !ok || !ok2 {
		if reflect.DeepEqual(want, got) {
			return nil
		}
		return []string{fmt.Sprintf("%s: kratos %#v, kratosconf %#v", path, want, got)}
	}
	var out []string
	for k := range w {
		out = append(out, differences(path+"."+k, w[k], g[k])...)
	}
	for k := range g {
		if _, ok := w[k]; !ok {
			out = append(out, fmt.Sprintf("%s.%s: only kratosconf has %#v", path, k, g[k]))
		}
	}
	return out
}

// plain turns a tree of positioned values into plain ones.
func plain(v *kratosconf.Value) any {
	switch v.Kind {
	case kratosconf.Map:
		m := map[string]any{}
		for _, f := range v.Fields() {
			m[f.Name] = plain(f.Value)
		}
		return m
	case kratosconf.List:
		list := []any{}
		for _, item := range v.Items() {
			list = append(list, plain(item))
		}
		return list
	case kratosconf.Missing, kratosconf.Null:
		return nil
	case kratosconf.Bool:
		return v.True()
	case kratosconf.Int, kratosconf.Float:
		return json.Number(v.Str)
	default:
		return v.Str
	}
}

// over returns Kratos' defaults overridden by a tree.
func over(base, top any) any {
	b, ok := base.(map[string]any)
	t, ok2 := top.(map[string]any)
	if !ok || !ok2 {
		return top
	}
	out := map[string]any{}
	for k, v := range b {
		out[k] = v
	}
	for k, v := range t {
		if have, ok := out[k]; ok {
			v = over(have, v)
		}
		out[k] = v
	}
	return out
}

// deployment is one generated input.
type deployment struct {
	files   []layer
	environ []string
}

func (d deployment) String() string {
	b, _ := json.MarshalIndent(d.files, "", " ")
	return string(b) + strings.Join(d.environ, "\n")
}

type layer struct {
	name string
	tree map[string]any
}

func (l layer) bytes(t *testing.T) []byte {
	t.Helper()
	write := yaml.Marshal
	if strings.HasSuffix(l.name, ".json") {
		write = json.Marshal
	}
	b, err := write(l.tree)
	require.NoError(t, err)
	return b
}

func (l layer) MarshalJSON() ([]byte, error) { return json.Marshal(l.tree) }
