package explain_test

import (
	"bufio"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/shared"
	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/explain"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
)

// once loads the table, which takes as long as a hundred explanations.
var once = sync.OnceValues(explain.Load)

func table(tb testing.TB) *explain.Table {
	tb.Helper()
	table, err := once()
	require.NoError(tb, err)
	return table
}

func explained(t *testing.T, input string) *explain.Answer {
	t.Helper()
	a, err := table(t).Explain([]byte(input), explain.Options{})
	require.NoError(t, err)
	return a
}

// TestMessages checks that every recorded message is explained, with the right
// cause first.
func TestMessages(t *testing.T) {
	f, err := os.Open("testdata/messages.tsv")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	lines := bufio.NewScanner(f)
	require.True(t, lines.Scan())
	require.Equal(t, "message\tentry\tfirst cause\tseen in", lines.Text())
	n := 0
	for ; lines.Scan(); n++ {
		row := strings.Split(lines.Text(), "\t")
		require.Len(t, row, 4, lines.Text())
		a := explained(t, row[0])
		require.NotEmpty(t, a.Found, "no explanation found for %q", row[0])
		require.Equal(t, row[1], a.Found[0].ID, row[0])
		require.Equal(t, row[2], a.Found[0].Causes[0].ID, row[0])
	}
	require.NoError(t, lines.Err())
	require.Greater(t, n, 100)
}

// TestMessagesOfTheField checks that every message quoted in the collection of
// other relying parties' errors is known.
func TestMessagesOfTheField(t *testing.T) {
	text := facts(t, "users.md")
	_, section, ok := strings.Cut(text, "\n## 2. ")
	require.True(t, ok)
	n := 0
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "### ") {
			break
		}
		cells := strings.Split(line, "|")
		if len(cells) != 4 || strings.HasPrefix(cells[1], "---") || strings.Contains(cells[1], "Message users see") {
			continue
		}
		// Several messages of one row are separated by slashes.
		for message := range strings.SplitSeq(cells[1], `" / "`) {
			n++
			require.NotEqual(t, explain.KindUnknown, explained(t, message).Kind, message)
		}
	}
	require.Greater(t, n, 15)
}

// TestFactsAreExplained checks the notes on Kratos and browsers: each Kratos
// message number, each exception name and each quoted text about a failure is
// known.
func TestFactsAreExplained(t *testing.T) {
	no, err := os.ReadFile("testdata/no-messages.txt")
	require.NoError(t, err)
	noMessages := strings.Split(strings.TrimSpace(string(no)), "\n")
	trouble := regexp.MustCompile(`(?i)error|fail|refus|invalid|cannot|can't|could not|unable|not |unknown|denied|missing|wrong|expired|exists`)
	n := 0
	for _, name := range []string{"kratos.md", "kratos-chromium.md", "browser.md", "users.md"} {
		for _, text := range quoted(t, name) {
			if !regexp.MustCompile(`^[\w"{<…]`).MatchString(text) { // between two quotes
				continue
			}
			if !trouble.MatchString(text) && !regexp.MustCompile(`^\d+$`).MatchString(text) || slices.Contains(noMessages, text) {
				continue
			}
			n++
			require.NotEqual(t, explain.KindUnknown, explained(t, text).Kind, "%s: %q is not known; explain it, or list it in testdata/no-messages.txt", name, text)
		}
	}
	require.Greater(t, n, 60)
}

// quoted returns the quoted texts, Kratos message numbers and exception names of a
// page.
func quoted(t *testing.T, name string) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile("\"([^\"\n]{6,}?)\"|`([^`\n]{6,}? [^`\n]+?)`|\\b([1-5]0[0-9]{5})\\b|\\b([A-Z][A-Za-z]+Error)\\b").FindAllStringSubmatch(facts(t, name), -1) {
		out = append(out, m[1]+m[2]+m[3]+m[4])
	}
	return out
}

// facts reads a page of notes.
func facts(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(shared.Path(t, "facts/"+name))
	require.NoError(t, err)
	return string(text)
}

// TestEveryProblemIsExplained: explain knows every problem of the sidecar.
func TestEveryProblemIsExplained(t *testing.T) {
	for _, name := range api.Problems() {
		a := explained(t, api.ProblemBase+name)
		require.NotEmpty(t, a.Found, "the problem %q has no entry in table/messages.yml", name)
		require.Equal(t, "sidecar-"+name, a.Found[0].ID)
	}
}

// TestTableIsSound checks that all ids exist and are used, and that the texts
// follow the style.
func TestTableIsSound(t *testing.T) {
	table := table(t)
	known := make(map[string]bool)
	for _, r := range rules.All() {
		known[r.ID] = true
	}
	used, seen := make(map[string]bool), make(map[string]bool)
	for _, m := range table.Messages {
		require.False(t, seen[m.ID], "duplicate id %s", m.ID)
		seen[m.ID] = true
		require.NotEmpty(t, m.Match, m.ID)
		require.Contains(t, []string{"users", "browser", "apps", "kratos", "start", "hooks", "operation", "sidecar"}, m.Where, m.ID)
		require.NotEmpty(t, m.Causes, m.ID)
		for _, text := range []string{m.Title, m.From, m.Source} {
			requireSentence(t, m.ID, text)
		}
		for _, pattern := range m.Match {
			require.Equal(t, strings.ToLower(strings.Trim(pattern, " *")), pattern, m.ID)
		}
		proves := make(map[string]string)
		for _, c := range m.Causes {
			require.Contains(t, table.Causes, c, m.ID)
			used[c] = true
			for _, r := range table.Causes[c].Rules {
				require.Empty(t, proves[r], "%s: the rule %s would confirm two causes, %s too", m.ID, r, c)
				proves[r] = c
			}
		}
	}
	for id, c := range table.Causes {
		require.True(t, used[id], "no message has the cause %s", id)
		for _, text := range []string{c.Because, c.Tell, c.Fix, c.Source} {
			requireSentence(t, id, text)
		}
		for _, r := range c.Rules {
			require.True(t, known[r], "cause %s names the rule %s, which does not exist", id, r)
		}
	}
}

func requireSentence(t *testing.T, id, text string) {
	t.Helper()
	require.NotEmpty(t, text, id)
	require.False(t, strings.HasSuffix(text, "."), "%s: %q ends in a period", id, text)
	require.NotContains(t, text, "\n", id)
}
