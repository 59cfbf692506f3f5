// Package doctor asks a running deployment whether passkeys work there. It only
// reads: every request is a GET or an OPTIONS, without anybody's session.
package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/redact"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/wellknown"
)

// Options say where the deployment is and what is known about it. URL is
// required.
type Options struct {
	URL       string // of the sign-in page; a bare host is at https
	KratosURL string // public API; "" where the page shows it
	AdminURL  string // "" where it cannot be reached from here
	// Admin carries the requests to AdminURL, nil where that is simply open.
	Admin http.RoundTripper
	// Files are the configuration that Kratos is meant to run with, read as Lint
	// says; none where nobody gave it.
	Files      []*source.File
	Lint       lint.Options
	Android    []wellknown.AndroidApp
	Apple      []string // TEAMID.bundle.id
	SidecarURL string
	SidecarKey string // of scope read
	// Resolve maps host:port to the address that is dialled in its place.
	Resolve map[string]string
	// Roots are the certificates that are trusted, nil for the system's.
	Roots   *x509.CertPool
	Timeout time.Duration    // of all checks together, 30 s where it is 0
	Now     func() time.Time // time.Now where it is nil
	// Ceremony asks for real ceremonies after the checks, nil for none. They need
	// AdminURL.
	Ceremony *Ceremony
}

// Status is how a check ended.
type Status string

// The ends of a check.
const (
	Passed        Status = "passed"
	Found         Status = "found"   // there is a problem
	NotApplicable Status = "n/a"     // nothing to check here
	NotRun        Status = "not-run" // it could not tell
)

// Problem is one thing that is wrong with a deployment.
type Problem struct {
	ID       string // that of the check, or a finer one
	Severity lint.Severity
	Subject  string // the URL that it is about
	Message  string // lower case, no period
	Help     string
}

// Result is what became of one check.
type Result struct {
	Check    string
	Status   Status
	Why      string // why there is nothing to check, or why it could not tell
	Problems []Problem
}

// Report is everything that was seen.
type Report struct {
	URL     string // the page's
	Kratos  string // its public API, "" where it was not found
	Version string // of Kratos, "" where it was not asked for
	RPID    string // of the sign-in flow, "" where it shows none
	Results []Result
	// TimedOut says that not everything could be asked in time.
	TimedOut bool

	at source.Span // what of the configuration is about passkeys
}

// Problems lists those of all checks.
func (r *Report) Problems() []Problem {
	var out []Problem
	for _, result := range r.Results {
		out = append(out, result.Problems...)
	}
	return out
}

// Unfinished tells whether ceremonies were asked for and could not be walked.
func (r *Report) Unfinished() bool {
	return slices.ContainsFunc(r.Results, func(one Result) bool {
		return strings.HasPrefix(one.Check, ceremonyCheck) && one.Status == NotRun
	})
}

const (
	defaultTimeout = 30 * time.Second
	parallel       = 8
)

// Run does all checks. The error says that an option makes no sense or that the
// configuration cannot be read; what is wrong with the deployment is in the
// report.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	v, err := newVisit(o)
	if err != nil {
		return nil, err
	}
	defer v.client.close()
	r := v.examine(ctx)
	if o.Ceremony != nil {
		r.Results = append(r.Results, v.ceremonies(ctx)...)
	}
	r.conceal(o)
	if v.config != nil {
		r.at = v.config.Config.Near("selfservice.methods.passkey")
	}
	return r, nil
}

// examine gathers and runs all checks, within the time limit.
func (v *visit) examine(ctx context.Context) *Report {
	ctx, cancel := context.WithTimeout(ctx, v.o.Timeout)
	defer cancel()
	v.gather(ctx)
	checks := all()
	results := make([]Result, len(checks))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, c := range checks {
		group.Go(func() error {
			results[i] = c.result(ctx, v)
			return nil
		})
	}
	_ = group.Wait() // what went wrong is in the results
	return &Report{
		URL: v.asked.String(), Kratos: v.kratos, Version: v.versionText, RPID: v.rpID(),
		Results: results, TimedOut: ctx.Err() != nil,
	}
}

// check is one question to a deployment.
type check struct {
	id  string
	run func(context.Context, *visit) outcome
}

// outcome is the answer to it.
type outcome struct {
	status   Status
	why      string
	problems []Problem
}

func (c check) result(ctx context.Context, v *visit) Result {
	out := c.run(ctx, v)
	if ctx.Err() != nil && out.status != Passed && out.status != NotApplicable {
		out = notRun("no answer within %s", v.o.Timeout) // a request that was cut off proves nothing
	}
	for i := range out.problems {
		if out.problems[i].ID == "" {
			out.problems[i].ID = c.id
		}
	}
	return Result{Check: c.id, Status: out.status, Why: out.why, Problems: out.problems}
}

// all lists the checks in the order of the report.
func all() []check {
	return []check{
		pageReachable, tlsCertificate, strictTransport, uiRedirects,
		kratosFlow, flowAction, passkeyOffered, flowRPDrift, rpIDRefused, originNotConfigured, flowOptions, userHandle,
		webauthnScript, contentSecurityPolicy, permissionsPolicy, autofill,
		cookies, corsPreflight, adminExposed, kratosVersion,
		relatedOrigins, passkeyEndpoints, assetLinks, appleAssociation, appleCDN, nativeUnsupported,
		sidecarIndex,
	}
}

func na(why string) outcome { return outcome{status: NotApplicable, why: why} }

func notRun(format string, args ...any) outcome {
	return outcome{status: NotRun, why: fmt.Sprintf(format, args...)}
}

// verdict is passed without problems, found with some.
func verdict(problems []Problem) outcome {
	if len(problems) == 0 {
		return outcome{status: Passed}
	}
	return outcome{status: Found, problems: problems}
}

func problem(severity lint.Severity, subject, help, format string, args ...any) Problem {
	return Problem{Severity: severity, Subject: subject, Help: help, Message: fmt.Sprintf(format, args...)}
}

func found(severity lint.Severity, subject, help, format string, args ...any) outcome {
	return verdict([]Problem{problem(severity, subject, help, format, args...)})
}

const atLocalhost = "localhost"

// ErrURL says that an option is no URL.
var ErrURL = errors.New("no http or https URL")

// parseURL reads an http or https URL; a bare host is at https.
func parseURL(raw string) (*url.URL, error) {
	if !strings.Contains(raw, "://") {
		raw = "https://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is %w", redact.URL(raw), ErrURL)
	}
	return u, nil
}
