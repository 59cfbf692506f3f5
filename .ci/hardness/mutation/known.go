package mutation

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Known holds, by package and name, why a mutant may survive.
type Known map[string]map[string]string

// ReadKnown reads lines of package, mutant and reason, separated by tabs. Empty
// lines and lines that begin with # count for nothing.
func ReadKnown(r io.Reader) (Known, error) {
	known := Known{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		parts := strings.Split(line, "\t")
		if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
			return nil, fmt.Errorf("line %d: want package, mutant and reason, separated by tabs", n)
		}
		if known[parts[0]] == nil {
			known[parts[0]] = map[string]string{}
		}
		if _, twice := known[parts[0]][parts[1]]; twice {
			return nil, fmt.Errorf("line %d: mutant %q is listed twice", n, parts[1])
		}
		known[parts[0]][parts[1]] = parts[2]
	}
	return known, lines.Err()
}
