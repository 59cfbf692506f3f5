package mutation

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Result is the score of all mutants of a package.
type Result struct {
	Package                    string
	Mutants                    int
	Killed, TimedOut, Survived int
	Date                       string // of the run, YYYY-MM-DD
	Commit                     string
}

// ReadResults reads the scores on record.
func ReadResults(name string) ([]Result, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var results []Result
	for line := range strings.Lines(string(text)) {
		parts := strings.Split(strings.TrimSpace(line), "\t")
		if line[0] == '#' {
			continue
		}
		if len(parts) != 7 {
			return nil, fmt.Errorf("%s: %q has %d columns, want 7", name, line, len(parts))
		}
		r := Result{Package: parts[0], Date: parts[5], Commit: parts[6]}
		for i, to := range []*int{&r.Mutants, &r.Killed, &r.TimedOut, &r.Survived} {
			if *to, err = strconv.Atoi(parts[i+1]); err != nil {
				return nil, fmt.Errorf("%s: %q: %w", name, line, err)
			}
		}
		results = append(results, r)
	}
	return results, nil
}

// Record puts a score in the place of the package's last one.
func Record(name, commit string, r Result) error {
	results, err := ReadResults(name)
	if err != nil {
		return err
	}
	r.Date, r.Commit = time.Now().UTC().Format(time.DateOnly), commit
	results = slices.DeleteFunc(results, func(old Result) bool { return old.Package == r.Package })
	results = append(results, r)
	slices.SortFunc(results, func(a, b Result) int { return strings.Compare(a.Package, b.Package) })
	var out strings.Builder
	out.WriteString("# package, mutants, killed, timed out, survived, date, commit\n")
	for _, r := range results {
		fmt.Fprintf(&out, "%s\t%d\t%d\t%d\t%d\t%s\t%s\n", r.Package, r.Mutants, r.Killed, r.TimedOut, r.Survived, r.Date, r.Commit)
	}
	return os.WriteFile(name, []byte(out.String()), 0o600)
}
