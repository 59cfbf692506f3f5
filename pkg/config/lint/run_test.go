package lint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestRunAgain runs rules repeatedly on one model: a run does not change its input.
func TestRunAgain(t *testing.T) {
	model, unreadable, err := lint.Load([]*source.File{source.New("kratos.yml", []byte("a: 1\nb: 1\n"))}, lint.Options{})
	require.NoError(t, err)
	require.Empty(t, unreadable)
	run := func(rules ...*lint.Rule) []string {
		var out []string
		found, err := lint.Run(model, lint.Options{}, rules)
		require.NoError(t, err)
		for _, f := range found {
			out = append(out, f.Rule+" "+f.Severity.String()+" "+f.Span.String())
		}
		return out
	}
	a, b := wants("a-is-2", "a", "2"), wants("b-is-2", "b", "2")
	b.Severity = finding.Warning
	both := []string{"a-is-2 error kratos.yml:1:4", "b-is-2 warning kratos.yml:2:4"}
	require.Equal(t, both, run(a, b))
	require.Equal(t, both, run(b, a))
	require.Equal(t, both[1:], run(b))
	require.Equal(t, both[:1], run(a))
	require.Empty(t, run())
}
