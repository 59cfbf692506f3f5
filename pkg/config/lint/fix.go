package lint

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Repair is what Fix made of the files of one configuration.
type Repair struct {
	Changed []yamledit.Change // the files that differ now, identity schemas included
	Left    []finding.Finding // what is left to fix by hand
}

// maxRounds bounds how often a fix may make another one possible.
const maxRounds = 10

// Fix applies the fixes of all findings, lints again, and continues until nothing
// is left to fix. With suggested it also applies suggestions, which the user
// should review. It writes nothing. If the fixes together would introduce a new
// finding, it applies those of as many rules as do not, rules of errors first.
func Fix(files []*source.File, opts Options, rules []*Rule, suggested bool) (Repair, error) {
	if opts.Bodies == nil {
		opts.Bodies = hookbody.NewBodies(nil)
	}
	f := fixer{opts: opts, rules: slices.Clone(rules), suggested: suggested, required: make(map[string]bool)}
	slices.SortStableFunc(f.rules, func(a, b *Rule) int { return cmp.Compare(b.Severity, a.Severity) })
	best := attempt{files: newWorkshop(files, opts)}
	for range maxRounds {
		all, err := f.try(best.files, func(string) bool { return true })
		if err != nil {
			return Repair{}, err
		}
		if all.introduced == nil {
			best = all
			break
		}
		before := best.files
		if best, err = f.most(before); err != nil {
			return Repair{}, err
		}
		if !best.made {
			break
		}
	}
	return Repair{Changed: best.files.changed(), Left: best.left}, nil
}

// fixer makes fixes.
type fixer struct {
	opts      Options
	rules     []*Rule // the worst first
	suggested bool
	required  map[string]bool // the rules that had something to fix
}

// attempt is the result of applying the fixes of some rules.
type attempt struct {
	files      *workshop
	made       bool              // a fix, at least
	left       []finding.Finding // to fix by hand
	introduced *finding.Finding  // that is new, nil if there is none
}

// most applies the fixes of as many rules as possible that together introduce no
// finding.
func (f *fixer) most(from *workshop) (attempt, error) {
	kept := make(map[string]bool)
	may := func(id string) bool { return kept[id] }
	for grew := true; grew; { // a rule that was left out may be harmless with the fixes of later ones
		grew = false
		for _, r := range f.rules {
			if kept[r.ID] || !f.required[r.ID] {
				continue
			}
			kept[r.ID] = true
			if a, err := f.try(from, may); err != nil || a.introduced != nil {
				delete(kept, r.ID)
				continue
			}
			grew = true
		}
	}
	return f.try(from, may)
}

// try applies the fixes of the rules for which may is true.
func (f *fixer) try(from *workshop, may func(rule string) bool) (a attempt, err error) {
	w, opts := from.clone(), f.opts
	if opts.Schemas.Read != nil {
		opts.Schemas.Read = w.open
	}
	check := func() ([]finding.Finding, error) {
		if w.related != nil {
			document := *opts.Related
			document.Body, opts.Related, opts.RelatedFile = w.related.Data, &document, w.related
		}
		return Check(w.files, opts, f.rules)
	}
	first, err := check()
	if err != nil {
		return attempt{}, err
	}
	a = attempt{files: w, left: first}
	for range maxRounds {
		if !w.apply(f.fixes(a.left, may)) {
			break
		}
		a.made = true
		if a.left, err = check(); err != nil {
			return attempt{}, err
		}
	}
	if a.introduced = introducedBy(first, a.left); a.introduced == nil && a.made {
		a.introduced, err = f.together(from, w, opts)
	}
	return a, err
}

