package truth_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/matrix"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// stagesOf returns the stages at which a deployment that breaks a rule may fail. The
// other rules are about the two gates, which predict covers, or do not affect this
// sign-up.
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

// asked is what lint and matrix are given.
func (d *deployment) asked(t *testing.T) ([]*source.File, lint.Options) {
	t.Helper()
	page, err := webauthn.ParsePage(d.Page)
	require.NoError(t, err)
	opts := lint.Options{
		Profile: passkeys.ProfileDev, // the test is about ceremonies, not about lock-outs
		Schemas: kratosconf.SchemaOptions{Read: func(string) (*source.File, error) { return nil, os.ErrNotExist }},
		Related: d.document(),
	}
	if d.UI != "" {
		opts.Domains = []webauthn.Page{page}
	}
	return []*source.File{source.New("kratos.yml", d.kratosYML(t, "4433", "4434"))}, opts
}

// matrixAgrees reports whether the page's row matches predict.
func (d *deployment) matrixAgrees(t *testing.T, v webauthn.Verdict) bool {
	t.Helper()
	pass, _, err := lint.Load(d.asked(t))
	require.NoError(t, err)
	for _, row := range matrix.New(pass).Rows {
		if row.Origin == punycode(d.Page) && row.Method == d.Method {
			return row.Browser.OK == (v.Gate != webauthn.GateBrowser) && row.OK() == v.OK && (row.Browser.OK || row.Browser.Class == v.Class)
		}
	}
	return false
}

// document is the related origins document, as webauthn reads it.
func (d *deployment) document() *webauthn.Document {
	if d.Related == nil {
		return nil
	}
	return &webauthn.Document{Status: d.Related.Status, ContentType: d.Related.ContentType, Body: []byte(d.Related.Body)}
}

// forecast asks lint about the configuration and predict about the ceremony.
func (d *deployment) forecast(t *testing.T) *forecast {
	t.Helper()
	files, opts := d.asked(t)
	found, err := lint.Check(files, opts, rules.All())
	require.NoError(t, err)
	f := &forecast{Stages: map[stage]bool{}, Session: true}
	errorsFound := false
	for _, one := range found {
		f.Rules = append(f.Rules, one.Rule)
		if one.Rule == "no-session-hook" {
			f.Session = false
		}
		// Here the UI's server reaches Kratos by an address of its own, and users
		// sign up on localhost whatever else is deployed.
		if one.Severity == finding.Error && one.Rule != "base-url-internal" && one.Rule != "rp-id-localhost-prod" {
			errorsFound = true
			if strings.Contains(one.Message, "does not start") {
				f.Stages[stageStart] = true
			}
			for _, s := range stagesOf(one.Rule) {
				f.Stages[s] = true
			}
		}
	}
	slices.Sort(f.Rules)
	f.Rules = slices.Compact(f.Rules)
	if f.Stages[stageStart] {
		// A Kratos that does not start hides every other fault; rules that name several
		// stages have one cause.
		if !slices.Contains(f.Rules, "rp-id-missing") {
			f.Stages = map[stage]bool{stageStart: true}
		}
		return f
	}
	if maps.Equal(f.Stages, map[stage]bool{stageKratos: true}) {
		// Kratos looks at the identity after the browser has looked at rp.id.
		if v := d.predict(t); v.Gate == webauthn.GateBrowser {
			f.Stages, f.Class = map[stage]bool{stageBrowser: true}, v.Class
		}
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
	switch {
	// Lint may report errors although this ceremony works: it checks every listed
	// origin, and the ui_url behind the proxy.
	case v.OK && errorsFound && d.listed() < 2 && d.UI == "", !v.OK && !errorsFound:
		f.Quarrel = "lint says otherwise than predict: " + v.Reason
	case !d.matrixAgrees(t, v):
		f.Quarrel = "the matrix says otherwise than predict: " + v.Reason
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
	q := webauthn.Query{Page: page, BaseURL: d.BaseURL, Related: d.document()}
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

// TestForecasts: lint, matrix and predict agree on every deployment, and on those drawn
// from twenty other seeds, without a browser.
func TestForecasts(t *testing.T) {
	for i := range uint64(21) {
		for _, d := range deployments(t, seed+i, total()) {
			require.Empty(t, d.forecast(t).Quarrel, "seed %d: %s", seed+i, d)
		}
	}
}
