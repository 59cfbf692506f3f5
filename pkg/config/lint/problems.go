package lint

import (
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/catalogue"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// SchemaProblems returns the violations of Kratos' configuration schema, which keep it
// from starting. There are none for the Ory Network, which has a schema of its own.
func (p *Pass) SchemaProblems() []catalogue.Problem {
	if p.problems == nil && !p.opts.Hosted {
		p.problems = catalogue.Check(p.Config.Config, p.Version)
		if p.problems == nil {
			p.problems = []catalogue.Problem{} // checked
		}
	}
	return p.problems
}

// HasError reports whether a rule that ran before found an error at a place, with a
// message that contains about.
func (p *Pass) HasError(place source.Span, about string) bool {
	if p.errorsAt == nil {
		p.errorsAt = make(map[findingKey][]string)
	}
	for _, f := range p.findings[p.indexed:] {
		if key := placeOf(f.Span); f.Severity == finding.Error {
			p.errorsAt[key] = append(p.errorsAt[key], f.Message)
		}
	}
	p.indexed = len(p.findings)
	return slices.ContainsFunc(p.errorsAt[placeOf(place)], func(message string) bool { return strings.Contains(message, about) })
}

func placeOf(span source.Span) findingKey {
	key := findingKey{start: span.Start}
	if span.File != nil {
		key.file = span.File.Name
	}
	return key
}
