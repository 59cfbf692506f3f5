package lint_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// wants is a rule that a key has a value, and mends it.
func wants(id, key, value string) *lint.Rule {
	return &lint.Rule{ID: id, Severity: finding.Error, Check: func(p *lint.Pass) {
		if v := p.Config.Get(key); v.Exists() && v.Str != value {
			p.ReportAt(v, finding.Finding{Message: key + " is not " + value, Help: "mend it", Fix: v.Edit(value)})
		}
	}}
}

func TestFixLeavesAloneWhatBringsSomethingNew(t *testing.T) {
	rules := []*lint.Rule{
		wants("harmless", "a", "1"),
		wants("harmful", "b", "2"),
		{ID: "guard", Severity: finding.Error, Check: func(p *lint.Pass) {
			if v := p.Config.Get("b"); v.Str == "2" {
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
		if a, b := p.Config.Get("a"), p.Config.Get("b"); a.Str == "1" && b.Str == "2" {
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

// TestFixMakesWhatHarmsAlone: a fix that breaks what another one mends.
func TestFixMakesWhatHarmsAlone(t *testing.T) {
	rules := []*lint.Rule{
		wants("one", "a", "1"),
		{ID: "follows", Severity: finding.Error, Check: func(p *lint.Pass) {
			if a, b := p.Config.Get("a"), p.Config.Get("b"); a.Str == "1" && b.Str != "1" {
				p.ReportAt(b, finding.Finding{Message: "b follows a", Help: "write 1", Fix: b.Edit("1")})
			}
		}},
		wants("harmful", "c", "2"),
		{ID: "guard", Severity: finding.Error, Check: func(p *lint.Pass) {
			if v := p.Config.Get("c"); v.Str == "2" {
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
		err := lint.Repaired{Name: "x.yml", Before: []byte(manifest), After: []byte(c.after), Rounds: c.rounds}.Proven()
		if c.want == "" {
			require.NoError(t, err, name)
		} else {
			require.EqualError(t, err, c.want, name)
		}
	}
}
