// Package report writes docs/hardness.md from what there is: the fuzz targets,
// the scores of the mutation runs, coverage, leak checks and linters.
package report

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/ci/hardness/fuzz"
	"github.com/olympusoss/oly-passkey/ci/hardness/mutation"
)

const intro = `# Hardness

How hard this code is to break, in numbers that anyone can repeat. ` + "`make hardness`" + ` writes this page; a test of
` + "`make test`" + ` fails where it does not say what the code says.

| what | command | in ` + "`make test`" + ` |
|---|---|---|
| fuzzing, 60 s a target | ` + "`make fuzz`" + ` | every committed seed |
| mutation, every mutant | ` + "`make mutation`" + ` | a seeded sample of each package |
| coverage | ` + "`make coverage`" + ` | |
| race detector | ` + "`make suites`" + ` | every package of the main module; the real browser's suites and the conformance suite run without it, because the processes that they hold in their hands are built without |
| goroutine leaks | ` + "`go test ./...`" + ` | every package below |
| static analysis | ` + "`make check`" + ` | all of it |

`

// Page writes the page for the module at root.
func Page(root string) (string, error) {
	var out strings.Builder
	out.WriteString(intro)
	for _, section := range []func(*strings.Builder, string) error{fuzzing, mutants, coverage, leaks, linters} {
		if err := section(&out, root); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}

func fuzzing(out *strings.Builder, root string) error {
	targets, err := fuzz.Targets(root)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "## Fuzz targets\n\nEvery function that decodes, parses or reads what somebody else wrote has one, or its reason in\n`.ci/hardness/fuzz/parsers.tsv`. There are %d targets.\n\n| package | target | what holds | seeds |\n|---|---|---|---|\n", len(targets))
	for _, t := range targets {
		fmt.Fprintf(out, "| %s | %s | %s | %d |\n", t.Package, t.Name, strings.TrimSuffix(t.Property, "."), t.Seeds)
	}
	return nil
}

func mutants(out *strings.Builder, root string) error {
	dir := filepath.Join(root, ".ci", "hardness", "mutation")
	results, err := mutation.ReadResults(filepath.Join(dir, "results.tsv"))
	if err != nil {
		return err
	}
	out.WriteString(`
## Mutation

Each mutant is one small break: a condition that is always true or always false, another boundary or operator, another
constant, a statement left out, zero values returned. It is killed when a test of its own package fails, and timed out when
the tests take many times the processor time that they need. What is logged is not mutated.

| package | mutants | killed | timed out | survive | noticed | date | commit |
|---|---|---|---|---|---|---|---|
`)
	for _, r := range results {
		fmt.Fprintf(out, "| %s | %d | %d | %d | %d | %.1f %% | %s | %s |\n", r.Package, r.Mutants, r.Killed, r.TimedOut, r.Survived,
			100*float64(r.Killed+r.TimedOut)/float64(r.Mutants), r.Date, r.Commit)
	}
	for _, path := range mutation.Packages() {
		if !slices.ContainsFunc(results, func(r mutation.Result) bool { return r.Package == path }) {
			return fmt.Errorf("of %s no complete run is on record; `make mutation ARGS='-package %s'` is one", path, path)
		}
	}
	f, err := os.Open(filepath.Join(dir, "survivors.tsv"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	known, err := mutation.ReadKnown(f)
	if err != nil {
		return err
	}
	out.WriteString("\nThose that survive, and why no test notices them:\n\n| package | mutants | why |\n|---|---|---|\n")
	for _, path := range sorted(known) {
		byReason := map[string]int{}
		for _, reason := range known[path] {
			byReason[reason]++
		}
		for _, reason := range sorted(byReason) {
			fmt.Fprintf(out, "| %s | %d | %s |\n", path, byReason[reason], reason)
		}
	}
	return nil
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func coverage(out *strings.Builder, root string) error {
	text, err := os.ReadFile(filepath.Join(root, ".ci", "hardness", "report", "coverage.tsv"))
	if err != nil {
		return err
	}
	out.WriteString("\n## Coverage\n\nStatements that the tests of a package itself reach, in one process. What real processes, a real Kratos, PostgreSQL\nand browser reach besides is not counted.\n\n| package | statements |\n|---|---|\n")
	for line := range strings.Lines(string(text)) {
		path, percent, _ := strings.Cut(strings.TrimSpace(line), "\t")
		fmt.Fprintf(out, "| %s | %s |\n", path, percent)
	}
	return nil
}

func leaks(out *strings.Builder, root string) error {
	out.WriteString("\n## Goroutine leaks\n\nThe tests of these packages fail where one of them leaves a goroutine behind:\n\n")
	var names []string
	for _, folder := range []string{"cmd", "pkg", "templates"} {
		found, err := goleakUsers(root, folder)
		if err != nil {
			return err
		}
		names = append(names, found...)
	}
	for _, name := range names {
		fmt.Fprintf(out, "- %s\n", name)
	}
	return nil
}

func goleakUsers(root, folder string) (names []string, err error) {
	err = filepath.WalkDir(filepath.Join(root, folder), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), "goleak.Verify") {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if dir = filepath.ToSlash(dir); !slices.Contains(names, dir) {
			names = append(names, dir)
		}
		return err
	})
	return names, err
}

var linter = regexp.MustCompile(`^    - ([a-z]+)(?: # (.*))?$`)

func linters(out *strings.Builder, root string) error {
	text, err := os.ReadFile(filepath.Join(root, ".golangci.yml"))
	if err != nil {
		return err
	}
	out.WriteString("\n## Static analysis\n\ngolangci-lint, pinned in `.ci/tools`, with these linters and every analyser of `go vet` but two:\n\n| linter | what for |\n|---|---|\n")
	enabled, _, _ := strings.Cut(string(text), "\n  settings:")
	for line := range strings.Lines(enabled) {
		if m := linter.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			fmt.Fprintf(out, "| %s | %s |\n", m[1], m[2])
		}
	}
	return nil
}
