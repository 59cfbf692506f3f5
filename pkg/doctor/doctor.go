// Package doctor checks whether passkeys work in a running deployment. It only
// reads: every request is a GET or an OPTIONS, without a session.
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

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Options describe the deployment. URL is required.
type Options struct {
	URL       string // of the sign-in page; https is assumed for a bare host
	KratosURL string // public API; "" to find it from the page
	AdminURL  string // "" if it cannot be reached from here
	// Admin is the transport to AdminURL, nil if it needs no credentials.
	Admin http.RoundTripper
	// Files are the layers of Kratos' configuration, none if it is unknown; Lint says
	// how to read them.
	Files      []*source.File
	Lint       lint.Options
	Android    []wellknown.AndroidApp
	Apple      []string // TEAMID.bundle.id
	SidecarURL string
	SidecarKey string // of scope read
	// Resolve maps host:port to the address to dial instead.
	Resolve map[string]string
	// Roots are the trusted certificate authorities, nil for the system's.
	Roots   *x509.CertPool
	Timeout time.Duration    // of all checks together; 0 means 30 s
	Now     func() time.Time // nil means time.Now
	// Ceremony enables real ceremonies after the checks; they need AdminURL. nil
	// means none.
	Ceremony *Ceremony
}

// Status is the outcome of a check.
type Status string

// The outcomes of a check.
const (
	Passed        Status = "passed"
	Found         Status = "found"   // there is a problem
	NotApplicable Status = "n/a"     // there was nothing to check
	NotRun        Status = "not-run" // the check could not be done
)

// Problem is a fault of a deployment.
type Problem struct {
	ID       string // of the check, or a more specific one
	Severity finding.Severity
	Subject  string // the URL concerned
	Message  string // lower case, no period
	Help     string
}

// Result is the result of one check.
type Result struct {
	Check    string
	Status   Status
	Why      string // reason for NotApplicable and NotRun
	Problems []Problem
}

// Report is the result of all checks.
type Report struct {
	URL     string // the page's
	Kratos  string // URL of its public API, "" if it was not found
	Version string // of Kratos, "" if it is unknown
	RPID    string // of the sign-in flow, "" if it has none
	Results []Result
	// TimedOut reports whether the time limit ended the checks.
	TimedOut bool

	at source.Span // of the passkey method in the configuration
}

// Problems returns the problems of all checks.
func (r *Report) Problems() []Problem {
	var out []Problem
	for _, result := range r.Results {
		out = append(out, result.Problems...)
	}
	return out
}

// Unfinished reports whether ceremonies were enabled but could not be finished.
func (r *Report) Unfinished() bool {
	return slices.ContainsFunc(r.Results, func(one Result) bool {
		return strings.HasPrefix(one.Check, ceremonyCheck) && one.Status == NotRun
	})
}

const (
	defaultTimeout = 30 * time.Second
	parallel       = 8
)

// Run does all checks. It returns an error if an option is invalid or the
// configuration cannot be read; faults of the deployment are in the report.
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
		r.at = v.config.Near("selfservice.methods.passkey")
	}
	return r, nil
}

// examine gathers data and runs all checks, within the time limit.
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
	_ = group.Wait() // failures are in the results
	return &Report{
		URL: v.asked.String(), Kratos: v.kratos, Version: v.versionText, RPID: v.rpID(),
		Results: results, TimedOut: ctx.Err() != nil,
	}
}

// check is a check of a deployment.
type check struct {
	id  string
	run func(context.Context, *visit) outcome
}

// outcome is the outcome of a check.
type outcome struct {
	status   Status
	why      string
	problems []Problem
}

func (c check) result(ctx context.Context, v *visit) Result {
	out := c.run(ctx, v)
	if ctx.Err() != nil && out.status != Passed && out.status != NotApplicable {
		out = notRun("no response within %s", v.o.Timeout) // an interrupted request proves nothing
	}
	for i := range out.problems {
		if out.problems[i].ID == "" {
			out.problems[i].ID = c.id
		}
	}
	return Result{Check: c.id, Status: out.status, Why: out.why, Problems: out.problems}
}

// all returns the checks in the order of the report.
func all() []check {
	return []check{
		pageReachable, tlsCertificate, strictTransport, uiRedirects,
		kratosFlow, flowAction, passkeyOffered, flowRPDrift, rpIDRejected, originNotConfigured, flowOptions, userHandle,
		webauthnScript, contentSecurityPolicy, permissionsPolicy, autofill,
		cookies, corsPreflight, adminExposed, kratosVersion,
		relatedOrigins, passkeyEndpoints, assetLinks, appleAssociation, appleCDN, nativeUnsupported,
		sidecarIndex,
	}
}

func notApplicable(why string) outcome { return outcome{status: NotApplicable, why: why} }

func notRun(format string, args ...any) outcome {
	return outcome{status: NotRun, why: fmt.Sprintf(format, args...)}
}

// verdict returns the outcome of a check that was done: Passed without problems,
// Found otherwise.
func verdict(problems []Problem) outcome {
	if len(problems) == 0 {
		return outcome{status: Passed}
	}
	return outcome{status: Found, problems: problems}
}

func problem(severity finding.Severity, subject, help, format string, args ...any) Problem {
	return Problem{Severity: severity, Subject: subject, Help: help, Message: fmt.Sprintf(format, args...)}
}

func failed(severity finding.Severity, subject, help, format string, args ...any) outcome {
	return verdict([]Problem{problem(severity, subject, help, format, args...)})
}

const atLocalhost = "localhost"

// ErrURL is returned for an option that is not a URL.
var ErrURL = errors.New("not an http or https URL")

// parseURL parses an http or https URL; https is assumed for a bare host.
func parseURL(raw string) (*url.URL, error) {
	if !strings.Contains(raw, "://") {
		raw = "https://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is %w", safetext.URL(raw), ErrURL)
	}
	return u, nil
}
