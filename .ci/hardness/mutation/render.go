package mutation

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// support is the question that every mutant stands behind.
const support = `package %s

import (
	"os"
	"strconv"
)

var mutantAsked, _ = strconv.Atoi(os.Getenv("` + variable + `"))

func mutant(id int) bool { return id == mutantAsked }

func mutate[T any](id int, to, from T) T {
	if id == mutantAsked {
		return to
	}
	return from
}
`

// variable names the mutant that a test binary is to be.
const variable = "OLY_PASSKEY_MUTANT"

// render answers a file with all its mutants behind their questions. Line ends
// stay where they are, so that positions in failures mean the real file.
func render(text []byte, mutants []Mutant) string {
	type insertion struct {
		at    int
		close bool
		// Of what closes or opens at one place the shorter part is the inner one.
		length, order int
		text          string
	}
	var all []insertion
	for order, m := range mutants {
		if m.replacement != "" {
			continue
		}
		number := strconv.Itoa(m.ID)
		length := m.wrap.end - m.wrap.start
		all = append(all,
			insertion{m.wrap.start, false, -length, -order, strings.ReplaceAll(m.wrap.prefix, id, number)},
			insertion{m.wrap.end, true, length, order, strings.ReplaceAll(m.wrap.suffix, id, number)})
	}
	slices.SortStableFunc(all, func(a, b insertion) int {
		if c := cmp.Compare(a.at, b.at); c != 0 {
			return c
		}
		if a.close != b.close {
			if a.close {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.length, b.length), cmp.Compare(a.order, b.order))
	})
	var out strings.Builder
	last := 0
	for _, i := range all {
		out.Write(text[last:i.at])
		out.WriteString(i.text)
		last = i.at
	}
	out.Write(text[last:])
	return out.String()
}

// renderConstant answers a file with one constant changed.
func renderConstant(text []byte, m Mutant) string {
	return string(text[:m.wrap.start]) + m.replacement + string(text[m.wrap.end:])
}
