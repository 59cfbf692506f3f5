package patch

import (
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// rehost replaces 127.0.0.1 with localhost in every URL that browsers open. Browsers
// offer no passkeys at an IP address, and do not send cookies of one name to the other.
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
	made := make(map[*kratosconf.Value][]string) // by list
	for _, v := range browserURLs(p.Config) {
		local, ok := localhosted(v)
		if !ok {
			continue
		}
		edit := v.Edit(local)
		list := listOf(p.Config, v)
		twice := list != nil && slices.Contains(made[list], local)
		if made[list] = append(made[list], local); twice || holds(list, local) {
			edit = yamledit.DeleteItem(list, v) // Kratos does not start with a duplicate in a list
		}
		if len(edit) == 0 {
			return conflictf(v.Place(), "no passkey works at the IP address in %q, and this place cannot be edited safely; write %q in its place", v.Str, local)
		}
		if first.File == nil {
			first = v.Place()
		}
		edits = append(edits, edit...)
	}
	return w.apply(Step{What: "replace the IP address of this machine with localhost: browsers offer no passkeys at an IP address", At: first}, edits)
}

// localhosted returns a URL at an IP address of this machine with localhost instead.
func localhosted(v *kratosconf.Value) (string, bool) {
	u, err := url.Parse(v.Text())
	if err != nil || v.Unknown() {
		return "", false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil || !loopback(ip) {
		return "", false
	}
	return strings.Replace(v.Str, strings.TrimSuffix(u.Host, ":"+u.Port()), "localhost", 1), true
}

// listOf returns the list with a URL, nil if the URL is not in a list.
func listOf(c *kratosconf.Config, v *kratosconf.Value) *kratosconf.Value {
	for _, path := range urlLists() {
		list := c.Get(path)
		if slices.Contains(list.Items(), v) {
			return list
		}
	}
	return nil
}

func holds(list *kratosconf.Value, text string) bool {
	return slices.ContainsFunc(list.Items(), func(v *kratosconf.Value) bool { return v.Text() == text })
}

// urlLists returns the lists of URLs that browsers open or that are compared with these.
func urlLists() []string {
	return []string{
		"serve.public.cors.allowed_origins", "selfservice.allowed_return_urls",
		"selfservice.methods.passkey.config.rp.origins", "selfservice.methods.webauthn.config.rp.origins",
	}
}

func loopback(ip netip.Addr) bool { return ip.IsValid() && (ip.IsLoopback() || ip.IsUnspecified()) }

// browserURLs returns the URLs that browsers open or that are compared with these.
func browserURLs(c *kratosconf.Config) []*kratosconf.Value {
	all := []*kratosconf.Value{
		c.Get("serve.public.base_url"), c.Get("selfservice.default_browser_return_url"), c.Get("selfservice.methods.webauthn.config.rp.origin"),
	}
	for _, path := range urlLists() {
		all = append(all, c.Get(path).Items()...)
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

// pages adds a missing settings page, without which users cannot add or remove
// passkeys.
func (w *workshop) pages(Options) error {
	p, err := w.pass()
	if err != nil {
		return err
	}
	login := p.Get("selfservice.flows.login.ui_url")
	settings := p.Get("selfservice.flows.settings")
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
	step := Step{What: "set the page on which passkeys are added and removed: " + u.String() + " has to exist", At: p.Near("selfservice.flows.settings.ui_url")}
	page := pair{key: "ui_url", value: text(u.String()), comment: "where passkeys are added and removed"}
	if settings != nil {
		n := page.value
		n.LineComment = page.comment
		return w.apply(step, yamledit.InsertNode(p.Config, "selfservice.flows.settings.ui_url", n))
	}
	return w.apply(step, yamledit.InsertNode(p.Config, "selfservice.flows.settings", mapping(page)))
}

// takeover reports whether sign-up with a passkey would give a stranger a key to
// another user's account: it accepts an address that is not verified.
func takeover(p *passkeys.Config) bool { return len(p.UnprovenAddresses()) > 0 }
