package adopt

import (
	"net/netip"
	"net/url"
	"path"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// rehost puts localhost in the place of 127.0.0.1 in every URL that browsers
// open: they offer no passkeys at an IP address, and cookies of the one name do
// not reach the other.
func (w *workshop) rehost(Options) error {
	p, err := w.pass()
	if err != nil {
		return err
	}
	onLoopback := false
	for _, page := range p.Pages {
		onLoopback = onLoopback || page.Value != nil && page.Known && loopback(page.Page.IP)
	}
	if !onLoopback {
		return nil
	}
	var edits []source.Edit
	var first source.Span
	for _, v := range browserURLs(p.Config) {
		u, err := url.Parse(v.Text())
		if err != nil || v.Unknown() {
			continue
		}
		ip, err := netip.ParseAddr(u.Hostname())
		if err != nil || !loopback(ip) {
			continue
		}
		edit := v.Edit(strings.Replace(v.Str, strings.TrimSuffix(u.Host, ":"+u.Port()), "localhost", 1))
		if len(edit) == 0 {
			return conflictf(v.Place(), "no passkey works at the IP address in %q, and this place cannot be edited safely; write localhost in its place", v.Str)
		}
		if first.File == nil {
			first = v.Place()
		}
		edits = append(edits, edit...)
	}
	return w.apply(Step{What: "say localhost where an IP address of this machine stood: browsers offer no passkeys at an IP address", At: first}, edits)
}

func loopback(ip netip.Addr) bool { return ip.IsValid() && (ip.IsLoopback() || ip.IsUnspecified()) }

// browserURLs are the URLs that people's browsers open or compare with.
func browserURLs(c *kratosconf.Config) []*kratosconf.Value {
	all := []*kratosconf.Value{c.Get("serve.public.base_url"), c.Get("selfservice.default_browser_return_url")}
	all = append(all, c.Get("serve.public.cors.allowed_origins").Items()...)
	all = append(all, c.Get("selfservice.allowed_return_urls").Items()...)
	for _, method := range []string{"passkey", "webauthn"} {
		rp := c.Get("selfservice.methods." + method + ".config.rp")
		all = append(append(all, rp.Get("origins").Items()...), rp.Get("origin"))
	}
	all = flowURLs(all, c.Get("selfservice.flows"), 0)
	var out []*kratosconf.Value
	for _, v := range all {
		if v.Is(kratosconf.String) {
			out = append(out, v)
		}
	}
	return out
}

func flowURLs(out []*kratosconf.Value, v *kratosconf.Value, depth int) []*kratosconf.Value {
	if depth > 8 {
		return out
	}
	for _, f := range v.Fields() {
		switch {
		case f.Name == "ui_url" || f.Name == "default_browser_return_url":
			out = append(out, f.Value)
		case f.Value.Is(kratosconf.Map):
			out = flowURLs(out, f.Value, depth+1)
		}
	}
	return out
}

// pages names a settings page where there is none: without one nobody can add or
// remove a passkey.
func (w *workshop) pages(Options) error {
	p, err := w.pass()
	if err != nil {
		return err
	}
	login := p.Config.Get("selfservice.flows.login.ui_url")
	settings := p.Config.Get("selfservice.flows.settings")
	if settings.Get("ui_url").Exists() || settings.Unknown() || !login.Is(kratosconf.String) || login.Unknown() {
		return nil
	}
	u, err := url.Parse(login.Str)
	if err != nil {
		return conflictf(login.Place(), "%q is no URL", login.Str)
	}
	if u.Host == "" {
		return nil // relative to Kratos' own
	}
	u.Path, u.RawQuery, u.Fragment = path.Join(path.Dir(path.Clean("/"+u.Path)), "settings"), "", ""
	step := Step{What: "name the page on which passkeys are added and removed: " + u.String() + " has to exist", At: p.Config.Near("selfservice.flows.settings.ui_url")}
	page := pair{key: "ui_url", value: text(u.String()), comment: "where passkeys are added and removed"}
	if settings != nil {
		n := page.value
		n.LineComment = page.comment
		return w.apply(step, insert(p.Config, "selfservice.flows.settings.ui_url", n))
	}
	return w.apply(step, insert(p.Config, "selfservice.flows.settings", mapping(page)))
}

// takeover tells whether a sign-up by passkey would give a stranger the key to
// somebody else's account, because the trait that names it is an address that
// nobody has proven.
func takeover(p *lint.Pass) bool {
	code := p.Config.Get("selfservice.methods.code.passwordless_enabled").True()
	recovery := p.Config.Get("selfservice.flows.recovery.enabled").True()
	for _, s := range p.Schemas {
		if !s.Default {
			continue
		}
		for _, t := range lint.Traits(s.Root) {
			if t.DisplayName && (t.Code && code || t.RecoveryVia != "" && recovery) {
				return true
			}
		}
	}
	return false
}