// together returns the harm that fixes do only in combination.
func (f *fixer) together(from, to *workshop, opts Options) (*finding.Finding, error) {
	if opts.Schemas.Read != nil {
		opts.Schemas.Read = from.clone().open
	}
	before, _, err := Load(from.files, opts)
	if before == nil || err != nil {
		return nil, err
	}
	if opts.Schemas.Read != nil {
		opts.Schemas.Read = to.open
	}
	after, unreadable, err := Load(to.files, opts)
	switch {
	case err != nil:
		return nil, err
	case after == nil:
		return &unreadable[0], nil
	}
	if harm := Harm(before, after); len(harm) > 0 {
		return &finding.Finding{Severity: finding.Error, Message: harm[0]}, nil
	}
	return nil, nil
}

// fixes are those of the findings of rules that may.
func (f *fixer) fixes(findings []finding.Finding, may func(rule string) bool) [][]source.Edit {
	var out [][]source.Edit
	for _, one := range findings {
		fix := one.Fix
		if len(fix) == 0 && f.suggested {
			fix = one.Suggest
		}
		if len(fix) == 0 {
			continue
		}
		f.required[one.Rule] = true
		if may(one.Rule) {
			out = append(out, fix)
		}
	}
	return out
}

// introducedBy finds a finding of a rule that had fewer before.
func introducedBy(before, after []finding.Finding) *finding.Finding {
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
	rounds   map[string][][]source.Edit // by file name
	read     func(string) (*source.File, error)
}

func newWorkshop(files []*source.File, opts Options) *workshop {
	w := &workshop{files: files, related: opts.RelatedFile, schemas: make(map[string]*source.File), original: make(map[string][]byte), rounds: make(map[string][][]source.Edit), read: opts.Schemas.Read}
	for _, f := range files {
		w.original[f.Name] = f.Data
	}
	if w.related != nil {
		w.original[w.related.Name] = w.related.Data
	}
	return w
}

func (w *workshop) clone() *workshop {
	c := *w
	c.files, c.schemas, c.original, c.rounds = slices.Clone(w.files), maps.Clone(w.schemas), maps.Clone(w.original), maps.Clone(w.rounds)
	return &c
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

// apply makes the fixes that do not touch each other; the others wait for the
// next round.
func (w *workshop) apply(fixes [][]source.Edit) bool {
	edits := make(map[string][]source.Edit)
	for _, fix := range fixes {
		if !w.fits(edits, fix) {
			continue
		}
		for _, e := range fix {
			edits[e.Span.File.Name] = append(edits[e.Span.File.Name], e)
		}
	}
	made := make(map[string][]source.Edit)
	for i, f := range w.files {
		w.files[i] = edited(f, edits[f.Name], made)
	}
	if w.related != nil {
		w.related = edited(w.related, edits[w.related.Name], made)
	}
	for name, f := range w.schemas {
		w.schemas[name] = edited(f, edits[f.Name], made)
	}
	for name, round := range made {
		w.rounds[name] = append(slices.Clip(w.rounds[name]), round)
	}
	return len(made) > 0
}

// fits reports whether the edits are of files that can be written and overlap
// none that is made already.
func (w *workshop) fits(made map[string][]source.Edit, fix []source.Edit) bool {
	for _, e := range fix {
		if _, ok := w.original[e.Span.File.Name]; !ok || e.Span.File.Foreign {
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

// edited returns a file after edits, which it notes under the file's name.
func edited(f *source.File, edits []source.Edit, made map[string][]source.Edit) *source.File {
	if len(edits) == 0 {
		return f
	}
	out, err := source.Apply(f, source.Rebase(f, edits))
	if err != nil {
		return f // apply leaves out what overlaps
	}
	made[f.Name] = edits
	return source.New(f.Name, out)
}

func (w *workshop) changed() []yamledit.Change {
	var out []yamledit.Change
	seen := make(map[string]bool)
	add := func(f *source.File) {
		if before := w.original[f.Name]; !seen[f.Name] && string(before) != string(f.Data) {
			seen[f.Name] = true
			out = append(out, yamledit.Change{Name: f.Name, Before: before, After: f.Data, Rounds: w.rounds[f.Name]})
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
	slices.SortFunc(out, func(a, b yamledit.Change) int { return strings.Compare(a.Name, b.Name) })
	return out
}
