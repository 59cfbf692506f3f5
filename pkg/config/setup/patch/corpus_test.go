package patch_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/shared"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// published is one configuration of ../shared/corpus.
type published struct {
	name   string
	config []byte
	schema []byte // the one that was published with it, or quickstart
}

// quickstart is the identity schema of Ory's quickstart, for configurations that
// were published without theirs.
const quickstart = `{
  "$id": "https://schemas.ory.sh/presets/kratos/quickstart/email-password/identity.schema.json",
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "Person",
  "type": "object",
  "properties": {
    "traits": {
      "type": "object",
      "properties": {
        "email": {
          "type": "string",
          "format": "email",
          "title": "E-Mail",
          "minLength": 3,
          "ory.sh/kratos": {
            "credentials": {
              "password": {
                "identifier": true
              }
            },
            "verification": {
              "via": "email"
            },
            "recovery": {
              "via": "email"
            }
          }
        },
        "name": {
          "type": "object",
          "properties": {
            "first": {
              "title": "First Name",
              "type": "string"
            },
            "last": {
              "title": "Last Name",
              "type": "string"
            }
          }
        }
      },
      "required": [
        "email"
      ],
      "additionalProperties": false
    }
  }
}
`

// corpus returns, in the order of its index, every configuration that is unchanged
// from its project, is YAML without templates, and has a sign-in page. Nothing else
// is left out.
func corpus(t *testing.T) []published {
	t.Helper()
	folder := shared.Path(t, "corpus")
	index, err := os.ReadFile(filepath.Join(folder, "index.tsv"))
	require.NoError(t, err)
	rows := strings.Split(strings.TrimSpace(string(index)), "\n")
	column := make(map[string]int)
	for i, name := range strings.Split(rows[0], "\t") {
		column[name] = i
	}
	var all []published
	for _, line := range rows[1:] {
		row := strings.Split(line, "\t")
		if row[column["state"]] != "HEAD" || row[column["plain_yaml"]] != "True" || row[column["templating"]] != "" || !strings.Contains(row[column["ui_urls"]], "login=") {
			continue
		}
		p := published{name: row[column["file"]], schema: []byte(quickstart)}
		configs := filepath.Join(folder, "configs")
		p.config, err = os.ReadFile(filepath.Join(configs, p.name))
		require.NoError(t, err)
		if own, err := os.ReadFile(filepath.Join(configs, strings.TrimSuffix(p.name, ".yml")+".schema.json")); err == nil {
			p.schema = own
		}
		all = append(all, p)
	}
	return all
}

// patch plans the patch of a published configuration whose default identity
// schema is p.schema.
func (p published) patch() (*patch.Plan, error) {
	read := func(name string) (*source.File, error) {
		if name != "kratos.schema.json" {
			return nil, fs.ErrNotExist
		}
		return source.New(name, p.schema), nil
	}
	return patch.New([]*source.File{source.New("kratos.yml", p.config)}, patch.Options{}, lint.Options{
		Schemas: kratosconf.SchemaOptions{Read: read, Named: map[string]string{"": "kratos.schema.json"}},
	})
}

// TestCorpus patches all of them. Each is either rejected with a reason or has no
// errors afterwards, except those that only its owner can fix.
func TestCorpus(t *testing.T) {
	owners := map[string]bool{
		"placeholder-secrets": true, "ui-url-fallback": true, "schema-invalid": true, // secrets, pages and keys that only they know
	}
	all := corpus(t)
	require.Greater(t, len(all), 60)
	clean := 0
	for _, p := range all {
		plan, err := p.patch()
		if err != nil {
			var refused *patch.ConflictError
			var question *patch.QuestionError
			require.True(t, errors.As(err, &refused) || errors.As(err, &question), "%s: %v", p.name, err)
			t.Logf("%s: refused: %v", p.name, err)
			continue
		}
		if len(plan.Errors()) == 0 {
			clean++
		}
		for _, f := range plan.Errors() {
			require.True(t, owners[f.Rule], "%s: %s: %s [%s]", p.name, f.Span, f.Message, f.Rule)
			t.Logf("%s: left: %s [%s]", p.name, f.Message, f.Rule)
		}
	}
	t.Logf("%d configurations, %d of them clean after the patch", len(all), clean)
	require.GreaterOrEqual(t, clean*10, len(all)*8)
}
