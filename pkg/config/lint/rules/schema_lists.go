package rules

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// lists reports violations of the schema's uniqueItems, minItems and format of
// CORS origins, whether or not the lists have an effect.
func lists(p *lint.Pass) {
	const corsOrigins, schemas = "serve.public.cors.allowed_origins", "identity.schemas"
	allowed := p.Get(corsOrigins)
	twice(p, allowed, "origin", corsOrigins)
	for _, origin := range allowed.Items() {
		corsOrigin(p, origin)
	}
	for _, list := range p.HookLists() {
		twice(p, list.Value, "hook", "selfservice.flows."+list.Path)
	}
	if list := p.Get(schemas); list.Is(kratosconf.List) && len(list.Items()) == 0 && !p.Incomplete() {
		p.Report(finding.Finding{
			Span:    list.Place(),
			Message: schemas + " is empty, so Kratos does not start",
			Help:    "list at least one identity schema, with id and url",
		})
	}
}

// twice reports the elements of a list that equal an earlier one. The message calls
// them by what.
func twice(p *lint.Pass, list *kratosconf.Value, what, path string) {
	earlier := make(map[string]*kratosconf.Value)
	for _, item := range list.Items() {
		var text strings.Builder
		if !canonical(&text, item) {
			continue
		}
		first := earlier[text.String()]
		if first == nil {
			earlier[text.String()] = item
			continue
		}
		p.ReportAt(item, finding.Finding{
			Message: fmt.Sprintf("%s %q is listed twice in %s, so Kratos does not start", what, item.Text()+item.Get("hook").Text(), path),
			Help:    "remove one of them",
			Notes:   []finding.Note{{Span: first.Place(), Message: "first listed here"}},
			Suggest: yamledit.DeleteItem(list, item),
		})
	}
}

// corsOrigin reports an element that is neither a URL nor "*".
func corsOrigin(p *lint.Pass, origin *kratosconf.Value) {
	if !origin.Is(kratosconf.String) || origin.Unknown() || origin.Str == "*" {
		return
	}
	u, err := url.Parse(origin.Str)
	switch {
	case strings.Count(origin.Str, "*") > 1:
		p.ReportAt(origin, finding.Finding{
			Message: fmt.Sprintf("CORS origin %q has two wildcards, so Kratos does not start", origin.Str),
			Help:    "use at most one; it matches any number of characters",
		})
	case err != nil || !u.IsAbs():
		f := finding.Finding{
			Message: fmt.Sprintf("CORS origin %q is not a URL, so Kratos does not start", origin.Str),
			Help:    "write scheme and host, such as https://app.example.com",
		}
		if better, err := url.Parse("https://" + origin.Str); err == nil && better.Host == origin.Str && origin.Str != "" {
			f.Help, f.Suggest = fmt.Sprintf("write %q", better), origin.Edit(better.String())
		}
		p.ReportAt(origin, f)
	}
}

// canonical writes a text that is the same for values that JSON Schema
// considers equal, whatever the order of their keys. It returns false for a
// value that is unknown before the file is rendered.
func canonical(b *strings.Builder, v *kratosconf.Value) bool {
	if v == nil || v.Unknown() {
		return false
	}
	text := v.Str
	switch {
	case v.Is(kratosconf.Null):
		text = ""
	case v.Is(kratosconf.Bool):
		text = strings.ToLower(text)
	}
	fmt.Fprintf(b, "%d%q{", v.Kind, text)
	fields := slices.Clone(v.Fields())
	slices.SortFunc(fields, func(x, y kratosconf.Field) int { return strings.Compare(x.Name, y.Name) })
	for _, f := range fields {
		fmt.Fprintf(b, "%q:", f.Name)
		if !canonical(b, f.Value) {
			return false
		}
	}
	b.WriteString("[")
	for _, item := range v.Items() {
		if !canonical(b, item) {
			return false
		}
	}
	b.WriteString("]}")
	return true
}
