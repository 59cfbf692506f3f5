// Package lint checks a Kratos configuration against what Kratos and browsers
// do with it. The rules themselves are in package rules.
package lint

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Severity says how bad a finding is.
type Severity uint8

// Error is kept for what fails: a ceremony, the start of Kratos, a registration,
// or the safety of an account.
const (
	Info Severity = iota + 1
	Warning
	Error
)

// String names the severity as every output format spells it.
func (s Severity) String() string {
	return [...]string{"none", "info", "warning", "error"}[s]
}

// ParseSeverity reads what String writes.
func ParseSeverity(s string) (Severity, bool) {
	for _, severity := range []Severity{Info, Warning, Error} {
		if severity.String() == s {
			return severity, true
		}
	}
	return 0, false
}

// Rule is one thing that can be wrong.
type Rule struct {
	ID       string   // stable and readable
	Severity Severity // the usual one; a finding may have a lower one
	Check    func(*Pass)
	Last     bool // runs after the others, because it leaves out what they report
}

// Finding is one place at which a rule is broken.
type Finding struct {
	Rule     string
	Severity Severity // filled in from the rule when it is zero
	Span     source.Span
	Message  string // what is wrong and why, lower case, no period
	Help     string // what to do, an imperative sentence
	Notes    []Note
	Fix      []source.Edit // nothing when it must be mended by hand
	// Suggest is a change that is right most of the time and that a person must
	// look at.
	Suggest []source.Edit
}

// Note is a further place that a finding is about.
type Note struct {
	Span    source.Span
	Message string
}

// SyntaxRule is the id of findings about text that cannot be read at all.
const SyntaxRule = "yaml-syntax"

// Options say how files are read and what is known besides them.
type Options struct {
	Env      []kratosconf.Variable
	Domains  []webauthn.Page // deployed, besides the UI URLs in the files
	Schemas  kratosconf.SchemaOptions
	Rendered bool // no template should be left
	// Hosted reports whether the Ory Network runs Kratos, whose keys and secrets are
	// not those of a release.
	Hosted  bool
	Profile Profile
	Version kratosconf.Version // the zero Version stands for the default
	// Related is what https://<rp.id>/.well-known/webauthn answers or is planned
	// to, nil when there is nothing.
	Related *webauthn.Document
	// RelatedFile is the file that holds Related, where it is one that a fix may
	// change.
	RelatedFile *source.File
	// Baseline is an earlier state of the same configuration, to compare with.
	Baseline []*source.File
	// Enrolled is how many people have keys for the baseline's rp.id, nil when
	// that is not known.
	Enrolled *int
	// Bodies evaluates bodies of hooks; nil stands for a new one. One for several
	// checks bounds the time of all of them together.
	Bodies *hookbody.Evaluator
}

// Check lints files that together are one configuration, later ones over
// earlier ones. The findings are ordered by place. An error says that the
// environment does not fit.
func Check(files []*source.File, opts Options, rules []*Rule) ([]Finding, error) {
	p, findings, err := Load(files, opts)
	if p == nil || err != nil {
		return findings, err
	}
	return unignored(Run(p, rules), files, rules), nil
}

// Load reads files that together are one configuration. What cannot be read at
// all is a finding, and then there is no pass.
func Load(files []*source.File, opts Options) (*Pass, []Finding, error) {
	var docs []*kratosconf.Document
	var findings []Finding
	for _, f := range files {
		d, err := kratosconf.Parse(f, kratosconf.ParseOptions{Rendered: opts.Rendered})
		var syntax *kratosconf.SyntaxError
		if errors.As(err, &syntax) {
			findings = append(findings, syntaxFinding(syntax))
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		docs = append(docs, d)
	}
	if len(findings) > 0 {
		// What the other files say means little without this one.
		return nil, findings, nil
	}
	config, err := kratosconf.Load(docs, opts.Env)
	if err != nil {
		return nil, nil, err
	}
	p := NewPass(config, opts)
	p.Before, err = before(opts)
	return p, nil, err
}

// before reads the baseline, nil when there is none.
func before(opts Options) (*Pass, error) {
	if len(opts.Baseline) == 0 {
		return nil, nil
	}
	files := opts.Baseline
	opts.Baseline = nil
	p, unreadable, err := Load(files, opts)
	if len(unreadable) > 0 {
		return nil, fmt.Errorf("read the baseline: %s: %s", unreadable[0].Span, unreadable[0].Message)
	}
	return p, err
}

func syntaxFinding(err *kratosconf.SyntaxError) Finding {
	f := Finding{
		Rule: SyntaxRule, Severity: Error, Span: err.Span,
		Message: err.Message + ", so Kratos refuses to start",
		Help:    "mend the text at this place; everything else is checked once it can be read",
	}
	if err.Template {
		f.Severity = Info
		f.Message = "this template cannot be read before it is rendered: " + err.Message
		f.Help = "lint the rendered file as well, with --rendered"
	}
	return f
}

// Run checks every rule.
func Run(p *Pass, rules []*Rule) []Finding {
	for _, last := range []bool{false, true} {
		for _, r := range rules {
			if r.Last == last {
				p.rule = r
				r.Check(p)
			}
		}
	}
	var fixes, proposals []*[]source.Edit
	for i := range p.findings {
		fixes = append(fixes, &p.findings[i].Fix)
		proposals = append(proposals, &p.findings[i].Suggest)
	}
	p.dropHarm(fixes)
	p.dropHarm(proposals)
	slices.SortStableFunc(p.findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(p.fileOrder(a.Span.File), p.fileOrder(b.Span.File)),
			cmp.Compare(a.Span.Start, b.Span.Start),
			cmp.Compare(b.Severity, a.Severity),
			cmp.Compare(a.Rule, b.Rule),
		)
	})
	return p.findings
}
