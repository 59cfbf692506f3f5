package lint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

func TestIgnoreComments(t *testing.T) {
	rule := &lint.Rule{ID: "some-rule", Severity: lint.Warning, Check: func(p *lint.Pass) {
		p.ReportAt(p.Config.Get("dsn"), lint.Finding{Message: "found"})
	}}
	for comment, want := range map[string]int{
		"": 1,
		"# oly:ignore some-rule because it is fine": 0,
		"#oly:ignore other, some-rule because so":   0,
		"# oly:ignore some-rule":                    1, // no reason
		"# oly:ignore some-rule because ":           1,
		"# oly:ignore other because it is fine":     1,
		"# oly:ignore some because it is fine":      1,
		"# not oly:ignore some-rule because so":     1,
	} {
		t.Run(comment, func(t *testing.T) {
			f := source.New("kratos.yml", []byte("version: v1.3.1\ndsn: memory "+comment+"\n"))
			found, err := lint.Check([]*source.File{f}, lint.Options{}, []*lint.Rule{rule})
			require.NoError(t, err)
			require.Len(t, found, want)
		})
	}
}
