package main

import (
	"maps"
	"slices"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// FuzzAnswers: whatever a file of answers contains, it sets options of init and
// nothing else, and an error is one about the command line.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte("domain: auth.example.com\nrp-id: example.com\n"))
	f.Add([]byte("force: true\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("? [domain]\n: x\n"))
	f.Add([]byte("%YAML 1.1\n--- !!map {domain: !!null }\n...\n---\n"))
	f.Fuzz(func(t *testing.T, answers []byte) {
		layer, err := readAnswers(source.New("answers.yml", answers))
		if err != nil {
			var coded *cli.ExitError
			require.ErrorAs(t, err, &coded)
			require.Equal(t, cli.ExitUsage, coded.Code)
			return
		}
		require.NotEmpty(t, layer.From)
		require.Subset(t, setup.Names(), slices.Collect(maps.Keys(layer.From)))
	})
}

// TestInitTable: every option of init has a flag and an answer, in the order of the
// help.
func TestInitTable(t *testing.T) {
	var o setup.Options
	var flags []string
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.SortFlags = false
	initTable(&o).Register(set)
	set.VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
	require.Equal(t, setup.Names(), flags)
	// Each sets the field of its name, and no other.
	for _, name := range flags {
		o = setup.Options{}
		require.NoError(t, set.Set(name, "true"))
		layer := setup.NewLayer(o, setup.FromFlags, []string{name})
		want := []string{"--" + name, "true"}
		if set.Lookup(name).Value.Type() == "bool" {
			want = want[:1]
		}
		require.Equal(t, [][]string{want}, layer.Flags(func(string, setup.Source) bool { return true }))
	}
}
