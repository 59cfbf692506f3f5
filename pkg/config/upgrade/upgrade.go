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
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Check returns what changes between two versions for the files that together
// are one configuration; from may be the newer one. What a version fixes is an
// info. It returns an error if the files cannot be read.
func Check(files []*source.File, opts lint.Options, from, to kratosconf.Version) ([]lint.Finding, error) {
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
	same := func(a, b lint.Finding) bool {
		return samePlace(a, b) && versions.Replace(a.Message) == versions.Replace(b.Message)
	}
	out := without(after, before, same)
	// A rule that still reports a place, with another message, is not fixed.
	for _, f := range without(before, after, samePlace) {
		out = append(out, lint.Finding{
			Rule: f.Rule, Severity: lint.Info, Span: f.Span,
			Message: "no longer a problem with " + to.String() + ": " + f.Message,
		})
	}
	out = append(out, history(p, from, to)...)
	slices.SortStableFunc(out, func(a, b lint.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Span.Start, b.Span.Start))
	})
	return out, nil
}

// samePlace reports whether two findings are of the same rule at the same
// place. Files are compared by name, because each check reads the identity
// schemas again.
func samePlace(a, b lint.Finding) bool {
	return a.Rule == b.Rule && a.Span.SamePlace(b.Span)
}

// without returns the findings that have no equal among others.
func without(findings, others []lint.Finding, equal func(a, b lint.Finding) bool) []lint.Finding {
	var out []lint.Finding
	for _, f := range findings {
		if !slices.ContainsFunc(others, func(o lint.Finding) bool { return equal(f, o) }) {
			out = append(out, f)
		}
	}
	return out
}

// history returns the changes between two versions that affect the
// configuration.
func history(p *lint.Pass, from, to kratosconf.Version) []lint.Finding {
	var out []lint.Finding
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

func (c change) findings(p *lint.Pass, n note) []lint.Finding {
	if n.message == "" {
		return nil
	}
	var out []lint.Finding
	for _, at := range c.where(p) {
		out = append(out, lint.Finding{Rule: c.id, Severity: n.severity, Span: at, Message: n.message + " (" + c.source + ")", Help: n.help})
	}
	return out
}
