// Package bench_test measures what docs/dev/benchmarks.md says, on a real Kratos, a
// real PostgreSQL and the real binary, and writes that document: go test -update
// (make bench). Without the flag it does the same in the smallest form, so that
// make test notices when it breaks. OLY_PASSKEY_PROOF=1 measures ten million.
package bench_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
)

var (
	update   = flag.Bool("update", false, "measure in earnest and write docs/benchmarks*")
	sections = flag.String("sections", "", "comma-separated `NAMES` of the sections to measure anew; the others stay as they were; all where it is empty")
	seed     = flag.Uint64("seed", 1, "`NUMBER` from which handles and the order of runs are drawn")
)

// scale is how much is measured.
type scale struct {
	Name     string
	sizes    []int         // entries of the index that is asked
	listed   int           // identities of the real Kratos
	faked    int           // identities of the fake one
	rounds   int           // each compares all parties
	length   time.Duration // of one party in a round
	people   int           // that register
	count    int           // of the Go benchmarks
	time     string        // of each
	packages []string
}

// section is a part of the document that is measured on its own.
type section struct {
	name, title string
	measure     func(t *testing.T, s scale, p *part)
}

func allSections() []section {
	return []section{
		{"resolve", "Whose passkey is this: `POST /v1/resolve`", measureResolve},
		{"build", "The first build, and its memory", measureBuild},
		{"hooks", "Hooks: from Kratos' answer to ours", measureHooks},
		{"size", "Size and start of the program", measureSize},
		{"go", "Go benchmarks", measureGo},
	}
}

// part is what a section has shown, as it is kept between runs.
type part struct {
	At, Commit string
	Scale      string // how much was measured
	Load       string // of the machine before it began
	Failed     bool   // then there is no text
	Took       time.Duration
	Text       string            // Markdown
	Files      map[string][]byte // beside docs/dev/benchmarks.md
}

func (p *part) printf(format string, args ...any) { p.Text += fmt.Sprintf(format, args...) }

const (
	root  = "../.."
	state = root + "/artefacts/bench" // one JSON file a section
)

func TestReport(t *testing.T) {
	s := scales()["smallest"]
	switch {
	case *update && os.Getenv("OLY_PASSKEY_PROOF") != "":
		s = scales()["full"]
	case *update:
		s = scales()["default"]
	}
	for _, sec := range allSections() {
		if *sections != "" && !slices.Contains(strings.Split(*sections, ","), sec.name) {
			continue
		}
		p := &part{Scale: s.Name, At: time.Now().UTC().Format("2006-01-02 15:04"), Commit: output(t, "git", "describe", "--always", "--dirty", "--abbrev=12"), Load: loadAverage(t), Files: map[string][]byte{}}
		p.Failed = !t.Run(sec.name, func(t *testing.T) {
			from := time.Now()
			sec.measure(t, s, p)
			p.Took = time.Since(from)
			t.Logf("\n%s", p.Text)
		})
		if *update {
			writePart(t, sec.name, p)
		}
	}
	if *update {
		writeReport(t)
	}
}

func scales() map[string]scale {
	return map[string]scale{
		"smallest": {sizes: []int{1000}, listed: 300, faked: 3000, rounds: 1, length: 200 * time.Millisecond, people: 4, count: 1, time: "1x", packages: []string{"./pkg/webauthn", "./pkg/sidecar/kratosadmin"}},
		"default":  {Name: "in its default form", sizes: []int{10_000, 1_000_000}, listed: 100_000, faked: 1_000_000, rounds: 5, length: 1500 * time.Millisecond, people: 60, count: 6, time: "100ms"},
		"full":     {Name: "at full length (`OLY_PASSKEY_PROOF=1`)", sizes: []int{10_000, 1_000_000, 10_000_000}, listed: 100_000, faked: 10_000_000, rounds: 5, length: 3 * time.Second, people: 300, count: 10, time: "500ms"},
	}
}

func writePart(t *testing.T, name string, p *part) {
	t.Helper()
	raw, err := json.MarshalIndent(p, "", "\t")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(state, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(state, name+".json"), raw, 0o644))
}

// writeReport writes the document from all parts there are, of this run and of
// earlier ones.
func writeReport(t *testing.T) {
	t.Helper()
	type chapter struct {
		Title, Name string
		Part        *part
	}
	page := struct {
		Seed     uint64
		Facts    []fact
		Chapters []chapter
	}{Seed: *seed, Facts: facts(t)}
	for _, sec := range allSections() {
		c := chapter{Title: sec.title, Name: sec.name}
		if raw, err := os.ReadFile(filepath.Join(state, sec.name+".json")); err == nil {
			c.Part = &part{}
			require.NoError(t, json.Unmarshal(raw, c.Part))
			for name, content := range c.Part.Files {
				require.NoError(t, os.WriteFile(filepath.Join(root, "docs", "dev", name), content, 0o644))
			}
		}
		page.Chapters = append(page.Chapters, c)
	}
	document, err := template.ParseFiles("testdata/benchmarks.md.tmpl")
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, document.Execute(&out, page))
	require.NoError(t, os.WriteFile(filepath.Join(root, "docs", "dev", "benchmarks.md"), out.Bytes(), 0o644))
}

// fact is something about the machine that the numbers depend on.
type fact struct{ What, Value string }

func facts(t *testing.T) []fact {
	t.Helper()
	cpu, memory := "", ""
	for line := range strings.Lines(read(t, "/proc/cpuinfo")) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			cpu = strings.TrimSpace(value)
		}
	}
	for line := range strings.Lines(read(t, "/proc/meminfo")) {
		if value, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			memory = strings.Join(strings.Fields(value), " ")
		}
	}
	postgres, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	require.NoError(t, err)
	require.NotEmpty(t, postgres, "no PostgreSQL; install it: apt-get install postgresql")
	return []fact{
		{"Machine", fmt.Sprintf("%d cores of %s, %s of memory", cores(), cpu, memory)},
		{"System", output(t, "uname", "-sr")},
		{"Go", output(t, "go", "env", "GOVERSION")},
		{"PostgreSQL", output(t, postgres[len(postgres)-1], "--version")},
		{"Kratos", strings.Fields(output(t, kratostest.Binary(t), "version"))[1]},
	}
}

func loadAverage(t *testing.T) string {
	t.Helper()
	return strings.Fields(read(t, "/proc/loadavg"))[0]
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(raw)
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return strings.TrimSpace(string(out))
}
