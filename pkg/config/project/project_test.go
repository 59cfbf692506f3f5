package project_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/project"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

func read(t *testing.T, text string) *project.Project {
	t.Helper()
	p, err := project.Read(source.New(project.FileName, []byte(text)))
	require.NoError(t, err)
	return p
}

func TestRead(t *testing.T) {
	p := read(t, `environments:
  production:
    config: [base.yml, prod.yml]
    domains: [auth.example.com]
    kratos: v26.2.0
    profile: prod
    identity_schemas: {default: schema.json}
  development: {config: [base.yml], env_files: [dev.env]}
ignores:
  - rule: rp-id-too-broad
    reason: only we own names below it
`)
	require.Len(t, p.Environments, 2)
	require.Equal(t, "production", p.Environments[0].Name)
	require.Equal(t, []string{"base.yml", "prod.yml"}, p.Environments[0].Config)
	dev, err := p.Environment("development")
	require.NoError(t, err)
	require.Equal(t, []string{"dev.env"}, dev.EnvFiles)
	_, err = p.Environment("test")
	require.EqualError(t, err, `.oly-passkey.yaml has no environment "test"; it has production, development`)
	require.Empty(t, read(t, "").Environments)
}

func TestReadErrors(t *testing.T) {
	for text, want := range map[string]string{
		"environment: {}":                                `.oly-passkey.yaml:1: field environment not found`,
		"environments: []":                               `.oly-passkey.yaml:1: environments must be a map of names`,
		"environments:\n  a: {confg: [x]}":               `.oly-passkey.yaml:2: unknown key "confg"; the keys of an environment are config, env_files, domains, domains_from, identity_schemas, kratos, profile, sidecar`,
		"environments:\n  a: {}":                         `.oly-passkey.yaml:2: environment "a" has no config`,
		"ignores:\n  - reason: x":                        `.oly-passkey.yaml:2: an ignore needs a rule`,
		"ignores:\n  - {rule: x, why: y}":                `.oly-passkey.yaml:2: unknown key "why"; the keys of an ignore are rule, file, reason, expires`,
		"ignores:\n  - rule: x":                          `.oly-passkey.yaml:2: the ignore of "x" needs a reason`,
		"ignores: [{rule: x, reason: y, expires: soon}]": `.oly-passkey.yaml:1: expires is "soon"; write YYYY-MM-DD`,
		"a: [": `.oly-passkey.yaml:1: did not find expected node content`,
	} {
		_, err := project.Read(source.New(project.FileName, []byte(text)))
		require.EqualError(t, err, want, text)
	}
}

func TestApply(t *testing.T) {
	p := read(t, `ignores:
  - {rule: one, reason: known}
  - {rule: two, reason: for now, expires: 2026-03-01}
  - {rule: three, reason: known, file: other.yml}
  - {rule: four, reason: for now, expires: 2026-03-02}
`)
	f := source.New("deploy/kratos.yml", []byte("a: b\n"))
	var found []finding.Finding
	for _, rule := range []string{"one", "two", "three", "four", "five"} {
		found = append(found, finding.Finding{Rule: rule, Span: source.Span{File: f}})
	}
	var got []string
	for _, f := range p.Apply(found, true, time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)) {
		got = append(got, f.Rule+" "+f.Span.String())
	}
	require.Equal(t, []string{
		"two deploy/kratos.yml:1:1", "three deploy/kratos.yml:1:1", "five deploy/kratos.yml:1:1",
		"ignore-expired .oly-passkey.yaml:3:12", "ignore-unused .oly-passkey.yaml:4:12",
	}, got)
}

func TestApplyToAPart(t *testing.T) {
	p := read(t, "ignores: [{rule: one, reason: known}]\n")
	require.Empty(t, p.Apply(nil, false, time.Now()), "what was not looked at may still be there")
}

