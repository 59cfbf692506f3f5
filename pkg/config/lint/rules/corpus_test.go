package rules_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/shared"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// labelRules returns the rules that correspond to each label of the corpus.
func labelRules() map[string][]string {
	return map[string][]string{
		"rpid_invalid":         {"rp-id-is-url", "rp-id-ip"},
		"rpid_not_suffix":      {"rp-id-not-suffix"},
		"localhost_in_prod":    {"rp-id-not-suffix"},
		"origin_outside_rpid":  {"rp-id-not-suffix", "origin-ip"},
		"ui_host_is_ip":        {"origin-ip"},
		"origins_lack_ui":      {"ui-origin-not-listed", "origins-defaulted"},
		"origin_path_or_slash": {"origin-path", "origin-trailing-slash"},
		"origin_and_origins":   {"origin-and-origins"},
		"schema_ext_missing":   {"no-display-name", "webauthn-no-identifier"},
		"placeholder_left":     {"rp-display-name", "placeholder-secrets"},
		"rp_unknown_key":       {"rp-unknown-key"},
		"env_placeholder":      {"template-unrendered"},
		"schema_boot_fail":     {"schema-invalid"},
		"no_session_hook":      {"no-session-hook"},
		"both_passwordless":    {"both-passwordless"}, // a remark, as Ory's own quickstart does it
	}
}

// argued returns labels that another finding on the same file covers, or that
// no rule reports.
func argued() map[string]string {
	return map[string]string{
		"origins_lack_ui after origin-path":            "the origin is listed, only written wrong: one cause, one finding",
		"origins_lack_ui after origin-ip":              "the browser rejects the page itself, so Kratos' response does not matter",
		"origins_lack_ui after rp-id-not-suffix":       "the browser rejects the page itself, so Kratos' response does not matter",
		"origins_ignored_old after origin-and-origins": "Kratos does not start, so what an old one ignores does not matter",
		"origin_outside_rpid after origin-ip":          "the page at the IP address is the cause",
	}
}

// forOldKratos are files without a fault of passkeys that no current Kratos starts
// with, and the reason.
func forOldKratos() map[string]string {
	return map[string]string{
		"HangarMC__HangarAuth__6.yml": "for a Kratos before v0.7: whitelisted_return_urls, default_schema_url and a short secret",
		"HangarMC__HangarAuth__8.yml": "for a Kratos before v0.7: whitelisted_return_urls and default_schema_url",
	}
}

// corpusFile is one configuration of a corpus.
type corpusFile struct {
	name, path, verdict string
	labels              []string // published: what users judged, with its weight in brackets
	errors, also        []string // ours: the rules of all errors, and rules of other findings
}

// lint checks the configuration as the command does.
func (c *corpusFile) lint(t *testing.T) []finding.Finding {
	t.Helper()
	f, err := source.Open(c.path)
	require.NoError(t, err)
	findings, err := lint.Check([]*source.File{f}, lint.Options{Schemas: kratosconf.SchemaOptions{Read: source.Open}}, rules.All())
	require.NoError(t, err)
	requireSound(t, findings)
	return findings
}

// requireVerdict fails the test if a configuration that works has an error, or a
// broken one has none.
func (c *corpusFile) requireVerdict(t *testing.T, errors []string) {
	t.Helper()
	switch c.verdict {
	case "ok", "minor", "disabled":
		require.Empty(t, errors, "%s is %s", c.name, c.verdict)
	case "broken":
		require.NotEmpty(t, errors, "%s is broken: %s", c.name, strings.Join(c.labels, ", "))
	default:
		require.Contains(t, []string{"", "half", "undecidable"}, c.verdict, c.name)
	}
}

// ourCorpus returns the configurations in testdata/corpus: small ones of our own, at
// least one for each shape, template dialect and fault of the published ones.
func ourCorpus(t *testing.T) []corpusFile {
	t.Helper()
	const dir = "testdata/corpus"
	var out []corpusFile
	for _, row := range readIndex(t, filepath.Join(dir, "index.tsv")) {
		out = append(out, corpusFile{
			name: row["file"], path: filepath.Join(dir, row["file"]), verdict: row["verdict"],
			errors: strings.Fields(row["errors"]), also: strings.Fields(row["also"]),
		})
	}
	return out
}

