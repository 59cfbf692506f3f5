package patch_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// FuzzPatch: for any files there is an error or a patch. The patched files can be
// read, enable the method, and keep every other value.
func FuzzPatch(f *testing.F) {
	for _, seed := range []string{
		"selfservice:\n  methods: {}\n  flows:\n    login: {ui_url: http://localhost:3000/login}\n",
		"selfservice:\n  flows:\n    login:\n      ui_url: http://127.0.0.1/login\n  methods:\n  # a\n    password:\n      enabled: true # b",
		"selfservice: {methods: {passkey: {enabled: false}}, flows: {login: {ui_url: 'https://a.example.com/'}}}",
		"? selfservice\n: methods:\n    ? passkey\n    : null\n",
		"selfservice:\n- a\n",
		"\"selfservice\":\n  'methods':   # c\r\n    link: &x {enabled: true}\r\n    code: *x\r\n  flows: {login: {ui_url: https://auth.example.com/login}}\r\n",
		"selfservice:\n  default_browser_return_url: >-\n    https://a.example\n  methods: !!map\n    password: {enabled: true}\n  flows:\n    login:\n      ui_url: |\n        https://auth.example.com/login\n",
		"selfservice: {flows: {login: {ui_url: 'http://localhost/'}}}\nidentity: {schemas: [{id: x, url: 'file://s.json'}]}",
	} {
		f.Add([]byte(seed), []byte(`{"properties":{"traits":{"properties":{"email":{"type":"string","format":"email"}}}}}`))
	}
	f.Add([]byte("selfservice: {flows: {login: {ui_url: 'http://localhost/'}}}\nidentity: {schemas: [{id: x, url: 'file://s.json'}]}"), []byte(`{"properties":{"traits":{"properties":{"":{"ory.sh/kratos":{"credentials":{"password":{"identifier":true}}}}}}}}`))
	f.Fuzz(func(t *testing.T, config, schema []byte) {
		file := source.New("kratos.yml", config)
		env := lint.Options{Schemas: kratosconf.SchemaOptions{Read: func(name string) (*source.File, error) {
			if name != "s.json" {
				return nil, fs.ErrNotExist
			}
			return source.New(name, schema), nil
		}}}
		plan, err := patch.New([]*source.File{file}, patch.Options{WithoutSchema: true}, env)
		if err != nil {
			return
		}
		before, err := kratosconf.Parse(file, kratosconf.ParseOptions{})
		require.NoError(t, err)
		for _, changed := range plan.Changed {
			if changed.Name != file.Name {
				_, err := kratosconf.ParseJSON(source.New(changed.Name, changed.After))
				require.NoError(t, err)
				continue
			}
			after, err := kratosconf.Parse(source.New(changed.Name, changed.After), kratosconf.ParseOptions{})
			require.NoError(t, err)
			require.Empty(t, after.Duplicates)
			require.True(t, after.Root.Get("selfservice.methods.passkey.enabled").True())
			if !slices.ContainsFunc(plan.Steps, func(s patch.Step) bool { return strings.HasSuffix(s.What, "]") }) { // lint's fixes rename keys
				kept(t, before.Root, after.Root, "")
			}
		}
	})
}

// kept: no key is gone, and no list shorter.
func kept(t *testing.T, before, after *kratosconf.Value, path string) {
	t.Helper()
	for _, field := range before.Fields() {
		require.NotNil(t, after.Field(field.Name), "%s.%s", path, field.Name)
		kept(t, field.Value, after.Field(field.Name), path+"."+field.Name)
	}
	require.GreaterOrEqual(t, len(after.Items()), len(before.Items()), path)
}
