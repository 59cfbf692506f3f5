// Package mutation breaks the product in every small way it knows, one at a
// time, and runs the tests of the broken package: a break that no test notices
// (a surviving mutant) shows code that nothing holds to what it does.
//
// All mutants of a package are compiled into one test binary, each behind the
// question whether it is the one that was asked for, so that a mutant costs a run
// of the tests and no compilation. Only constants, which cannot ask, are compiled
// one by one. No file of the work tree is touched: `go build -overlay` puts the
// changed text in its place.
package mutation

import (
	"fmt"
	"strings"
)

// Packages are those in which a silent mistake costs most.
func Packages() []string {
	return []string{"pkg/directory", "pkg/kratosconf", "pkg/userhandle", "pkg/webauthn"}
}

// Mutant is one small break of a package.
type Mutant struct {
	ID       int    // 1, 2, …; in the order of the files and of the text
	File     string // base name
	Function string // "(*T).Method", "function", or "" for a declaration
	Change   string // such as "a < b → a <= b", on one line
	Nth      int    // 1, or more where a function has the same change several times
	Line     int    // for people; it is no part of the mutant's name

	wrap wrap
	// replacement is the text of a constant; "" for a mutant that is compiled
	// behind a question.
	replacement string
}

// Name tells a mutant from every other of its package and survives edits
// elsewhere in the file.
func (m Mutant) Name() string {
	name := m.File + " " + m.Change
	if m.Function != "" {
		name = m.File + " " + m.Function + " " + m.Change
	}
	if m.Nth > 1 {
		name += fmt.Sprintf(" #%d", m.Nth)
	}
	return name
}

// wrap is text to put around a part of a file.
type wrap struct {
	start, end     int
	prefix, suffix string
}

// oneLine is source text as it stands in a mutant's name.
func oneLine(text string) string {
	const longest = 100
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return text
}