// publishedCorpus returns the published configurations, which are not in the
// repository.
func publishedCorpus(t *testing.T) []corpusFile {
	t.Helper()
	dir := shared.Path(t, "corpus")
	var out []corpusFile
	for _, row := range readIndex(t, filepath.Join(dir, "index.tsv")) {
		c := corpusFile{name: row["file"], path: filepath.Join(dir, "configs", row["file"]), verdict: row["verdict"]}
		for label := range strings.SplitSeq(row["issues"], ";") {
			if label = strings.TrimSpace(label); label != "" {
				c.labels = append(c.labels, label)
			}
		}
		out = append(out, c)
	}
	return out
}

// readIndex returns the rows of a table, by the names in its first row.
func readIndex(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	require.NoError(t, err)
	var out []map[string]string
	for _, row := range rows[1:] {
		named := make(map[string]string)
		for i, name := range rows[0] {
			named[name] = row[i]
		}
		out = append(out, named)
	}
	return out
}

// rulesOf returns the distinct rules of findings, in alphabetical order: of the
// errors, or of the others.
func rulesOf(findings []finding.Finding, errors bool) []string {
	out := []string{}
	for _, f := range findings {
		if (f.Severity == finding.Error) == errors {
			out = append(out, f.Rule)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestOurCorpus lints our own configurations: their errors are exactly those of the
// index.
func TestOurCorpus(t *testing.T) {
	listed := map[string]bool{"index.tsv": true}
	for _, c := range ourCorpus(t) {
		listed[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			findings := c.lint(t)
			errors := rulesOf(findings, true)
			require.ElementsMatch(t, c.errors, errors)
			require.Subset(t, rulesOf(findings, false), c.also)
			c.requireVerdict(t, errors)
		})
	}
	entries, err := os.ReadDir("testdata/corpus")
	require.NoError(t, err)
	for _, e := range entries {
		require.True(t, listed[e.Name()] || strings.HasSuffix(e.Name(), ".schema.json"), "%s is not in index.tsv", e.Name())
	}
}

// TestCorpus lints published configurations and compares the findings with manual
// judgement: no error on a right one, and on a broken one the label's reason. With
// -v it prints the table.
func TestCorpus(t *testing.T) {
	var table strings.Builder
	var count struct{ broken, right int }
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "file\tverdict\tlabel\tfinding\t")
	for _, c := range publishedCorpus(t) {
		findings := c.lint(t)
		if why, old := forOldKratos()[c.name]; old {
			require.NotEmpty(t, rulesOf(findings, true), "%s is %s", c.name, why)
			continue
		}
		c.requireVerdict(t, rulesOf(findings, true))
		switch c.verdict {
		case "ok", "minor", "disabled":
			count.right++
		case "broken":
			count.broken++
		}
		for _, label := range c.labels {
			verdict := judge(label, findings)
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t\n", c.name, c.verdict, label, verdict)
			require.NotEqual(t, "-", verdict, "%s: %s", c.name, label)
		}
	}
	require.NoError(t, w.Flush())
	t.Log("\n" + table.String())
	t.Logf("%d broken files have an error, %d right ones none", count.broken, count.right)
	require.Greater(t, count.broken, 10)
	require.Greater(t, count.right, 20)
}

// judge returns the finding that corresponds to a label, or why there is none;
// "-" means that the label is missed.
func judge(label string, findings []finding.Finding) string {
	name, _, _ := strings.Cut(label, "[")
	for _, rule := range labelRules()[name] {
		for _, f := range findings {
			if f.Rule == rule {
				return rule + " (" + f.Severity.String() + ")"
			}
		}
	}
	for _, f := range findings {
		if why, ok := argued()[name+" after "+f.Rule]; ok {
			return why
		}
	}
	return "-"
}
