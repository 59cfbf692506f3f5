package explain_test

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/explain"
	"github.com/olympusoss/oly-passkey/pkg/lint/rules"
)

// once reads the table, which takes as long as a hundred explanations.
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

// TestMessages holds every message on record against the cause that is right
// for it, which must be named first.
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
		require.NotEmpty(t, a.Found, "nothing is known about %q", row[0])
		require.Equal(t, row[1], a.Found[0].ID, row[0])
		require.Equal(t, row[2], a.Found[0].Causes[0].ID, row[0])
	}
	require.NoError(t, lines.Err())
	require.Greater(t, n, 100)
}

// TestMessagesOfTheField reads the table of other relying parties' errors that
// the messages were taken from: every quoted one is known.
func TestMessagesOfTheField(t *testing.T) {
	shared := os.Getenv("OLY_PASSKEY_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	text, err := os.ReadFile(filepath.Join(shared, "facts", "users.md"))
	if err != nil {
		t.Skipf("without ../shared: %v", err)
	}
	_, section, ok := strings.Cut(string(text), "\n## 2. ")
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

// TestEveryProblemIsExplained reads the names of the sidecar's problems out of
// its source, since the two halves of the house do not import each other.
func TestEveryProblemIsExplained(t *testing.T) {
	sources, err := filepath.Glob("../sidecar/*.go")
	require.NoError(t, err)
	n := 0
	for _, name := range sources {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`newProblem\([a-zA-Z.]+, "([a-z-]+)"`).FindAllSubmatch(text, -1) {
			n++
			a := explained(t, "https://github.com/olympusoss/oly-passkey/blob/main/docs/problems.md#"+string(m[1]))
			require.NotEmpty(t, a.Found, "the problem %q has no entry in table/messages.yml", m[1])
			require.Equal(t, "sidecar-"+string(m[1]), a.Found[0].ID)
		}
	}
	require.Greater(t, n, 5)
}

// TestTableIsSound checks what the loader cannot: that ids lead somewhere, and
// that the words are in the house's style.
func TestTableIsSound(t *testing.T) {
	table := table(t)
	known := make(map[string]bool)
	for _, r := range rules.All() {
		known[r.ID] = true
	}
	used, seen := make(map[string]bool), make(map[string]bool)
	for _, m := range table.Messages {
		require.False(t, seen[m.ID], "%s stands twice", m.ID)
		seen[m.ID] = true
		require.NotEmpty(t, m.Match, m.ID)
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
				require.Empty(t, proves[r], "%s: the rule %s would prove two causes, %s too", m.ID, r, c)
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
