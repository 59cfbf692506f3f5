package lint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// wants is a rule that a key has a value, and mends it.
func wants(id, key, value string) *lint.Rule {
	return &lint.Rule{ID: id, Severity: lint.Error, Check: func(p *lint.Pass) {
		if v := p.Config.Get(key); v.Exists() && v.Str != value {
			p.ReportAt(v, lint.Finding{Message: key + " is not " + value, Help: "mend it", Fix: v.Edit(value)})
		}
	}}
}

func TestFixLeavesAloneWhatBringsSomethingNew(t *testing.T) {
	rules := []*lint.Rule{
		wants("harmless", "a", "1"),
		wants("harmful", "b", "2"),
		{ID: "guard", Severity: lint.Error, Check: func(p *lint.Pass) {
			if v := p.Config.Get("b"); v.Str == "2" {
				p.ReportAt(v, lint.Finding{Message: "b must not be 2", Help: "write 0"})
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

func TestFixRefusesWhatIsNewOnlyTogether(t *testing.T) {
	rules := []*lint.Rule{
		wants("one", "a", "1"),
		wants("two", "b", "2"),
		{ID: "guard", Severity: lint.Error, Check: func(p *lint.Pass) {
			if a, b := p.Config.Get("a"), p.Config.Get("b"); a.Str == "1" && b.Str == "2" {
				p.ReportAt(a, lint.Finding{Message: "not both", Help: "choose"})
			}
		}},
	}
	_, err := lint.Fix([]*source.File{source.New("kratos.yml", []byte("a: 0\nb: 0\n"))}, lint.Options{}, rules, false)
	require.EqualError(t, err, "the fixes would bring a new finding, so none is made: kratos.yml:1:4: not both [guard]")
}

func TestFixEndsWhereRulesDisagree(t *testing.T) {
	rules := []*lint.Rule{wants("one", "a", "1"), wants("two", "a", "2")}
	repair, err := lint.Fix([]*source.File{source.New("kratos.yml", []byte("a: 1\n"))}, lint.Options{}, rules, false)
	if err == nil {
		require.Empty(t, repair.Changed)
	}
}

func TestProfiles(t *testing.T) {
	for host, public := range map[string]bool{
		"https://auth.example.com": true, "http://localhost:4455": false, "https://auth.localhost": false, "https://127.0.0.1": false,
		"https://intranet": false, "https://kratos.auth.svc.cluster.local": false, "https://auth.test": false, "https://shop.co.uk": true,
	} {
		p := page(t, host)
		require.Equal(t, public, lint.IsPublic(p), host)
	}
}

func TestFlawsOfRPID(t *testing.T) {
	for id, want := range map[string]lint.RPIDFlaw{
		"example.com": lint.RPIDFine, "localhost": lint.RPIDFine, "xn--bcher-kva.example": lint.RPIDFine, "my_host.example": lint.RPIDFine,
		"https://example.com": lint.RPIDIsURL, "example.com:443": lint.RPIDIsURL, "example.com/": lint.RPIDIsURL, "a@b.c": lint.RPIDIsURL,
		"127.0.0.1": lint.RPIDIsIP, "[::1]": lint.RPIDIsIP, "::1": lint.RPIDIsIP, "0x7f.1": lint.RPIDIsIP,
		"*.example.com": lint.RPIDBadLabel, "example.com.": lint.RPIDBadLabel, ".example.com": lint.RPIDBadLabel, "a b": lint.RPIDBadLabel, "-a.b": lint.RPIDBadLabel,
		"Example.com": lint.RPIDNotCanonical, "bücher.example": lint.RPIDNotCanonical,
	} {
		require.Equal(t, want, lint.FlawOf(id), id)
	}
}

func page(t *testing.T, raw string) webauthn.Page {
	t.Helper()
	p, err := webauthn.ParsePage(raw)
	require.NoError(t, err)
	return p
}
