// Package adopt gives an existing Kratos configuration passkeys: with as few
// byte edits as possible, so that comments, quotes, order and indentation stay,
// and in such a way that lint finds no error afterwards. It works in memory and
// writes nothing.
package adopt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Options say what the configuration itself does not. All may be left out: what
// is missing is inferred, or answered as a *QuestionError.
type Options struct {
	Domain     string   // host name where people sign in, when no ui_url says so
	RPID       string   // relying party id
	AppName    string   // rp.display_name
	Origins    []string // further origins whose scripts use passkeys
	SidecarURL string   // oly-passkey serve as Kratos reaches it; hooks are written only with one, or where a sign-up has to be refused
	SignUp     SignUp
	Wide       bool // rp.id is the whole domain, for pages on its other names
	// RefuseAddressChange has the sidecar refuse that people change in settings
	// what Kratos signs them in by code with, or recovers them by.
	RefuseAddressChange bool
	// WithoutSchema switches the method on although an identity schema was not
	// seen. Without it New returns a *QuestionError: Kratos returns 500 to every
	// registration if no trait is annotated for passkeys.
	WithoutSchema bool
}

// SignUp is whether a passkey may be the first thing that an account gets.
type SignUp string

// AnySignUp is CodeFirst, whatever the domain: a passkey under an address that
// nobody has proven lets a stranger keep the key to an account. Only where
// passkeys are on already, and nobody can take an account over, does it leave
// the sign-up as it is.
const (
	AnySignUp    SignUp = ""
	CodeFirst    SignUp = "code-first"
	PasskeyFirst SignUp = "passkey-first"
)

// Plan is what has to change, and why.
type Plan struct {
	Changed []yamledit.Change // files before and after, identity schemas included
	Facts   []Fact            // what was inferred, and from where
	Steps   []Step            // what is done, in order
	Left    []finding.Finding // what lint says of the result
	Before  []finding.Finding // what lint says of the files as they are
	Pages   []passkeys.Page   // where its ceremonies run
	config  *kratosconf.Config
}

// Fact is something inferred from a place in a file.
type Fact struct {
	Name, Value string
	From        source.Span
}

// Step is one change in words. At is where in the file as it was.
type Step struct {
	What string
	At   source.Span
}

// ConflictError says why a configuration cannot be patched, and what to do.
type ConflictError struct {
	Span    source.Span
	Message string
}

func (e *ConflictError) Error() string { return located(e.Span, e.Message) }

// located puts the place before a message, if there is one: what the command line
// says is in no file.
func located(at source.Span, message string) string {
	if at.IsZero() {
		return message
	}
	return at.String() + ": " + message
}

// QuestionError is a value that cannot be inferred.
type QuestionError struct {
	Flag    string // of init, and what it takes: "--domain"
	Span    source.Span
	Message string
}

func (e *QuestionError) Error() string {
	return located(e.Span, e.Message) + "; give " + e.Flag
}

func conflictf(at source.Span, format string, args ...any) error {
	return &ConflictError{Span: at, Message: fmt.Sprintf(format, args...)}
}

// New plans the patch of files that together are one configuration, later ones
// over earlier ones. A *ConflictError says that a person has to decide first, a
// *QuestionError that a value is missing.
func New(files []*source.File, opts Options, env lint.Options) (*Plan, error) {
	if err := patchable(files); err != nil {
		return nil, err
	}
	w := newWorkshop(files, env)
	w.sidecar = opts.SidecarURL
	if opts.RefuseAddressChange {
		w.sidecar = cmp.Or(opts.SidecarURL, api.DefaultURL) // who refuses is told of everything else
	}
	before, err := lint.Check(files, w.env, rules.All())
	if err != nil {
		return nil, err
	}
	w.plan.Before = before
	for _, f := range before {
		if f.Rule == lint.SyntaxRule || f.Rule == "duplicate-key" {
			return nil, conflictf(f.Span, "%s", f.Message)
		}
	}
	for _, step := range []func(*workshop, Options) error{
		(*workshop).rehost, (*workshop).method, (*workshop).pages, (*workshop).schemas,
		(*workshop).registration, (*workshop).login, (*workshop).settings, (*workshop).addresses, (*workshop).allowed, (*workshop).errors,
	} {
		if err := step(w, opts); err != nil {
			return nil, w.asItWas(err)
		}
	}
	return w.done(opts)
}

// patchable refuses what no byte edit is safe in.
func patchable(files []*source.File) error {
	for _, f := range files {
		d, err := kratosconf.Parse(f, kratosconf.ParseOptions{})
		switch {
		case err != nil:
			return err
		case strings.HasSuffix(f.Name, ".toml") || strings.HasSuffix(f.Name, ".json"):
			return conflictf(source.Span{File: f}, "only YAML can be patched in place; write the passkey method by hand, as in the examples, or convert the file")
		case d.Template || d.Incomplete:
			return conflictf(source.Span{File: f}, "template expressions decide which keys there are, so a patch could end up in the wrong branch; patch the rendered file and carry the change over")
		case !kratosconf.MayBeLayer(d.Root):
			return conflictf(source.Span{File: f}, "no Kratos configuration was found in this file; name the file that holds it, or write it out as a kratos.yml first")
		}
	}
	return nil
}

// errors makes lint's own fixes and proposals for the errors that are there, of
// which all are about passkeys, and for nothing else.
func (w *workshop) errors(Options) error {
	found, err := lint.Check(w.files, w.env, rules.All())
	if err != nil {
		return err
	}
	var broken []*lint.Rule
	for _, r := range rules.All() {
		if slices.ContainsFunc(found, func(f finding.Finding) bool { return f.Rule == r.ID && f.Severity == finding.Error }) {
			broken = append(broken, r)
		}
	}
	if len(broken) == 0 {
		return nil
	}
	repair, err := lint.Fix(w.files, w.env, broken, true)
	if err != nil {
		return fmt.Errorf("mend what lint finds: %w", err)
	}
	for _, c := range repair.Changed {
		w.rounds[c.Name] = append(w.rounds[c.Name], c.Rounds...)
		w.put(source.New(c.Name, c.After))
	}
	for _, f := range found {
		if f.Severity == finding.Error && !slices.ContainsFunc(repair.Left, func(l finding.Finding) bool { return l.Rule == f.Rule }) {
			w.step(Step{What: f.Help + " [" + f.Rule + "]", At: f.Span})
		}
	}
	return nil
}

// Errors are the findings of the result that keep it from being written.
func (p *Plan) Errors() []finding.Finding {
	var out []finding.Finding
	for _, f := range p.Left {
		if f.Severity == finding.Error {
			out = append(out, f)
		}
	}
	return out
}

// Site is where people sign in, for commands that want it: the first page.
func (p *Plan) Site() (webauthn.Page, bool) {
	for _, page := range p.Pages {
		if page.Known {
			return page.Page, true
		}
	}
	return webauthn.Page{}, false
}

// HookLists are the lists of hooks, such as "login.passkey", whose first one calls
// the sidecar with a key that the environment has to give it.
func (p *Plan) HookLists() []string {
	var lists []string
	for _, list := range []string{"login.passkey", "registration.passkey", "settings.passkey", "settings.profile"} {
		flow, method, _ := strings.Cut(list, ".")
		first := p.config.Get("selfservice.flows." + flow + ".after." + method + ".hooks.0")
		if (passkeys.Hook{Value: first}).ToSidecar() && first.Get("config.auth.config.value").Text() == keyFromEnvironment {
			lists = append(lists, list)
		}
	}
	return lists
}
