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

// lists reports what the schema says of lists, whether or not what they
// configure is on: uniqueItems, minItems, and the format of CORS origins.
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
			Message: schemas + " is empty, so Kratos refuses to start",
			Help:    "list one identity schema at least, with id and url",
		})
	}
}

// twice reports the elements of a list that equal an earlier one. what they are is
// for the message.
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
			Message: fmt.Sprintf("%s %q is listed twice in %s, so Kratos refuses to start", what, item.Text()+item.Get("hook").Text(), path),
			Help:    "remove one of the two",
			Notes:   []finding.Note{{Span: first.Place(), Message: "it stands here first"}},
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
			Message: fmt.Sprintf("CORS origin %q has two wildcards, so Kratos refuses to start", origin.Str),
			Help:    "write one at most: it stands for any number of characters",
		})
	case err != nil || !u.IsAbs():
		f := finding.Finding{
			Message: fmt.Sprintf("CORS origin %q is no URL, so Kratos refuses to start", origin.Str),
			Help:    "write scheme and host, such as https://app.example.com",
		}
		if better, err := url.Parse("https://" + origin.Str); err == nil && better.Host == origin.Str && origin.Str != "" {
			f.Help, f.Suggest = fmt.Sprintf("write %q", better), origin.Edit(better.String())
		}
		p.ReportAt(origin, f)
	}
}

// canonical writes a text that two values share if they are equal as JSON schema
// compares them: the order of keys says nothing. It returns false for what only a
// rendered file shows, which equals nothing.
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
