// Package catalogue has every key of Kratos' configuration, for each release with
// its own schema, and checks a configuration as Kratos does at start. Unlike a
// JSON schema library it knows positions, placeholders and the environment.
package catalogue

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Kind is what a problem is about.
type Kind uint8

// The kinds of problems.
const (
	Unknown Kind = iota + 1 // a key that is not allowed
	Missing                 // a key that is required
	Type                    // a value of another type
	Enum                    // a value that is not one of those allowed
	Format                  // not a URL, not an email address
	Pattern
	Length
	Range
	Items  // too few elements
	Unique // an element that is listed twice
	Form   // a combination of keys that is not allowed
)

// Problem is one reason for which Kratos does not start.
type Problem struct {
	Kind Kind
	// Path is that of the value, with indices for elements of lists. For a key that
	// is unknown or missing it is the path of the map.
	Path string
	Key  string // unknown or missing
	// Value is what is wrong: the value of an unknown key, the map that lacks a
	// key, nil if nothing on the path is configured.
	Value *kratosconf.Value
	Span  source.Span
	// Message says what is wrong, without the consequence.
	Message string
	Help    string
	// Meant is the name or the value that was probably meant, "" if there is none.
	Meant string
	// Since is the first release that accepts the key or value, "" if no newer one
	// does. The release "master" has no number yet.
	Since string
	// Removed is the first release that no longer accepts the key or value, "" if
	// no older one does.
	Removed string
}

// Check returns what keeps a version of Kratos from starting with a configuration,
// as far as its schema says. Values that are not known yet are valid. A key that is
// missing is only reported if the configuration has the map that lacks it. A file
// without any key of Kratos has no problems.
func Check(config *kratosconf.Config, version kratosconf.Version) []Problem {
	t := newTable()
	current := t.release(version)
	if !t.knows(current, config) {
		return nil
	}
	faults := t.faults(config, current)
	if len(faults) == 0 {
		return nil
	}
	w := &wording{config: config, seen: make(map[string]bool)}
	for _, f := range faults {
		w.add(f)
	}
	t.history(config, current, w.problems)
	return w.problems
}

// Valid reports whether the schema of a version accepts a configuration, with the
// defaults that Kratos adds. It is false if only a rendered file can tell.
func Valid(config *kratosconf.Config, version kratosconf.Version) bool {
	t := newTable()
	return t.check(config, t.release(version)).valid()
}

// knows reports whether a configuration has a key of Kratos at all.
func (t *table) knows(r release, config *kratosconf.Config) bool {
	root := t.node(r.root)
	return slices.ContainsFunc(config.Root.Fields(), func(f kratosconf.Field) bool {
		_, ok := root.property(f.Name)
		return ok
	})
}

func (t *table) check(config *kratosconf.Config, r release) result {
	c := &checker{table: t, incomplete: config.Incomplete(), patterns: make(map[string]*regexp.Regexp)}
	return c.check(r.root, config.Over(r.values()), nil)
}

func (t *table) faults(config *kratosconf.Config, r release) []fault {
	return t.check(config, r).faults
}

// history finds the releases in which a key or a value is allowed that is not
// allowed in the current one.
func (t *table) history(config *kratosconf.Config, current release, problems []Problem) {
	if !slices.ContainsFunc(problems, Problem.dated) {
		return
	}
	has := make(map[string]map[string]bool, len(t.releases))
	for _, r := range t.releases {
		has[r.name] = make(map[string]bool)
		for _, f := range t.faults(config, r) {
			has[r.name][f.id()] = true
		}
	}
	at := slices.IndexFunc(t.releases, func(r release) bool { return r.name == current.name })
	for i := range problems {
		p := &problems[i]
		if !p.dated() {
			continue
		}
		for _, newer := range t.releases[at+1:] {
			if !has[newer.name][p.id()] {
				p.Since = newer.name
				break
			}
		}
		for j := at - 1; j >= 0 && p.Since == ""; j-- {
			if !has[t.releases[j].name][p.id()] {
				p.Removed = t.releases[j+1].name
				break
			}
		}
	}
}

// dated reports whether other releases may accept the key or value.
func (p Problem) dated() bool { return p.Kind == Unknown || p.Kind == Enum }

func (p Problem) id() string { return strconv.Itoa(int(p.Kind)) + p.Path + " " + p.Key }

func (f fault) id() string {
	return strconv.Itoa(int(f.kind)) + strings.Join(f.path, ".") + " " + f.key
}
