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

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// labelRules says which rules mean the same as a label of the corpus.
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

// argued are labels whose reason another finding on the same file covers, or
// that no rule takes up.
func argued() map[string]string {
	return map[string]string{
		"origins_lack_ui after origin-path":            "the origin is listed, only written wrong: one cause, one finding",
		"origins_lack_ui after origin-ip":              "the browser refuses the page itself, so what Kratos would say does not matter",
		"origins_lack_ui after rp-id-not-suffix":       "the browser refuses the page itself, so what Kratos would say does not matter",
		"origins_ignored_old after origin-and-origins": "Kratos refuses to start, so what an old one ignores does not matter",
		"origin_outside_rpid after origin-ip":          "the page at the IP address is the cause",
	}
}

// forOldKratos are files without a fault of passkeys that no Kratos of today starts
// with, and the reason.
func forOldKratos() map[string]string {
	return map[string]string{
		"HangarMC__HangarAuth__6.yml": "for a Kratos before v0.7: whitelisted_return_urls, default_schema_url and a short secret",
		"HangarMC__HangarAuth__8.yml": "for a Kratos before v0.7: whitelisted_return_urls and default_schema_url",
	}
}

// corpusFile is one line of the corpus' index.
type corpusFile struct {
	name, verdict string
	labels        []string // with their weight in brackets
}

func readCorpus(t *testing.T) (string, []corpusFile) {
	t.Helper()
	shared := os.Getenv("OLY_PASSKEY_SHARED")
	if shared == "" {
		shared = "../../../../../shared"
	}
	dir := filepath.Join(shared, "corpus")
	f, err := os.Open(filepath.Join(dir, "index.tsv"))
	if os.IsNotExist(err) {
		t.Skip("the corpus of published configurations is not here: ../shared/corpus")
	}
	require.NoError(t, err)
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes = '\t', true
	rows, err := r.ReadAll()
	require.NoError(t, err)
	require.NoError(t, f.Close())
	column := func(name string) int { return slices.Index(rows[0], name) }
	var out []corpusFile
	for _, row := range rows[1:] {
		c := corpusFile{name: row[column("file")], verdict: row[column("verdict")]}
		for label := range strings.SplitSeq(row[column("issues")], ";") {
			if label = strings.TrimSpace(label); label != "" {
				c.labels = append(c.labels, label)
			}
		}
		out = append(out, c)
	}
	return filepath.Join(dir, "configs"), out
}

// TestCorpus lints published configurations and compares the findings with what
// people judged: no error on a right one, and on a broken one the label's
// reason. With -v it prints the table.
func TestCorpus(t *testing.T) {
	dir, files := readCorpus(t)
	var table strings.Builder
	var count struct{ broken, found, right, alarms int }
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "file\tverdict\tlabel\tfinding\t")
	for _, c := range files {
		f, err := source.Open(filepath.Join(dir, c.name))
		require.NoError(t, err)
		opts := lint.Options{Schemas: kratosconf.SchemaOptions{Read: source.Open}}
		findings, err := lint.Check([]*source.File{f}, opts, rules.All())
		require.NoError(t, err)
		requireSound(t, findings)
		var errors []string
		for _, found := range findings {
			if found.Severity == lint.Error {
				errors = append(errors, found.Rule)
			}
		}
		_, old := forOldKratos()[c.name]
		switch c.verdict {
		case "ok", "minor", "disabled":
			if old {
				require.NotEmpty(t, errors, "%s is for an old Kratos", c.name)
				break
			}
			count.right++
			count.alarms += min(len(errors), 1)
			require.Empty(t, errors, "%s is %s", c.name, c.verdict)
		case "broken":
			count.broken++
			count.found += min(len(errors), 1)
			require.NotEmpty(t, errors, "%s is broken: %s", c.name, strings.Join(c.labels, ", "))
		}
		for _, label := range c.labels {
			verdict := judge(label, findings)
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t\n", c.name, c.verdict, label, verdict)
			require.NotEqual(t, "-", verdict, "%s: %s", c.name, label)
		}
	}
	require.NoError(t, w.Flush())
	t.Log("\n" + table.String())
	t.Logf("of %d broken files %d have an error, of %d right ones %d", count.broken, count.found, count.right, count.alarms)
}

// judge names the finding that means a label, or why there is none; "-" is a
// label that nothing answers.
func judge(label string, findings []lint.Finding) string {
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
