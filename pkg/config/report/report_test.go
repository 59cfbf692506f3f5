package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/golden"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// findings is one of each severity, with all that a finding can have.
func findings() []finding.Finding {
	f := source.New("deploy/kratos.yml", []byte("rp:\n  id: \"ünï.example\"\n  origins: [https://a.example/] # 50%, <b>\n"))
	at := func(start, end int) source.Span { return source.Span{File: f, Start: start, End: end} }
	start := bytes.Index(f.Data, []byte("https"))
	origin := at(start, start+len("https://a.example/"))
	return []finding.Finding{
		{
			Rule: "origin-trailing-slash", Severity: finding.Error, Span: origin, Message: `origin "https://a.example/" ends in a slash: 100% wrong, <b>`,
			Help: `write "https://a.example"`, Fix: []source.Edit{{Span: origin, New: "https://a.example"}},
			Notes: []finding.Note{{Span: at(0, 2), Message: "the rp is here"}},
		},
		{Rule: "rp-id-not-canonical", Severity: finding.Warning, Span: at(11, 24), Message: "not punycode", Help: "write it so"},
		{Rule: "origin-unused", Severity: finding.Info, Span: at(0, 0), Message: "left over"},
	}
}

func TestFormats(t *testing.T) {
	for _, name := range report.Formats() {
		t.Run(name, func(t *testing.T) {
			write, ok := report.ForFormat(name)
			require.True(t, ok)
			var out, empty bytes.Buffer
			require.NoError(t, write(&out, findings()))
			require.NoError(t, write(&empty, nil))
			golden.File(t, "testdata/"+name+".golden", out.Bytes(), *update)
			golden.File(t, "testdata/"+name+".none.golden", empty.Bytes(), *update)
			for _, b := range [][]byte{out.Bytes(), empty.Bytes()} {
				switch name {
				case "json", "sarif", "gitlab":
					require.True(t, json.Valid(b))
				case "junit":
					require.NoError(t, xml.Unmarshal(b, new(any)))
				}
			}
		})
	}
	_, ok := report.ForFormat("yaml")
	require.False(t, ok)
}

func TestColorText(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, report.Look{Columns: 80, Color: true}.Text(&out, findings()[2:]))
	require.Equal(t, "deploy/kratos.yml:1:1: \x1b[1;36minfo\x1b[0m: left over [origin-unused]\n  1 | rp:\n    | \x1b[1;36m^\x1b[0m\n", out.String())
}

// TestSARIFIsValid checks against the schema that OASIS publishes.
func TestSARIFIsValid(t *testing.T) {
	raw, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	require.NoError(t, err)
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("sarif.json", schema))
	compiled, err := c.Compile("sarif.json")
	require.NoError(t, err)
	for _, list := range [][]finding.Finding{findings(), nil} {
		var out bytes.Buffer
		require.NoError(t, report.SARIF(&out, list))
		doc, err := jsonschema.UnmarshalJSON(&out)
		require.NoError(t, err)
		require.NoError(t, compiled.Validate(doc))
	}
}

func TestFingerprintsOfGitLabAreUnique(t *testing.T) {
	twice := append(findings(), findings()...)
	var out bytes.Buffer
	require.NoError(t, report.GitLab(&out, twice))
	var issues []struct{ Fingerprint string }
	require.NoError(t, json.Unmarshal(out.Bytes(), &issues))
	seen := make(map[string]bool)
	for _, i := range issues {
		require.False(t, seen[i.Fingerprint])
		seen[i.Fingerprint] = true
	}
	require.Len(t, issues, 6)
}

func TestColorTextFitsATerminal(t *testing.T) {
	file := source.New("kratos.yml", []byte("id: "+strings.Repeat("so long, ", 25)))
	span := source.Span{File: file, Start: 151, End: 155}
	var out bytes.Buffer
	require.NoError(t, report.Look{Columns: 80, Color: true}.Text(&out, []finding.Finding{{
		Rule: "a-rule", Severity: finding.Error, Span: span,
		Message: strings.Repeat("what is wrong, and what happens to people, ", 3) + "at length",
		Help:    strings.Repeat("what to do, step by step, ", 4) + "in time",
		Notes:   []finding.Note{{Span: span, Message: strings.Repeat("and where else ", 6) + "it shows"}},
	}}))
	plain := regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(out.String(), "")
	require.Equal(t, `kratos.yml:1:152: error: what is wrong, and what happens to people, what is
    wrong, and what happens to people, what is wrong, and what happens to
    people, at length [a-rule]
  1 | …ong, so long, so long, so long, so long, so long, so long, so long, so…
    |                   ^~~~
  help: what to do, step by step, what to do, step by step, what to do, step by
        step, what to do, step by step, in time
  note: kratos.yml:1:152: and where else and where else and where else and where
        else and where else and where else it shows
`, plain)
}
