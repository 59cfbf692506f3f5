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
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Rule is one thing that can be wrong.
type Rule struct {
	ID       string           // stable and readable
	Severity finding.Severity // the usual one; a finding may have a lower one
	Check    func(*Pass)
	Last     bool // runs after the others, because it leaves out what they report
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
	Profile passkeys.Profile
	Version kratosconf.Version // the zero Version means the default
	// Related is the current or planned content of
	// https://<rp.id>/.well-known/webauthn, nil if there is none.
	Related *webauthn.Document
	// RelatedFile is the file that holds Related, nil if a fix must not change it.
	RelatedFile *source.File
	// Baseline is an earlier state of the same configuration, to compare with.
	Baseline []*source.File
	// Enrolled is the number of users with keys for the baseline's rp.id, nil if
	// it is not known.
	Enrolled *int
	// Bodies evaluates the bodies of hooks; nil means simple ones only. One for several
	// checks bounds the time of all of them together.
	Bodies *hookbody.Bodies
}

// Model returns the options of the configuration's model.
func (o Options) Model() passkeys.Options {
	return passkeys.Options{
		Domains: o.Domains, Schemas: o.Schemas, Profile: o.Profile, Version: o.Version, Related: o.Related, Bodies: o.Bodies,
	}
}

// Check lints files that together are one configuration, later ones over
// earlier ones. The findings are ordered by place. It returns an error if the
// environment does not fit the configuration or the baseline cannot be read.
func Check(files []*source.File, opts Options, rules []*Rule) ([]finding.Finding, error) {
	c, findings, err := Load(files, opts)
	if c == nil || err != nil {
		return findings, err
	}
	if findings, err = Run(c, opts, rules); err != nil {
		return nil, err
	}
	return unignored(findings, files, rules), nil
}

// Load reads files that together are one configuration. If one cannot be read at
// all, it returns findings that say so and a nil model.
func Load(files []*source.File, opts Options) (*passkeys.Config, []finding.Finding, error) {
	var docs []*kratosconf.Document
	var findings []finding.Finding
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
	return passkeys.New(config, opts.Model()), nil, nil
}

// before reads the baseline. It returns nil if there is none.
func before(opts Options) (*passkeys.Config, error) {
	if len(opts.Baseline) == 0 {
		return nil, nil //nolint:nilnil // nil means no baseline
	}
	c, unreadable, err := Load(opts.Baseline, opts)
	if len(unreadable) > 0 {
		return nil, fmt.Errorf("read the baseline: %s: %s", unreadable[0].Span, unreadable[0].Message)
	}
	return c, err
}

func syntaxFinding(err *kratosconf.SyntaxError) finding.Finding {
	f := finding.Finding{
		Rule: SyntaxRule, Severity: finding.Error, Span: err.Span,
		Message: err.Message + ", so Kratos does not start",
		Help:    "fix the syntax here; everything else is checked once the file can be read",
	}
	if err.Template {
		f.Severity = finding.Info
		f.Message = "this template cannot be checked before it is rendered: " + err.Message
		f.Help = "also lint the rendered file, with --rendered"
	}
	return f
}

// Run checks a configuration, which Load has read with the same options, against
// rules. The findings are ordered by place. It returns an error if the baseline
// cannot be read.
func Run(c *passkeys.Config, opts Options, rules []*Rule) ([]finding.Finding, error) {
	p := &Pass{
		Config: c, RelatedFile: opts.RelatedFile, Enrolled: opts.Enrolled, Rendered: opts.Rendered,
		opts: opts, reported: make(map[findingKey]bool),
	}
	var err error
	if p.Before, err = before(opts); err != nil {
		return nil, err
	}
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
	slices.SortStableFunc(p.findings, func(a, b finding.Finding) int {
		return cmp.Or(
			cmp.Compare(p.fileOrder(a.Span.File), p.fileOrder(b.Span.File)),
			cmp.Compare(a.Span.Start, b.Span.Start),
			cmp.Compare(b.Severity, a.Severity),
			cmp.Compare(a.Rule, b.Rule),
		)
	})
	return p.findings, nil
}
