// Package patch plans the changes that add passkeys to an existing Kratos
// configuration. It edits as few bytes as possible, so that comments, quotes, order and
// indentation stay, and lint finds no error in the result. It works in memory and
// writes nothing.
package patch

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

// Options are the values that a configuration does not contain. All are optional: a
// missing value is inferred, or New returns a *QuestionError.
type Options struct {
	Domain     string   // host name where users sign in, if no ui_url contains it
	RPID       string   // relying party id
	AppName    string   // rp.display_name
	Origins    []string // further origins whose scripts use passkeys
	SidecarURL string   // oly-passkey serve as Kratos reaches it; without one there are only hooks that reject a sign-up
	SignUp     SignUp
	Wide       bool // rp.id is the whole domain, for pages on its other names
	// RefuseAddressChange makes the sidecar reject changes of the addresses to which
	// Kratos sends sign-in and recovery codes.
	RefuseAddressChange bool
	// WithoutSchema enables the method although an identity schema could not be read.
	// Otherwise New returns a *QuestionError: every registration fails with HTTP 500
	// if no trait is annotated for passkeys.
	WithoutSchema bool
}

// SignUp is how a new account begins. With CodeFirst a code proves the email
// address, and the passkey is added in settings in the same visit; a sign-up with a
// passkey is rejected. With PasskeyFirst the passkey comes first, shown under a
// username that is not an address.
type SignUp string

// AnySignUp is CodeFirst, whatever the domain: with a passkey for an unverified
// address, a stranger could keep access to its owner's account. The sign-up is left
// unchanged only if passkeys are already enabled and no account can be taken over.
const (
	AnySignUp    SignUp = ""
	CodeFirst    SignUp = "code-first"
	PasskeyFirst SignUp = "passkey-first"
)

// Plan is the changes, and the reasons for them.
type Plan struct {
	Changed []yamledit.Change // files before and after, identity schemas included
	Facts   []Fact            // what was inferred, and from where
	Steps   []Step            // what is done, in order
	Left    []finding.Finding // findings of lint in the result
	Before  []finding.Finding // findings of lint in the original files
	Pages   []passkeys.Page   // where its ceremonies run
	config  *kratosconf.Config
}

// Fact is something inferred from a place in a file.
type Fact struct {
	Name, Value string
	From        source.Span
}

// Step describes one change. At is its place in the original file.
type Step struct {
	What string
	At   source.Span
}

// ConflictError reports why a configuration cannot be patched, and what to do.
type ConflictError struct {
	Span    source.Span
	Message string
}

func (e *ConflictError) Error() string { return located(e.Span, e.Message) }

// located prefixes a message with its place. Values of the command line have none.
func located(at source.Span, message string) string {
	if at.IsZero() {
		return message
	}
	return at.String() + ": " + message
}

// QuestionError asks for a value that cannot be inferred.
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

// New plans the patch of files that together are one configuration; later files
// override earlier ones. It returns a *ConflictError if the user has to decide
// something first, and a *QuestionError if a value is missing.
func New(files []*source.File, opts Options, env lint.Options) (*Plan, error) {
	if err := patchable(files); err != nil {
		return nil, err
	}
	w := newWorkshop(files, env)
	w.sidecar = opts.SidecarURL
	if opts.RefuseAddressChange {
		w.sidecar = cmp.Or(opts.SidecarURL, api.DefaultURL) // the sidecar that rejects also gets the other hooks
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

// patchable returns an error for files in which no byte edit is safe.
func patchable(files []*source.File) error {
	for _, f := range files {
		d, err := kratosconf.Parse(f, kratosconf.ParseOptions{})
		switch {
		case err != nil:
			return err
		case strings.HasSuffix(f.Name, ".toml") || strings.HasSuffix(f.Name, ".json"):
			return conflictf(source.Span{File: f}, "only YAML can be patched in place; write the passkey method by hand, as in the examples, or convert the file")
		case d.Template || d.Incomplete:
			return conflictf(source.Span{File: f}, "template expressions decide which keys exist, so a patch could end up in the wrong branch; patch the rendered file and copy the change")
		case !kratosconf.MayBeLayer(d.Root):
			return conflictf(source.Span{File: f}, "no Kratos configuration was found in this file; name the file that contains it, or save it as a kratos.yml first")
		}
	}
	return nil
}

// errors applies lint's fixes and proposals for the existing errors, and no others.
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
		return fmt.Errorf("fix lint findings: %w", err)
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

// Errors returns the findings that forbid to write the result.
func (p *Plan) Errors() []finding.Finding {
	var out []finding.Finding
	for _, f := range p.Left {
		if f.Severity == finding.Error {
			out = append(out, f)
		}
	}
	return out
}

// Site returns the first known page on which users sign in.
func (p *Plan) Site() (webauthn.Page, bool) {
	for _, page := range p.Pages {
		if page.Known {
			return page.Page, true
		}
	}
	return webauthn.Page{}, false
}

// Sidecar returns the URL of the sidecar as its hooks call it, and that of Kratos'
// admin API as the sidecar reaches it: a sidecar on loopback is on Kratos' machine.
func (p *Plan) Sidecar() (sidecar, admin string) {
	for _, list := range p.HookLists() {
		flow, method, _ := strings.Cut(list, ".")
		hook := p.config.Get("selfservice.flows." + flow + ".after." + method + ".hooks.0.config.url").Text()
		sidecar, _, _ = strings.Cut(hook, api.HookPath)
	}
	admin = "http://127.0.0.1:" + cmp.Or(p.config.Get("serve.admin.port").Text(), "4434")
	if base := p.config.Get("serve.admin.base_url"); !base.Unknown() && base.Text() != "" && !onThisMachine(sidecar) {
		admin = base.Text()
	}
	return sidecar, admin
}

func onThisMachine(url string) bool {
	page, err := webauthn.ParsePage(url)
	return err == nil && (page.IsLocalhost() || page.IP.IsLoopback())
}

// HookLists returns the lists of hooks, such as "login.passkey", whose first hook calls
// the sidecar with a key from the environment.
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
