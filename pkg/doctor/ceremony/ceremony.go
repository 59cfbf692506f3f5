// Package ceremony walks real ceremonies on a deployed origin, with a local
// Chromium and a virtual authenticator: it signs a throw-away identity up, signs
// it in, adds and removes a passkey, and deletes the identity again. It drives
// the deployment's own pages: those of templates/ui, and every page that shows
// the nodes of Kratos' flows under their names.
package ceremony

import (
	"context"
	"fmt"
	"net/http"
	"time"

	kratos "github.com/ory/kratos-client-go"
)

// Options say what is walked. Kratos, AdminURL, Traits and Transport are
// required.
type Options struct {
	Kratos   string // public API, without a slash at the end
	AdminURL string // without /admin
	Traits   Traits
	// SchemaID is the identity schema for an identity that the admin API has to
	// make; "" is "default".
	SchemaID  string
	Browser   BrowserOptions
	Transport http.RoundTripper
	Admin     http.RoundTripper // to AdminURL
	// Progress is called when a step begins (without Status) and when it ends;
	// nil for no such calls.
	Progress func(Step)
}

// Status is how a step ended.
type Status string

// The ends of a step.
const (
	Passed  Status = "passed"
	Failed  Status = "found"
	Skipped Status = "n/a"
	NotRun  Status = "not-run"
)

// Step is one part of the walk.
type Step struct {
	Name   string // such as sign-up
	Status Status
	// Text says what was seen, or why there was nothing to do.
	Text string
	// Refused is what went wrong, nil unless Failed.
	Refused *RefusedError
	Took    time.Duration
}

// RefusedError is an error with everything that was seen around it.
type RefusedError struct {
	// Text is what the browser or Kratos said, or what did not happen.
	Text string
	// Seen are troubles of the page meanwhile: scripts that the content security
	// policy kept out, or that failed.
	Seen []string
	URL  string // of the page
	// Help is the next step, "" where the cause is to be found first.
	Help string
}

func (r *RefusedError) Error() string { return r.Text }

// Limits of a walk.
const (
	within  = 20 * time.Second // for a page to load, and for the end of a ceremony
	settle  = 6 * time.Second  // for the scripts of a loaded page
	cleanUp = 30 * time.Second
	poll    = 100 * time.Millisecond
)

// The steps, in their order.
const (
	SignUp   = "sign-up"
	SignIn   = "sign-in"
	Autofill = "autofill"
	Add      = "add"
	Remove   = "remove"
	Handle   = "user-handle"
	Delete   = "delete"
)

// Run walks all steps. A step that fails ends the walk; what was made is deleted
// again in any case, also when ctx ends. The error says that the browser does
// not start.
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
			stopped = s.name + " did not end well"
		}
		out = append(out, step)
	}
	// Whoever gives up waiting wants it clean all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
	defer cancel()
	return append(out, w.step(ctx, Delete, w.leave)), nil
}

// walk is one run.
type walk struct {
	o     *Options
	tab   *tab
	http  *http.Client
	admin kratos.IdentityAPI
	// identity is the throw-away one, "" before it is known; begun says that there
	// may be one.
	identity string
	begun    bool
	handles  []string // user handles of the registrations that were seen, in hex
	cleared  []byte   // id of the passkey that the authenticator has no more
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
		s.Status, s.Refused = Failed, &RefusedError{Text: err.Error(), Help: "mend this, and walk again"}
	}
	if s.Status == Failed && ctx.Err() != nil {
		s.Status, s.Refused, s.Text = NotRun, nil, "it was stopped"
	}
	w.o.Progress(s)
	return s
}

// skip says why there is nothing to do.
type skip string

func (s skip) Error() string { return string(s) }

// leave deletes the identity.
func (w *walk) leave(ctx context.Context) (string, error) {
	if w.identity == "" && !w.begun {
		return "", skip("no identity was made")
	}
	if w.identity == "" {
		id, all := w.find(ctx)
		if id == "" && all {
			return "", skip("no identity was made: none has these traits")
		}
		if id == "" {
			return "", &RefusedError{Text: "an identity may be left: not all identities could be read", Help: "look for one with the traits " + w.o.Traits.String() + ", and delete it"}
		}
		w.identity = id
	}
	if err := w.remove(ctx); err != nil {
		return "", &RefusedError{
			Text: fmt.Sprintf("the identity %s is left: %s", w.identity, err),
			Help: "delete it: curl -X DELETE " + w.o.AdminURL + "/admin/identities/" + w.identity,
		}
	}
	return "identity " + w.identity + " is deleted", nil
}
