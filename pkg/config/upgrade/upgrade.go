// Package upgrade tells what changes for passkeys between two versions of
// Kratos, for one configuration: what the rules of lint say of one version and
// not of the other, and what a table knows of Kratos' history.
package upgrade

import (
	"cmp"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Check compares what two versions make of the files that together are one
// configuration; from may be the newer one. What a version mends is an info.
// The error says that the files cannot be read.
func Check(files []*source.File, opts lint.Options, from, to kratosconf.Version) ([]finding.Finding, error) {
	opts.Version = to
	p, unreadable, err := lint.Load(files, opts)
	if p == nil || err != nil {
		return unreadable, err
	}
	after, err := lint.Check(files, opts, rules.All())
	if err != nil {
		return nil, err
	}
	opts.Version = from
	before, err := lint.Check(files, opts, rules.All())
	if err != nil {
		return nil, err
	}
	versions := strings.NewReplacer(from.String(), "", to.String(), "") // messages name them
	same := func(a, b finding.Finding) bool {
		return samePlace(a, b) && versions.Replace(a.Message) == versions.Replace(b.Message)
	}
	out := without(after, before, same)
	// What a rule still reports at a place, in whatever words, is not gone.
	for _, f := range without(before, after, samePlace) {
		out = append(out, finding.Finding{
			Rule: f.Rule, Severity: finding.Info, Span: f.Span,
			Message: "is no fault any more with " + to.String() + ": " + f.Message,
		})
	}
	out = append(out, history(p, from, to)...)
	slices.SortStableFunc(out, func(a, b finding.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Span.Start, b.Span.Start))
	})
	return out, nil
}

// samePlace reports whether two findings are of one rule at one place. Files are
// compared by name, because each check reads the identity schemas again.
func samePlace(a, b finding.Finding) bool {
	return a.Rule == b.Rule && a.Span.SamePlace(b.Span)
}

// without returns the findings that have no equal among others.
func without(findings, others []finding.Finding, equal func(a, b finding.Finding) bool) []finding.Finding {
	var out []finding.Finding
	for _, f := range findings {
		if !slices.ContainsFunc(others, func(o finding.Finding) bool { return equal(f, o) }) {
			out = append(out, f)
		}
	}
	return out
}

// history answers the changes between two versions that concern the
// configuration.
func history(p *passkeys.Config, from, to kratosconf.Version) []finding.Finding {
	var out []finding.Finding
	for _, c := range changes() {
		switch {
		case !from.AtLeast(c.since) && to.AtLeast(c.since):
			out = append(out, c.findings(p, c.gained)...)
		case from.AtLeast(c.since) && !to.AtLeast(c.since):
			out = append(out, c.findings(p, c.lost)...)
		}
	}
	return out
}

func (c change) findings(p *passkeys.Config, n note) []finding.Finding {
	if n.message == "" {
		return nil
	}
	var out []finding.Finding
	for _, at := range c.where(p) {
		out = append(out, finding.Finding{Rule: c.id, Severity: n.severity, Span: at, Message: n.message + " (" + c.source + ")", Help: n.help})
	}
	return out
}
