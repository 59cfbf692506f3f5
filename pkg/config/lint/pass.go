package lint

import (
	"fmt"
	"io/fs"
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/config/catalogue"
	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Pass is one configuration under check, with what every rule wants to know of
// it.
type Pass struct {
	Config  *kratosconf.Config
	Schemas []kratosconf.IdentitySchema
	// Passkey and WebAuthn are the two methods, also when they are off.
	Passkey, WebAuthn *Method
	// BaseURL is serve.public.base_url.
	BaseURL Origin
	// Pages are where ceremonies run: UI URLs and deployed domains.
	Pages []Page

	// Related is the related origins document that is or will be served, nil
	// without one.
	Related *webauthn.Document
	// RelatedFile is the file that holds it, nil without one.
	RelatedFile *source.File
	// Before is the baseline, nil without one.
	Before *Pass
	// Enrolled is how many people have keys for the baseline's rp.id, nil when
	// that is not known.
	Enrolled *int
	// Version is the Kratos that will read the configuration.
	Version  kratosconf.Version
	Rendered bool

	profile   Profile
	hookLists []HookList
	used      map[string]bool // origins, nil before somebody asks
	schemas   kratosconf.SchemaOptions
	read      func(string) (*source.File, error)
	bodies    *hookbody.Evaluator
	sent      map[*kratosconf.Value]Sent // by hook, nil before somebody asks
	rule      *Rule
	findings  []Finding
	reported  map[findingKey]bool
	hosted    bool
	problems  []catalogue.Problem     // nil before a rule asks
	errorsAt  map[findingKey][]string // messages by place, of the first indexed findings
	indexed   int
}

// findingKey is what makes two findings the same: by the name of the file, which
// may have been read twice.
type findingKey struct {
	rule, file string
	start      int
	message    string
}

// NewPass looks at a configuration once for all rules.
func NewPass(config *kratosconf.Config, opts Options) *Pass {
	if opts.Schemas.Read == nil {
		opts.Schemas.Read = func(string) (*source.File, error) { return nil, fs.ErrNotExist }
	}
	p := &Pass{
		Config:   config,
		Passkey:  newMethod(config, "passkey"),
		WebAuthn: newMethod(config, "webauthn"),
		BaseURL:  NewOrigin(config.Get("serve.public.base_url")),
		reported: make(map[findingKey]bool),
	}
	p.hookLists = findHookLists(config)
	p.Pages = findPages(config, opts.Domains)
	p.Rendered, p.hosted = opts.Rendered, opts.Hosted
	p.Enrolled, p.Related, p.RelatedFile = opts.Enrolled, opts.Related, opts.RelatedFile
	p.schemas, p.read = opts.Schemas, opts.Schemas.Read
	p.bodies = opts.Bodies
	if p.bodies == nil {
		p.bodies = hookbody.NewEvaluator()
	}
	p.Version = opts.Version
	if p.Version == (kratosconf.Version{}) {
		p.Version = kratosconf.DefaultVersion()
	}
	p.profile = opts.Profile
	if p.profile == ProfileGuess {
		p.profile = guessProfile(p.Pages)
	}
	if len(p.Enabled()) > 0 {
		p.Schemas = config.IdentitySchemas(opts.Schemas)
	}
	return p
}

// Enabled answers the methods that are on, passkey first.
func (p *Pass) Enabled() []*Method {
	var on []*Method
	for _, m := range []*Method{p.Passkey, p.WebAuthn} {
		if m.On {
			on = append(on, m)
		}
	}
	return on
}

// Report adds a finding of the rule that runs. The same finding twice, because
// two methods share an anchor or two schemas a file, counts once.
func (p *Pass) Report(f Finding) {
	f.Rule = p.rule.ID
	if f.Severity == 0 {
		f.Severity = p.rule.Severity
	}
	if f.Span.File == nil {
		f.Span = p.Config.Near("")
	}
	if text := p.inside(f.Span.File); text != nil {
		inner := f.Span.Position()
		f.Notes = slices.DeleteFunc(f.Notes, func(n Note) bool { return n.Span == text.Place() })
		f.Notes = append([]Note{{Span: text.Place(), Message: fmt.Sprintf("the place is line %d, column %d of the schema in this text", inner.Line, inner.Column)}}, f.Notes...)
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

// ReportAt adds a finding about a value: it stands at the value, tells what the
// value overrides, and drops a fix that would change something else too.
func (p *Pass) ReportAt(v *kratosconf.Value, f Finding) {
	if v == nil {
		p.Report(f)
		return
	}
	f.Span = v.Place()
	for hidden := v.Overrode; hidden != nil && hidden.Kind != kratosconf.Map; hidden = hidden.Overrode {
		f.Notes = append(f.Notes, Note{Span: hidden.Place(), Message: "overrides the value here"})
	}
	if v.Shared && v.Kind != kratosconf.Map && v.Kind != kratosconf.List {
		f.Notes = append(f.Notes, Note{Span: v.Place(), Message: "several places share this value by an anchor; a change here changes them all"})
	}
	p.Report(f)
}

// fileOrder ranks files as they were given, others behind.
func (p *Pass) fileOrder(f *source.File) int {
	for i, d := range p.Config.Documents {
		if d.File.Name == f.Name {
			return i
		}
	}
	return len(p.Config.Documents)
}

// Browser asks the browser's gate with what is known of related origins.
func (p *Pass) Browser(page webauthn.Page, rpID string) webauthn.Verdict {
	return webauthn.Browser(page, &rpID, p.Related)
}
