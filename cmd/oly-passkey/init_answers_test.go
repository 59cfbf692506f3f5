package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// FuzzAnswers: whatever stands in an answers file, the flags of a single run
// stay as they are, and an error is one about the command line.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte("domain: auth.example.com\nrp-id: example.com\n"))
	f.Add([]byte("force: true\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("? [domain]\n: x\n"))
	f.Add([]byte("%YAML 1.1\n--- !!map {domain: !!null }\n...\n---\n"))
	f.Fuzz(func(t *testing.T, answers []byte) {
		flags := newInit(&app{}).Flags()
		err := applyAnswers(flags, source.New("answers.yml", answers))
		if err != nil {
			var coded *cli.ExitError
			require.ErrorAs(t, err, &coded)
			require.Equal(t, cli.ExitUsage, coded.Code)
		}
		for _, name := range notAnswers() {
			if name != "help" {
				require.False(t, flags.Changed(name), name)
			}
		}
	})
}
