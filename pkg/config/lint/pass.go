package lint

import (
	"fmt"
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/config/catalogue"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Pass is one run of rules over a configuration.
type Pass struct {
	*passkeys.Config
	// RelatedFile is the file that holds Related, nil if there is none.
	RelatedFile *source.File
	// Before is the baseline, nil if there is none.
	Before *passkeys.Config
	// Enrolled is the number of users with keys for the baseline's rp.id, nil if
	// it is unknown.
	Enrolled *int
	Rendered bool // no template should be left

	opts     Options
	rule     *Rule
	findings []finding.Finding
	reported map[findingKey]bool
	problems []catalogue.Problem     // nil until a rule uses them
	errorsAt map[findingKey][]string // messages by place, of the first indexed findings
	indexed  int
}

// findingKey is what makes two findings the same: by the name of the file, which
// may have been read twice.
type findingKey struct {
	rule, file string
	start      int
	message    string
}

// Report adds a finding of the rule that runs. The same finding twice, because
// two methods share an anchor or two schemas a file, counts once.
func (p *Pass) Report(f finding.Finding) {
	f.Rule = p.rule.ID
	if f.Severity == 0 {
		f.Severity = p.rule.Severity
	}
	if f.Span.File == nil {
		f.Span = p.Near("")
	}
	if text := p.inside(f.Span.File); text != nil {
		inner := f.Span.Position()
		f.Notes = slices.DeleteFunc(f.Notes, func(n finding.Note) bool { return n.Span == text.Place() })
		f.Notes = append([]finding.Note{{Span: text.Place(), Message: fmt.Sprintf("the error is at line %d, column %d of the schema in this string", inner.Line, inner.Column)}}, f.Notes...)
		f.Span, f.Fix, f.Suggest = text.Place(), nil, nil
	}
	key := findingKey{rule: f.Rule, start: f.Span.Start, message: f.Message}
	if f.Span.File != nil {
		key.file = f.Span.File.Name
	}
	if !p.reported[key] {
		p.reported[key] = true
		p.findings = append(p.findings, f)
	}
}

// inside returns the value whose text holds a schema, nil for one that is read in
// place.
func (p *Pass) inside(f *source.File) *kratosconf.Value {
	for _, s := range p.Schemas {
		if s.Inside != nil && s.Root != nil && s.Root.Span.File == f {
			return s.Inside
		}
	}
	return nil
}

// ReportAt adds a finding at the position of a value. The finding names what the
// value overrides, and has no fix if the edit would change anything else.
func (p *Pass) ReportAt(v *kratosconf.Value, f finding.Finding) {
	if v == nil {
		p.Report(f)
		return
	}
	f.Span = v.Place()
	for hidden := v.Overrode; hidden != nil && hidden.Kind != kratosconf.Map; hidden = hidden.Overrode {
		f.Notes = append(f.Notes, finding.Note{Span: hidden.Place(), Message: "the value here is overridden"})
	}
	if v.Shared && v.Kind != kratosconf.Map && v.Kind != kratosconf.List {
		f.Notes = append(f.Notes, finding.Note{Span: v.Place(), Message: "several places share this value through an anchor; a change here affects them all"})
	}
	p.Report(f)
}

// fileOrder ranks files as they were given, others behind.
func (p *Pass) fileOrder(f *source.File) int {
	for i, d := range p.Documents {
		if d.File.Name == f.Name {
			return i
		}
	}
	return len(p.Documents)
}

// InProd returns one severity for production and another for development.
func (p *Pass) InProd(prod, dev finding.Severity) finding.Severity {
	if p.Prod() {
		return prod
	}
	return dev
}

// PageNotes returns a note on the place that configures a page, none for a
// deployed domain.
func PageNotes(page passkeys.Page) []finding.Note {
	if page.Value == nil || page.Value.Place().File == nil {
		return nil
	}
	return []finding.Note{{Span: page.Value.Place(), Message: "the page is configured here as " + page.Where()}}
}
