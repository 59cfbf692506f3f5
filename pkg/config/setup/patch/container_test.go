package patch_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

const containedConfig = `# ours
serve: {public: {base_url: https://auth.example.com/}}
selfservice:
  flows:
    login: {ui_url: https://auth.example.com/login}
    registration:
      ui_url: https://auth.example.com/registration # here
    settings: {ui_url: https://auth.example.com/settings}
    recovery: {enabled: true, ui_url: https://auth.example.com/recovery}
  methods:
    password: {enabled: true}
identity:
  default_schema_id: a
  schemas: [{id: a, url: file:///etc/config/identity.schema.json}]
`

const containedSchema = `{
  "properties": {
    "traits": {
      "properties": {
        "email": {
          "type": "string",
          "format": "email",
          "title": "E-mail",
          "ory.sh/kratos": {"credentials": {"password": {"identifier": true}}, "recovery": {"via": "email"}}
        }
      },
      "required": ["email"]
    }
  }
}
`

// container is a file with a configuration and an identity schema somewhere in
// it. Everything between the two has to stay byte for byte.
type container struct {
	name   string
	parts  []string // around "CONFIG" and "SCHEMA", which have an indentation
	indent int
	order  [2]string
}

func containers() []container {
	const (
		head    = "apiVersion: v1\nkind: ConfigMap # one\nmetadata:\n  name: kratos\n  labels: {a: b}\ndata:\n"
		service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: kratos}\nspec:\n  ports: [{port: 4433}]\n"
	)
	config, schema := "  kratos.yml: |\n", "  identity.schema.json: |\n"
	text := "  notes.txt: |\n    hands: off\n\n    kratos.yml: |\n"
	const inner = "  kratos:\n    config:\n"
	return []container{
		{"configuration first", []string{head + config, schema, text}, 4, [2]string{"CONFIG", "SCHEMA"}},
		{"schema first", []string{head + schema, text + config, ""}, 4, [2]string{"SCHEMA", "CONFIG"}},
		{"documents around", []string{"# all\n---\n" + service + "---\n" + head + config, schema, service + "# end\n"}, 4, [2]string{"CONFIG", "SCHEMA"}},
		{"no line end", []string{head + schema, config, "  z: 1"}, 4, [2]string{"SCHEMA", "CONFIG"}},
		{"values", []string{"image: {tag: x}\nkratos:\n  config:\n", "  identitySchemas:\n    \"identity.schema.json\": |\n", "  emailTemplates: {a: b}\nreplicas: 2\n"}, 6, [2]string{"CONFIG", "SCHEMA"}},
		{"values, schema first", []string{"kratos:\n  identitySchemas:\n    other.json: |\n      {}\n    identity.schema.json: |-\n", "  config:\n", "replicas: 2\n"}, 6, [2]string{"SCHEMA", "CONFIG"}},
		{"values of a chart around it", []string{"x: y\nkratos:\n" + inner, "    identitySchemas:\n      identity.schema.json: |\n", "ingress: {}\n"}, 8, [2]string{"CONFIG", "SCHEMA"}},
		{"list", []string{"apiVersion: v1\nkind: List\nitems:\n- kind: ConfigMap\n  data:\n    kratos.yml: |\n", "    identity.schema.json: |\n", "- kind: Service\n"}, 6, [2]string{"CONFIG", "SCHEMA"}},
		{"plain, with another document", []string{"", "---\nnotes: |\n", "z: 1\n"}, 0, [2]string{"CONFIG", "SCHEMA"}},
	}
}

func (c container) text(config, schema string) string {
	var b strings.Builder
	for i, part := range c.parts {
		b.WriteString(part)
		if i == len(c.order) {
			break
		}
		text := config
		if c.order[i] == "SCHEMA" {
			text = schema
		}
		for line := range strings.Lines(text) {
			b.WriteString(strings.Repeat(" ", max(c.indent, 2*i)) + line)
		}
	}
	return b.String()
}

