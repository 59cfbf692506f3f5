package lint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// wants returns a rule that requires a value of a key and fixes it.
func wants(id, key, value string) *lint.Rule {
	return &lint.Rule{ID: id, Severity: finding.Error, Check: func(p *lint.Pass) {
		if v := p.Get(key); v.Exists() && v.Str != value {
			p.ReportAt(v, finding.Finding{Message: key + " is not " + value, Help: "fix it", Fix: v.Edit(value)})
		}
	}}
}

func TestFixLeavesAloneWhatBringsSomethingNew(t *testing.T) {
	rules := []*lint.Rule{
		wants("harmless", "a", "1"),
		wants("harmful", "b", "2"),
		{ID: "guard", Severity: finding.Error, Check: func(p *lint.Pass) {
			if v := p.Get("b"); v.Str == "2" {
				p.ReportAt(v, finding.Finding{Message: "b must not be 2", Help: "write 0"})
			}
		}},
	}
	f := source.New("kratos.yml", []byte("a: 0 # one\nb: 0\n"))
	repair, err := lint.Fix([]*source.File{f}, lint.Options{}, rules, false)
	require.NoError(t, err)
	require.Len(t, repair.Changed, 1)
	require.Equal(t, "a: 1 # one\nb: 0\n", string(repair.Changed[0].After))
	require.Equal(t, "a: 0 # one\nb: 0\n", string(repair.Changed[0].Before))
	require.Len(t, repair.Left, 1)
	require.Equal(t, "harmful", repair.Left[0].Rule)
}

// TestFixMakesOneOfTwoThatHarmTogether: the worse one, or the first.
func TestFixMakesOneOfTwoThatHarmTogether(t *testing.T) {
	guard := &lint.Rule{ID: "guard", Severity: finding.Error, Check: func(p *lint.Pass) {
		if a, b := p.Get("a"), p.Get("b"); a.Str == "1" && b.Str == "2" {
			p.ReportAt(a, finding.Finding{Message: "not both", Help: "choose"})
		}
	}}
	mild := wants("one", "a", "1")
	mild.Severity = finding.Warning
	for want, rules := range map[string][]*lint.Rule{
		"a: 1\nb: 0\n": {wants("one", "a", "1"), wants("two", "b", "2"), guard},
		"a: 0\nb: 2\n": {mild, wants("two", "b", "2"), guard},
	} {
		repair, err := lint.Fix([]*source.File{source.New("kratos.yml", []byte("a: 0\nb: 0\n"))}, lint.Options{}, rules, false)
		require.NoError(t, err)
		require.Len(t, repair.Changed, 1)
		require.Equal(t, want, string(repair.Changed[0].After))
		require.Len(t, repair.Left, 1)
	}
}

// TestFixMakesWhatHarmsAlone: a harmful fix is left out, and the others are made.
func TestFixMakesWhatHarmsAlone(t *testing.T) {
	rules := []*lint.Rule{
		wants("one", "a", "1"),
		{ID: "follows", Severity: finding.Error, Check: func(p *lint.Pass) {
			if a, b := p.Get("a"), p.Get("b"); a.Str == "1" && b.Str != "1" {
				p.ReportAt(b, finding.Finding{Message: "b follows a", Help: "write 1", Fix: b.Edit("1")})
			}
		}},
		wants("harmful", "c", "2"),
		{ID: "guard", Severity: finding.Error, Check: func(p *lint.Pass) {
			if v := p.Get("c"); v.Str == "2" {
				p.ReportAt(v, finding.Finding{Message: "c must not be 2", Help: "write 0"})
			}
		}},
	}
	repair, err := lint.Fix([]*source.File{source.New("kratos.yml", []byte("a: 0\nb: 0\nc: 0\n"))}, lint.Options{}, rules, false)
	require.NoError(t, err)
	require.Len(t, repair.Changed, 1)
	require.Equal(t, "a: 1\nb: 1\nc: 0\n", string(repair.Changed[0].After))
	require.Len(t, repair.Left, 1)
	require.Equal(t, "harmful", repair.Left[0].Rule)
}

func TestFixEndsWhereRulesDisagree(t *testing.T) {
	rules := []*lint.Rule{wants("one", "a", "1"), wants("two", "a", "2")}
	repair, err := lint.Fix([]*source.File{source.New("kratos.yml", []byte("a: 1\n"))}, lint.Options{}, rules, false)
	require.NoError(t, err)
	require.Empty(t, repair.Changed)
}
