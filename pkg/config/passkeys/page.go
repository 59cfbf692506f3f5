package passkeys

import (
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Page is a place on which ceremonies run.
type Page struct {
	Origin
	Name string // "login ui_url", "--domain"
	// SignUp reports whether the page is only for sign-up, in which a second factor
	// takes no part.
	SignUp bool
}

// findPages lists the pages of the flows in which a ceremony runs. Recovery and
// verification have none: they end in settings.
func findPages(c *kratosconf.Config, domains []webauthn.Page) []Page {
	var pages []Page
	for _, d := range domains {
		v := &kratosconf.Value{Kind: kratosconf.String, Str: d.Origin()}
		o := NewOrigin(v)
		o.Value = nil
		pages = append(pages, Page{Origin: o, Name: "--domain"})
	}
	for _, flow := range []string{"login", "registration", "settings"} {
		v := c.Get("selfservice.flows." + flow + ".ui_url")
		if !v.Is(kratosconf.String) || v.Str == "" {
			continue
		}
		o := NewOrigin(v)
		if flow == "registration" && (c.Get("selfservice.flows.registration.enabled").False() || isErrorPage(o)) {
			continue
		}
		pages = append(pages, Page{Origin: o, Name: flow + " ui_url", SignUp: flow == "registration"})
	}
	return pages
}

// isErrorPage reports whether a registration page is an error page, a common way to
// disable sign-up.
func isErrorPage(o Origin) bool {
	path := o.Rest[strings.LastIndexByte(o.Rest, '/')+1:]
	return strings.Contains(strings.ToLower(path), "error")
}

// PagesOf lists the pages on which a method's ceremonies run, each origin once.
func (c *Config) PagesOf(m *Method) []Page {
	var pages []Page
	seen := make(map[string]bool)
	for _, page := range c.Pages {
		if page.SignUp && !m.FirstFactor || !page.IsWeb() {
			continue
		}
		if bare := page.Bare(); !seen[bare] {
			seen[bare] = true
			pages = append(pages, page)
		}
	}
	return pages
}

// Where names the page for a message.
func (p Page) Where() string {
	if p.Value == nil {
		return "deployed domain"
	}
	return p.Name
}

// UsedOrigins returns the origins of all URLs that users are sent to.
func (c *Config) UsedOrigins() map[string]bool { return c.used() }

func (c *Config) findUsedOrigins() map[string]bool {
	used := make(map[string]bool)
	add := func(o Origin) {
		if o.Known {
			used[o.Bare()] = true
		}
	}
	add(c.BaseURL)
	for _, page := range c.Pages {
		add(page.Origin)
	}
	for _, flow := range c.Get("selfservice.flows").Fields() {
		add(NewOrigin(flow.Value.Get("ui_url")))
	}
	add(NewOrigin(c.Get("selfservice.default_browser_return_url")))
	for _, path := range []string{"selfservice.allowed_return_urls", "serve.public.cors.allowed_origins"} {
		for _, v := range c.Get(path).Items() {
			add(NewOrigin(v))
		}
	}
	return used
}