// TestSchema compares the published JSON schema with what Read accepts.
func TestSchema(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/oly-passkey.schema.json")
	require.NoError(t, err)
	var schema struct {
		Properties struct {
			Environments struct {
				AdditionalProperties struct{ Properties map[string]any }
			}
			Ignores struct {
				Items struct{ Properties map[string]any }
			}
		}
	}
	require.NoError(t, json.Unmarshal(raw, &schema))
	require.Equal(t, keysOf(reflect.TypeFor[project.Environment]()), slices.Sorted(maps.Keys(schema.Properties.Environments.AdditionalProperties.Properties)))
	require.Equal(t, keysOf(reflect.TypeFor[project.Ignore]()), slices.Sorted(maps.Keys(schema.Properties.Ignores.Items.Properties)))

	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("project.json", doc))
	compiled, err := c.Compile("project.json")
	require.NoError(t, err)
	for text, ok := range map[string]bool{
		`{"environments": {"production": {"config": ["kratos.yml"], "profile": "prod"}}, "ignores": [{"rule": "x", "reason": "y"}]}`: true,
		`{}`:                                   true,
		`{"environments": {"production": {}}}`: false,
		`{"ignores": [{"rule": "x"}]}`:         false,
		`{"environments": {"a": {"confg": ["x"]}}}`: false,
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		require.NoError(t, err)
		require.Equal(t, ok, compiled.Validate(value) == nil, text)
		_, err = project.Read(source.New(project.FileName, []byte(text)))
		require.Equal(t, ok, err == nil, text)
	}
}

func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("yaml"); key != "" && key != "-" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func TestDomains(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"text": {"# ours\nauth.example.com\nhttps://app.example.com:8443 # app\n*.example.com\n", []string{"auth.example.com", "https://app.example.com:8443"}},
		"ingress": {
			"kind: Ingress\nspec:\n  rules:\n    - host: auth.example.com\n      http: {}\n    - host: \"{{ .Values.host }}\"\n  tls:\n    - hosts: [auth.example.com]\n",
			[]string{"auth.example.com"},
		},
		"flow style": {
			"apiVersion: v1\n---\nkind: Ingress\nspec:\n  rules: [{host: auth.example.com}, {host: app.example.com}]\n",
			[]string{"auth.example.com", "app.example.com"},
		},
		"json list": {
			`{"kind": "List", "items": [{"kind": "HTTPRoute", "spec": {"hostnames": ["auth.example.com"]}}, {"kind": "Service", "spec": {"hostnames": ["no.example.com"]}}]}`,
			[]string{"auth.example.com"},
		},
		"helm template": {
			"{{- if .Values.ingress }}\nkind: Ingress\nspec:\n  rules:\n    - host: auth.example.com\n{{- end }}\n",
			[]string{"auth.example.com"},
		},
		"traefik, several": {
			"kind: IngressRoute\nspec:\n  routes:\n    - match: \"Host(`auth.example.com`, `app.example.com`) || Host(`www.example.com`)\"\n",
			[]string{"auth.example.com", "app.example.com", "www.example.com"},
		},
		"route":   {"kind: HTTPRoute\nspec:\n  hostnames:\n    - auth.example.com\n    - \"app.example.com\"\n  rules: []\n", []string{"auth.example.com", "app.example.com"}},
		"inline":  {"kind: HTTPRoute\nspec:\n  hostnames: [\"auth.example.com\", app.example.com]\n", []string{"auth.example.com", "app.example.com"}},
		"traefik": {"kind: IngressRoute\nspec:\n  routes:\n    - match: Host(`auth.example.com`) && PathPrefix(`/`)\n", []string{"auth.example.com"}},
		"caddy":   {"{\n  email a@example.com\n}\nauth.example.com, https://app.example.com {\n  reverse_proxy :4455\n}\n:80 {\n}\n", []string{"auth.example.com", "https://app.example.com"}},
		"nginx":   {"server {\n  server_name auth.example.com www.example.com;\n  server_name _;\n}\n", []string{"auth.example.com", "www.example.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, project.Domains(source.New("x", []byte(c.text))))
		})
	}
}

// FuzzRead: an error points into the file, and what is read is read alike again.
func FuzzRead(f *testing.F) {
	f.Add("environments:\n  a: {config: [x]}\nignores: [{rule: x, reason: y}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := source.New(project.FileName, []byte(text))
		p, err := project.Read(file)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), project.FileName+":"), "%v", err)
			return
		}
		for _, ignore := range p.Ignores {
			require.NotEmpty(t, ignore.Rule)
			require.True(t, 1 <= ignore.Line && ignore.Line <= file.Lines())
		}
		again, err := project.Read(file)
		require.NoError(t, err)
		require.Equal(t, p, again)
		once := project.Domains(file)
		require.Equal(t, once, project.Domains(file))
	})
}
