package yamledit_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestProven: a file is written only if it is the edits that make it, and they
// stay inside of the configuration.
func TestProven(t *testing.T) {
	const manifest = "kind: ConfigMap\nmetadata: {name: a}\ndata:\n  kratos.yml: |\n    selfservice: {}\n"
	edit := func(old, text string) [][]source.Edit {
		at := strings.Index(manifest, old)
		masked := source.New("x.yml", []byte(manifest)) // as a part of the file that was read on its own
		return [][]source.Edit{{{Span: source.Span{File: masked, Start: at, End: at + len(old)}, New: text}}}
	}
	for name, c := range map[string]struct {
		after  string
		rounds [][]source.Edit
		want   string
	}{
		"edited":            {strings.Replace(manifest, "{}\n", "{a: b}\n", 1), edit("{}\n", "{a: b}\n"), ""},
		"more than edited":  {strings.Replace("#"+manifest[1:], "{}\n", "{a: b}\n", 1), edit("{}\n", "{a: b}\n"), `"x.yml" is left as it was: more of it would change than was meant to`},
		"without an edit":   {strings.Replace(manifest, "{}\n", "{a: b}\n", 1), nil, `"x.yml" is left as it was: more of it would change than was meant to`},
		"out of the file":   {manifest, [][]source.Edit{{{Span: source.Span{Start: 1, End: 1 << 20}}}}, `"x.yml" is left as it was: edits overlap at x.yml:1:2`},
		"edits of metadata": {strings.Replace(manifest, "name: a", "name: b", 1), edit("name: a", "name: b"), `"x.yml" is left as it was: x.yml:1:1: "metadata.name" would change, which is not part of the Kratos configuration`},
	} {
		err := yamledit.Change{Name: "x.yml", Before: []byte(manifest), After: []byte(c.after), Rounds: c.rounds}.Proven()
		if c.want == "" {
			require.NoError(t, err, name)
		} else {
			require.EqualError(t, err, c.want, name)
		}
	}
}