// kept requires that every part around the two is unchanged and in order.
func (c container) kept(t *testing.T, after string, variant func(string) string) {
	t.Helper()
	after, ok := strings.CutPrefix(after, variant(c.parts[0]))
	require.True(t, ok, "the beginning of %s changed", c.name)
	_, after, ok = strings.Cut(after, variant(c.parts[1]))
	require.True(t, ok, "the middle of %s changed", c.name)
	require.True(t, strings.HasSuffix(after, variant(c.parts[2])), "the end of %s changed", c.name)
}

func variants() map[string]func(string) string {
	return map[string]func(string) string{
		"LF":   func(s string) string { return s },
		"CRLF": func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
	}
}

// TestContainers: both doors that write, init's patch and lint's fixes, change the
// configuration and the schema in their places, and nothing around them.
func TestContainers(t *testing.T) {
	for _, c := range containers() {
		for name, variant := range variants() {
			for _, bom := range []string{"", "\ufeff"} {
				t.Run(c.name+"/"+name+"/BOM "+map[string]string{"": "no", "\ufeff": "yes"}[bom], func(t *testing.T) {
					text := bom + variant(c.text(containedConfig, containedSchema))
					file := source.New("kratos.yml", []byte(text))
					env := lint.Options{Schemas: kratosconf.SchemaOptions{Read: func(string) (*source.File, error) { return nil, fs.ErrNotExist }}}
					plan, err := patch.New([]*source.File{file}, patch.Options{}, env)
					if c.indent == 0 || c.name == "list" {
						var conflict *patch.ConflictError
						var question *patch.QuestionError
						require.True(t, errors.As(err, &conflict) || errors.As(err, &question), "%v", err)
						return
					}
					require.NoError(t, err)
					require.Len(t, plan.Changed, 1)
					require.NoError(t, plan.Changed[0].Proven())
					after := string(plan.Changed[0].After)
					c.kept(t, strings.TrimPrefix(after, bom), variant)
					require.Empty(t, plan.Errors())
					require.Contains(t, after, `"passkey": {"display_name": true}`)

					without := strings.Replace(after, `"passkey": {"display_name": true}, `, "", 1)
					require.NotEqual(t, after, without)
					repair, err := lint.Fix([]*source.File{source.New("kratos.yml", []byte(without))}, env, rules.All(), true)
					require.NoError(t, err)
					require.Len(t, repair.Changed, 1)
					require.NoError(t, repair.Changed[0].Proven())
					c.kept(t, strings.TrimPrefix(string(repair.Changed[0].After), bom), variant)
				})
			}
		}
	}
}

// FuzzContainers: for any configuration and schema in a container there is an error
// or a patch that leaves the rest of the container unchanged.
func FuzzContainers(f *testing.F) {
	for i := range containers() {
		f.Add(uint8(i), false, false, containedConfig, containedSchema)
		f.Add(uint8(i), true, true, containedConfig, "{}\n")
	}
	f.Add(uint8(0), false, false, "selfservice: {flows: {login: {ui_url: 'http://localhost/'}}}\nidentity: {schemas: [{id: x, url: 'file://identity.schema.json'}]}\n", "{\"properties\":{\"traits\":{\"properties\":{\"email\":{\"type\":\"string\"}}}}}\n")
	f.Fuzz(func(t *testing.T, which uint8, crlf, bom bool, config, schema string) {
		all := containers()
		c := all[int(which)%len(all)]
		variant := variants()["LF"]
		if crlf {
			variant = variants()["CRLF"]
		}
		text := variant(c.text(config, schema))
		if bom {
			text = "\ufeff" + text
		}
		env := lint.Options{Schemas: kratosconf.SchemaOptions{Read: func(string) (*source.File, error) { return nil, fs.ErrNotExist }}}
		plan, err := patch.New([]*source.File{source.New("kratos.yml", []byte(text))}, patch.Options{WithoutSchema: true}, env)
		if err != nil {
			return
		}
		for _, changed := range plan.Changed {
			require.Equal(t, text, string(changed.Before))
			require.NoError(t, changed.Proven())
			if strings.Contains(c.text("", ""), "kind:") && c.indent > 0 && !strings.Contains(config+schema, "kind:") {
				c.kept(t, strings.TrimPrefix(string(changed.After), "\ufeff"), variant)
			}
		}
	})
}
