package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Repair is what Fix made of the files of one configuration.
type Repair struct {
	Changed []Repaired // the files that differ now, identity schemas included
	Left    []Finding  // what is left to mend by hand
}

// Repaired is one file before and after.
type Repaired struct {
	Name          string
	Before, After []byte
}

// maxRounds bounds how often a fix may make another one possible.
const maxRounds = 10

// Fix applies the fixes of all findings, lints again, and goes on until nothing
// is left to fix. With suggested it takes proposals too, which a person should
// look at. Nothing is written. A rule whose fixes would bring a finding that was
// not there before is left to people; the error says that fixes do so only
// together.
func Fix(files []*source.File, opts Options, rules []*Rule, suggested bool) (Repair, error) {
	all := func(string) bool { return true }
	repair, brought, err := fix(files, opts, rules, suggested, all)
	if err != nil || brought == nil {
		return repair, err
	}
	harmful := make(map[string]bool)
	for _, r := range rules {
		alone := func(id string) bool { return id == r.ID }
		if _, brought, err := fix(files, opts, rules, suggested, alone); err != nil || brought != nil {
			harmful[r.ID] = true
		}
	}
	repair, brought, err = fix(files, opts, rules, suggested, func(id string) bool { return !harmful[id] })
	if err == nil && brought != nil {
		err = fmt.Errorf("the fixes would bring a new finding, so none is made: %s: %s [%s]", brought.Span, brought.Message, brought.Rule)
	}
	if err != nil {
		return Repair{}, err
	}
	return repair, nil
}

// fix makes the fixes of the rules that may, and answers a finding that they
// bring, if any.
func fix(files []*source.File, opts Options, rules []*Rule, suggested bool, may func(rule string) bool) (Repair, *Finding, error) {
	w := &workshop{files: slices.Clone(files), related: opts.RelatedFile, schemas: make(map[string]*source.File), original: make(map[string][]byte), read: opts.Schemas.Read}
	for _, f := range files {
		w.original[f.Name] = f.Data
	}
	if opts.Schemas.Read != nil {
		opts.Schemas.Read = w.open
	}
	if w.related != nil {
		w.original[w.related.Name] = w.related.Data
	}
	first, err := Check(w.files, opts, rules)
	if err != nil {
		return Repair{}, nil, err
	}
	left := first
	for range maxRounds {
		if !w.apply(left, suggested, may) {
			break
		}
		if w.related != nil {
			document := *opts.Related
			document.Body, opts.Related, opts.RelatedFile = w.related.Data, &document, w.related
		}
		if left, err = Check(w.files, opts, rules); err != nil {
			return Repair{}, nil, err
		}
	}
	return Repair{Changed: w.changed(), Left: left}, broughtBy(first, left), nil
}

// broughtBy finds a finding of a rule that had fewer before.
func broughtBy(before, after []Finding) *Finding {
	count := make(map[string]int)
	for _, f := range before {
		count[f.Rule]++
	}
	for _, f := range after {
		if count[f.Rule]--; count[f.Rule] < 0 {
			return &f
		}
	}
	return nil
}

// workshop holds the files while they are worked on.
type workshop struct {
	files    []*source.File
	related  *source.File            // the document of related origins, nil without one
	schemas  map[string]*source.File // by the name under which they were read
	original map[string][]byte
	read     func(string) (*source.File, error)
}

func (w *workshop) open(name string) (*source.File, error) {
	if f, ok := w.schemas[name]; ok {
		return f, nil
	}
	f, err := w.read(name)
	if err != nil {
		return nil, err
	}
	w.schemas[name] = f
	if _, ok := w.original[f.Name]; !ok {
		w.original[f.Name] = f.Data
	}
	return f, nil
}

// apply makes the edits that do not touch each other; the others wait for the
// next round.
func (w *workshop) apply(findings []Finding, suggested bool, may func(rule string) bool) bool {
	edits := make(map[string][]source.Edit)
	for _, f := range findings {
		if !may(f.Rule) {
			continue
		}
		fix := f.Fix
		if len(fix) == 0 && suggested {
			fix = f.Suggest
		}
		if len(fix) > 0 && w.fits(edits, fix) {
			for _, e := range fix {
				edits[e.Span.File.Name] = append(edits[e.Span.File.Name], e)
			}
		}
	}
	done := false
	for i, f := range w.files {
		w.files[i] = edited(f, edits[f.Name], &done)
	}
	if w.related != nil {
		w.related = edited(w.related, edits[w.related.Name], &done)
	}
	for name, f := range w.schemas {
		w.schemas[name] = edited(f, edits[f.Name], &done)
	}
	return done
}

// fits tells whether the edits are of files that can be written and overlap
// none that is made already.
func (w *workshop) fits(made map[string][]source.Edit, fix []source.Edit) bool {
	for _, e := range fix {
		if _, ok := w.original[e.Span.File.Name]; !ok {
			return false
		}
		for _, other := range made[e.Span.File.Name] {
			same := e.Span.Start == other.Span.Start && e.Span.End == other.Span.End && e.New == other.New
			if !same && e.Span.Start <= other.Span.End && other.Span.Start <= e.Span.End {
				return false
			}
		}
	}
	return true
}

func edited(f *source.File, edits []source.Edit, done *bool) *source.File {
	if len(edits) == 0 {
		return f
	}
	for i := range edits {
		edits[i].Span.File = f // a part of the file that was read by itself has the same offsets
	}
	out, err := source.Apply(f, edits)
	if err != nil {
		return f // apply leaves out what overlaps
	}
	*done = true
	return source.New(f.Name, out)
}

func (w *workshop) changed() []Repaired {
	var out []Repaired
	seen := make(map[string]bool)
	add := func(f *source.File) {
		if before := w.original[f.Name]; !seen[f.Name] && string(before) != string(f.Data) {
			seen[f.Name] = true
			out = append(out, Repaired{Name: f.Name, Before: before, After: f.Data})
		}
	}
	for _, f := range w.files {
		add(f)
	}
	for _, f := range w.schemas {
		add(f)
	}
	if w.related != nil {
		add(w.related)
	}
	slices.SortFunc(out, func(a, b Repaired) int { return strings.Compare(a.Name, b.Name) })
	return out
}
