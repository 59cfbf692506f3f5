// Package upgrade reports what changes for passkeys between two versions of
// Kratos, for one configuration: lint findings that only one version has, and
// entries of a table of Kratos' history.
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

// Check returns what changes between two versions for the files that together
// are one configuration; from may be the newer one. What a version fixes is an
// info. It returns an error if the files cannot be read.
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
	// A rule that still reports a place, with another message, is not fixed.
	for _, f := range without(before, after, samePlace) {
		out = append(out, finding.Finding{
			Rule: f.Rule, Severity: finding.Info, Span: f.Span,
			Message: "no longer a problem with " + to.String() + ": " + f.Message,
		})
	}
	out = append(out, history(p, from, to)...)
	slices.SortStableFunc(out, func(a, b finding.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Span.Start, b.Span.Start))
	})
	return out, nil
}

// samePlace reports whether two findings are of the same rule at the same
// place. Files are compared by name, because each check reads the identity
// schemas again.
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

// history returns the changes between two versions that affect the
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
