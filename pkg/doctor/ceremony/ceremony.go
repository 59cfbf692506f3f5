// Package ceremony runs real ceremonies on a deployed origin, with a local
// Chromium and a virtual authenticator: it signs up a temporary identity, signs
// it in, adds and removes a passkey, and deletes the identity. It drives the
// deployment's own pages: those of templates/ui, and all pages that show the nodes
// of Kratos' flows under their names.
package ceremony

import (
	"context"
	"fmt"
	"net/http"
	"time"

	kratos "github.com/ory/kratos-client-go"
)

// Options describe the deployment. Kratos, AdminURL, Traits and Transport are
// required.
type Options struct {
	Kratos   string // public API, without a trailing slash
	AdminURL string // without /admin
	Traits   Traits
	// SchemaID is the schema of an identity that is created through the admin API;
	// "" means "default".
	SchemaID  string
	Browser   BrowserOptions
	Transport http.RoundTripper
	Admin     http.RoundTripper // to AdminURL
	// Progress, if not nil, is called when a step begins (without Status) and when it
	// ends.
	Progress func(Step)
}

// Status is the outcome of a step.
type Status string

// The outcomes of a step.
const (
	Passed  Status = "passed"
	Failed  Status = "found"
	Skipped Status = "n/a"
	NotRun  Status = "not-run"
)

// Step is a step of the run.
type Step struct {
	Name   string // such as sign-up
	Status Status
	// Text describes the result, or why the step was skipped.
	Text string
	// Refused is the failure, nil unless Status is Failed.
	Refused *RefusedError
	Took    time.Duration
}

// RefusedError is a failed step with the context of the failure.
type RefusedError struct {
	// Text is the error of the browser or Kratos, or what did not happen.
	Text string
	// Seen are the page's failures until then: scripts that failed or were blocked by
	// the content security policy.
	Seen []string
	URL  string // of the page
	// Help is the fix, "" if the cause is unknown.
	Help string
}

func (r *RefusedError) Error() string { return r.Text }

// Time limits.
const (
	within  = 20 * time.Second // for a page to load, and for the end of a ceremony
	settle  = 6 * time.Second  // for the scripts of a loaded page
	cleanUp = 30 * time.Second
	poll    = 100 * time.Millisecond
)

// The steps, in order.
const (
	SignUp   = "sign-up"
	SignIn   = "sign-in"
	Autofill = "autofill"
	Add      = "add"
	Remove   = "remove"
	Handle   = "user-handle"
	Delete   = "delete"
)

// Run runs all steps until one fails. The identity is always deleted at the end,
// even if ctx is cancelled. It returns an error if the browser does not start.
func Run(ctx context.Context, o Options) ([]Step, error) {
	if o.Progress == nil {
		o.Progress = func(Step) {}
	}
	browser, end, err := Launch(ctx, o.Browser)
	if err != nil {
		return nil, err
	}
	defer end()
	ctx, tab, closeTab, err := newTab(browser)
	if err != nil {
		return nil, err
	}
	defer closeTab()
	client := &http.Client{Transport: o.Transport, Timeout: within}
	w := &walk{o: &o, tab: tab, http: client, admin: o.admin(&http.Client{Transport: o.Admin, Timeout: within})}
	var out []Step
	stopped := ""
	for _, s := range []struct {
		name string
		run  func(context.Context) (string, error)
	}{{SignUp, w.signUp}, {SignIn, w.signIn}, {Autofill, w.autofill}, {Add, w.add}, {Remove, w.removeOne}, {Handle, w.userHandle}} {
		if stopped != "" {
			out = append(out, Step{Name: s.name, Status: NotRun, Text: stopped})
			continue
		}
		step := w.step(ctx, s.name, s.run)
		if step.Status == Failed || step.Status == NotRun {
			stopped = s.name + " did not succeed"
		}
		out = append(out, step)
	}
	// Clean up even if ctx was cancelled.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
	defer cancel()
	return append(out, w.step(ctx, Delete, w.leave)), nil
}

// walk is the state of one run.
type walk struct {
	o     *Options
	tab   *tab
	http  *http.Client
	admin kratos.IdentityAPI
	// identity is the id of the temporary identity, "" before it is known. begun
	// reports whether one may exist.
	identity string
	begun    bool
	handles  []string // user handles of the registrations, in hex
	cleared  []byte   // id of the passkey that was removed from the authenticator
}

func (w *walk) step(ctx context.Context, name string, run func(context.Context) (string, error)) Step {
	w.o.Progress(Step{Name: name})
	start := time.Now()
	text, err := run(ctx)
	s := Step{Name: name, Status: Passed, Text: text, Took: time.Since(start)}
	switch e := err.(type) { //nolint:errorlint // these two are never wrapped
	case nil:
	case skip:
		s.Status, s.Text = Skipped, e.Error()
	case *RefusedError:
		s.Status, s.Refused = Failed, e
	default:
		s.Status, s.Refused = Failed, &RefusedError{Text: err.Error(), Help: "fix this, and run the ceremonies again"}
	}
	if s.Status == Failed && ctx.Err() != nil {
		s.Status, s.Refused, s.Text = NotRun, nil, "interrupted"
	}
	w.o.Progress(s)
	return s
}

// skip is the reason why a step was skipped.
type skip string

func (s skip) Error() string { return string(s) }

// leave deletes the temporary identity.
func (w *walk) leave(ctx context.Context) (string, error) {
	if w.identity == "" && !w.begun {
		return "", skip("no identity was created")
	}
	if w.identity == "" {
		id, all := w.find(ctx)
		if id == "" && all {
			return "", skip("no identity was created: none has these traits")
		}
		if id == "" {
			return "", &RefusedError{Text: "the identity may still exist: not all identities could be read", Help: "search for an identity with the traits " + w.o.Traits.String() + ", and delete it"}
		}
		w.identity = id
	}
	if err := w.remove(ctx); err != nil {
		return "", &RefusedError{
			Text: fmt.Sprintf("the identity %s could not be deleted: %s", w.identity, err),
			Help: "delete it: curl -X DELETE " + w.o.AdminURL + "/admin/identities/" + w.identity,
		}
	}
	return "identity " + w.identity + " was deleted", nil
}
