package lint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

func TestIgnoreComments(t *testing.T) {
	rule := &lint.Rule{ID: "some-rule", Severity: finding.Warning, Check: func(p *lint.Pass) {
		p.ReportAt(p.Get("dsn"), finding.Finding{Message: "found"})
	}}
	for comment, want := range map[string][]string{
		"dsn: memory": {"some-rule kratos.yml:2:6"},
		"dsn: memory # oly:ignore some-rule because it is fine":       nil,
		"dsn: memory #oly:ignore other, some-rule because so":         nil,
		"# oly:ignore some-rule because it is fine\ndsn: memory":      nil,
		"dsn: memory # oly:ignore some-rule":                          {"some-rule kratos.yml:2:6", "ignore-without-reason kratos.yml:2:13"},
		"dsn: memory # oly:ignore some-rule because ":                 {"some-rule kratos.yml:2:6", "ignore-without-reason kratos.yml:2:13"},
		"dsn: memory # oly:ignore other because it is fine":           {"some-rule kratos.yml:2:6"},
		"dsn: memory # oly:ignore some because it is fine":            {"some-rule kratos.yml:2:6"},
		"dsn: memory # not oly:ignore some-rule because so":           {"some-rule kratos.yml:2:6"},
		"dsn: memory\nlog: {} # oly:ignore some-rule because of that": {"some-rule kratos.yml:2:6", "ignore-unused kratos.yml:3:9"},
	} {
		t.Run(comment, func(t *testing.T) {
			f := source.New("kratos.yml", []byte("version: v1.3.1\n"+comment+"\n"))
			found, err := lint.Check([]*source.File{f}, lint.Options{}, []*lint.Rule{rule})
			require.NoError(t, err)
			var got []string
			for _, f := range found {
				got = append(got, f.Rule+" "+f.Span.String())
			}
			require.Equal(t, want, got)
		})
	}
}
