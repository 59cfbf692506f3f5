package truth_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// stagesOf says where a deployment may end that breaks a rule. Rules that are
// not here are about the two gates, which predict answers, or do no harm to
// this one sign-up.
func stagesOf(rule string) []stage {
	switch rule {
	case "schema-invalid", "origin-and-origins", "scalar-for-array", "duplicate-key", "display-name-misnested",
		"display-name-identifier", "passkey-identifier-typo", "key-newer-than-kratos", "yaml-syntax", "hook-parse-and-ignore", "rp-display-name", "identity-schema-unloadable", "schema-unloadable":
		return []stage{stageStart}
	case "rp-id-missing":
		return []stage{stageStart, stageFlow, stageKratos}
	case "no-display-name", "display-trait-nested", "display-trait-ambiguous", "origins-empty":
		return []stage{stageFlow}
	case "webauthn-no-identifier":
		return []stage{stageKratos}
	}
	return nil
}

// forecast asks lint about the configuration and predict about the ceremony.
func (d *deployment) forecast(t *testing.T) *forecast {
	t.Helper()
	file := source.New("kratos.yml", d.kratosYML(t, 4433, 4434))
	found, err := lint.Check([]*source.File{file}, lint.Options{
		Profile: lint.ProfileDev, // the test is about ceremonies, not about lock-outs
		Schemas: kratosconf.SchemaOptions{Read: func(string) (*source.File, error) { return nil, os.ErrNotExist }},
	}, rules.All())
	require.NoError(t, err)
	f := &forecast{Stages: map[stage]bool{}, Session: true}
	errorsFound := false
	for _, finding := range found {
		f.Rules = append(f.Rules, finding.Rule)
		if finding.Rule == "no-session-hook" {
			f.Session = false
		}
		// Here the UI's server reaches Kratos by an address of its own.
		if finding.Severity == lint.Error && finding.Rule != "base-url-internal" {
			errorsFound = true
			for _, s := range stagesOf(finding.Rule) {
				f.Stages[s] = true
			}
		}
	}
	if d.Method == "webauthn" && (slices.Contains(f.Rules, "origin-no-scheme") || slices.Contains(f.Rules, "origin-whitespace")) {
		f.Stages[stageStart] = true // this method's origins have a format in Kratos' schema
	}
	slices.Sort(f.Rules)
	f.Rules = slices.Compact(f.Rules)
	if f.Stages[stageStart] {
		// Whatever else is wrong, nobody gets to see it; rules that name several
		// stages stand for one cause.
		if !slices.Contains(f.Rules, "rp-id-missing") {
			f.Stages = map[stage]bool{stageStart: true}
		}
		return f
	}
	if len(f.Stages) > 0 {
		return f
	}
	v := d.predict(t)
	switch v.Gate {
	case webauthn.GateBrowser:
		f.Stages[stageBrowser], f.Class = true, v.Class
	case webauthn.GateKratos:
		f.Stages[stageKratos] = true
	case webauthn.GateNone:
		f.Stages[stageWorks] = true
	}
	// Lint may object where this ceremony works: it knows of no related origins
	// document, and it looks at every origin that is listed.
	if d.Related == nil && d.listed() < 2 && v.OK == errorsFound {
		f.Quarrel = "lint says otherwise than predict: " + v.Reason
	}
	return f
}

// listed counts the origins of the configuration.
func (d *deployment) listed() int {
	rp, _ := d.Config.(object)["rp"].(object)
	list, _ := rp["origins"].([]any)
	return len(list)
}

// predict asks the two gates.
func (d *deployment) predict(t *testing.T) webauthn.Verdict {
	t.Helper()
	page, err := webauthn.ParsePage(d.Page)
	require.NoError(t, err)
	q := webauthn.Query{Page: page, BaseURL: d.BaseURL}
	if d.Related != nil {
		q.Related = &webauthn.Document{Status: d.Related.Status, ContentType: d.Related.ContentType, Body: []byte(d.Related.Body)}
	}
	rp := d.Config.(object)["rp"].(object)
	id := rp["id"].(string)
	q.RPID = &id
	if list, ok := rp["origins"].([]any); ok {
		for _, o := range list {
			q.Origins = append(q.Origins, o.(string))
		}
	} else if origin, ok := rp["origin"].(string); ok && d.Method == "webauthn" {
		q.Origins = []string{origin}
	}
	return webauthn.Predict(q)
}

func keysOf(m map[stage]bool) string {
	var keys []string
	for k := range m {
		keys = append(keys, string(k))
	}
	slices.Sort(keys)
	return strings.Join(keys, " or ")
}
