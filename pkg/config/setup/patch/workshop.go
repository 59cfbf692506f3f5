package patch

import (
	"errors"
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// workshop holds the files while they are worked on.
type workshop struct {
	files    []*source.File
	opened   map[string]*source.File // identity schemas, by the name under which they were read
	original []*source.File
	made     map[*source.File]change
	rounds   map[string][][]source.Edit // by file name
	env      lint.Options
	sidecar  string                       // its URL; "" without hooks
	had      bool                         // passkeys were on before
	rpIDs    map[string]*kratosconf.Value // as they were, by method
	rpIDFrom source.Span                  // where a new one was taken from
	plan     Plan
}

// change is how a file was made of another.
type change struct {
	from  *source.File
	edits []source.Edit
}

func newWorkshop(files []*source.File, env lint.Options) *workshop {
	w := &workshop{files: slices.Clone(files), original: slices.Clone(files), opened: make(map[string]*source.File), made: make(map[*source.File]change), rounds: make(map[string][][]source.Edit), env: env}
	if read := env.Schemas.Read; read != nil {
		w.env.Schemas.Read = func(name string) (*source.File, error) {
			if f, ok := w.opened[name]; ok {
				return f, nil
			}
			f, err := read(name)
			if err == nil {
				w.opened[name] = f
				w.original = append(w.original, f)
			}
			return f, err
		}
	}
	return w
}

// pass loads the files with the edits so far.
func (w *workshop) pass() (*passkeys.Config, error) {
	p, broken, err := lint.Load(w.files, w.env)
	if err == nil && p == nil {
		err = conflictf(broken[0].Span, "a patch here would make the file unreadable; add the passkey method by hand: %s", broken[0].Message)
	}
	return p, err
}

// apply makes the edits of a step and reports the step. It returns a conflict if
// there are no edits, because then the place cannot be edited safely.
func (w *workshop) apply(step Step, edits []source.Edit) error {
	if len(edits) == 0 {
		return conflictf(step.At, "init cannot edit this place safely (an anchor, an environment variable or an unusual style); by hand: %s", step.What)
	}
	byFile := make(map[string][]source.Edit) // an identity schema may be a part of a file
	for _, e := range edits {
		byFile[e.Span.File.Name] = append(byFile[e.Span.File.Name], e)
	}
	for name, list := range byFile {
		if !w.replace(name, list) {
			return conflictf(step.At, "this is not in a writable file; by hand: %s", step.What)
		}
	}
	w.step(step)
	return nil
}

// replace applies edits to the file with the name, even if they were found in a part
// of it that was read on its own.
func (w *workshop) replace(name string, edits []source.Edit) bool {
	f, ok := w.whole(name)
	if !ok {
		return false
	}
	edits = source.Rebase(f, edits)
	content, err := source.Apply(f, edits)
	if err != nil {
		return false
	}
	now := source.New(name, content)
	w.made[now] = change{from: f, edits: edits}
	w.rounds[name] = append(w.rounds[name], edits)
	return w.put(now)
}

// whole returns the file with the name, with the edits so far.
func (w *workshop) whole(name string) (*source.File, bool) {
	for _, now := range w.now() {
		if now.Name == name {
			return now, true
		}
	}
	return nil, false
}

func (w *workshop) step(s Step) {
	s.At = w.before(s.At)
	w.plan.Steps = append(w.plan.Steps, s)
}

func (w *workshop) fact(name, value string, from source.Span) {
	w.plan.Facts = append(w.plan.Facts, Fact{Name: name, Value: value, From: w.before(from)})
}

// before maps a span of a file with the edits so far to the original file.
func (w *workshop) before(at source.Span) source.Span {
	if _, made := w.made[at.File]; !made && at.File != nil && !slices.Contains(w.original, at.File) {
		if f, ok := w.whole(at.File.Name); ok {
			at.File = f // a part of it was read on its own
		}
	}
	for {
		made, ok := w.made[at.File]
		if !ok {
			return at
		}
		at = source.Span{File: made.from, Start: source.Before(made.from, made.edits, at.Start), End: source.Before(made.from, made.edits, at.End)}
	}
}

// asItWas has an error point to the files as their owner has them.
func (w *workshop) asItWas(err error) error {
	var conflict *ConflictError
	var question *QuestionError
	switch {
	case errors.As(err, &conflict):
		conflict.Span = w.before(conflict.Span)
	case errors.As(err, &question):
		question.Span = w.before(question.Span)
	}
	return err
}

// put takes a file in the place of the one of its name.
func (w *workshop) put(f *source.File) bool {
	done := false
	for i := range w.files {
		if w.files[i].Name == f.Name {
			w.files[i], done = f, true
		}
	}
	for name, old := range w.opened {
		if old.Name == f.Name {
			w.opened[name], done = f, true
		}
	}
	return done
}

// done lints the result and compares the files with what they were.
func (w *workshop) done(o Options) (*Plan, error) {
	p, err := w.pass()
	if err != nil {
		return nil, err
	}
	if w.plan.Left, err = lint.Check(w.files, w.env, rules.All()); err != nil {
		return nil, err
	}
	if err := w.workingRPIDs(p, o); err != nil {
		return nil, w.asItWas(err)
	}
	w.relyingPartyFact(p)
	w.plan.Pages, w.plan.config = p.Pages, p.Config
	for _, f := range w.original {
		for _, now := range w.now() {
			if now.Name == f.Name && string(now.Data) != string(f.Data) && !w.listed(f.Name) {
				w.plan.Changed = append(w.plan.Changed, yamledit.Change{Name: f.Name, Before: f.Data, After: now.Data, Rounds: w.rounds[f.Name]})
			}
		}
	}
	for _, c := range w.plan.Changed {
		if err := c.Proven(); err != nil {
			return nil, err
		}
	}
	return &w.plan, nil
}

func (w *workshop) now() []*source.File {
	all := slices.Clone(w.files)
	for _, f := range w.opened {
		all = append(all, f)
	}
	return all
}

func (w *workshop) listed(name string) bool {
	return slices.ContainsFunc(w.plan.Changed, func(c yamledit.Change) bool { return c.Name == name })
}
