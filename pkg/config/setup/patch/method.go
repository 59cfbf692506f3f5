package patch

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// method enables passkey and sets its relying party.
func (w *workshop) method(o Options) error {
	p, err := w.pass()
	if err != nil {
		return err
	}
	if !p.Version.AtLeast(kratosconf.VersionPasskey) {
		return conflictf(p.Near(p.Passkey.Path), "Kratos %s has no passkey method, which came with %s; upgrade Kratos first, or name yours with --kratos-version", p.Version, kratosconf.VersionPasskey)
	}
	w.had = p.Passkey.On
	w.noteRPIDs(p)
	w.profileFact(p)
	if err := w.enable(p); err != nil {
		return err
	}
	if p, err = w.pass(); err != nil {
		return err
	}
	if p.Passkey.RP == nil && !p.Passkey.Unsure() {
		err = w.newMethod(p, o)
	} else {
		err = w.origins(p, o) // lint reports what is wrong with it
	}
	if err != nil {
		return err
	}
	return w.moveRPIDs(o)
}

// newMethod adds the relying party.
func (w *workshop) newMethod(p *passkeys.Config, o Options) error {
	rp, err := w.relyingParty(p, o)
	if err != nil {
		return err
	}
	config := mapping(field("rp", rp))
	if keys := policy(p.Version); keys != nil && p.Passkey.Config == nil {
		config = mapping(field("rp", rp), field("authenticator_selection", keys))
	}
	at := p.Near(p.Passkey.Path)
	if p.Passkey.Config.Is(kratosconf.Map) {
		return w.apply(Step{What: "name the relying party", At: at}, yamledit.InsertNode(p.Config, p.Passkey.Path+".config.rp", rp))
	}
	if p.Get(p.Passkey.Path) != nil {
		return w.apply(Step{What: "name the relying party", At: at}, yamledit.InsertNode(p.Config, p.Passkey.Path+".config", config))
	}
	return w.apply(Step{What: "enable the passkey method", At: at},
		yamledit.InsertNode(p.Config, p.Passkey.Path, mapping(field("enabled", yes()), field("config", config))))
}

// enable enables a configured but disabled method.
func (w *workshop) enable(p *passkeys.Config) error {
	block := p.Get(p.Passkey.Path)
	enabled := block.Get("enabled")
	if p.Passkey.On || block == nil || block.Kind == kratosconf.Null {
		return nil
	}
	step := Step{What: "enable the passkey method", At: block.Place()}
	if enabled == nil {
		return w.apply(step, yamledit.InsertNode(p.Config, p.Passkey.Path+".enabled", yes()))
	}
	step.At = enabled.Place()
	return w.apply(step, enabled.Replace("true"))
}

// policy returns the settings for authenticators of a Kratos that has them: passkeys
// are discoverable, and phones and security keys are allowed. Earlier versions always
// ask for a discoverable key of a platform authenticator; pages remove the latter.
func policy(v kratosconf.Version) *yaml.Node {
	if !v.AtLeast(kratosconf.VersionPolicy) {
		return nil
	}
	return mapping(
		pair{key: "resident_key", value: text("required"), comment: "discoverable: sign-in asks for no name"},
		pair{key: "user_verification", value: text("preferred")},
	)
}

func (w *workshop) relyingParty(p *passkeys.Config, o Options) (*yaml.Node, error) {
	pages, err := w.ceremonies(p, o)
	if err != nil {
		return nil, err
	}
	id, err := w.rpID(p, o, pages)
	if err != nil {
		return nil, err
	}
	origins := originsOf(pages)
	for _, more := range o.Origins {
		if page, err := webauthn.ParsePage(more); err == nil && page.Host != "" {
			more = page.Origin() // otherwise it is the origin of an app
		}
		if !slices.Contains(origins, more) {
			origins = append(origins, more)
		}
	}
	if p.WebAuthn.On {
		for _, other := range p.WebAuthn.Origins {
			if other.Known && !slices.Contains(origins, other.Bare()) {
				origins = append(origins, other.Bare())
			}
		}
	}
	return mapping(
		pair{key: "id", value: text(id), comment: "never change it: every passkey is bound to it"},
		pair{key: "display_name", value: text(w.appName(p, o, id))},
		pair{key: "origins", value: texts(origins), comment: "whole strings: no slash at the end, the port if there is one"},
	), nil
}

func originsOf(pages []passkeys.Page) []string {
	var all []string
	for _, page := range pages {
		if !slices.Contains(all, page.Page.Origin()) {
			all = append(all, page.Page.Origin())
		}
	}
	return all
}

// ceremonies returns the pages on which passkeys are used.
func (w *workshop) ceremonies(p *passkeys.Config, o Options) ([]passkeys.Page, error) {
	var pages []passkeys.Page
	for _, page := range p.Pages {
		switch {
		case page.Value == nil && page.Known:
			pages = append(pages, page)
		case !page.IsWeb():
		case !page.Known && o.Domain == "":
			return nil, &QuestionError{Flag: "--domain", Span: page.Value.Place(), Message: "only the rendered file tells where users sign in"}
		case page.Known:
			pages = append(pages, page)
		}
	}
	if o.Domain == "" && len(pages) == 0 {
		return nil, &QuestionError{Flag: "--domain", Span: p.Near("selfservice.flows.login.ui_url"), Message: "no ui_url tells where users sign in"}
	}
	if o.Domain != "" && !slices.ContainsFunc(pages, func(page passkeys.Page) bool { return page.Page.Host == strings.ToLower(o.Domain) }) {
		page, err := webauthn.ParsePage("https://" + o.Domain)
		if err != nil {
			return nil, err
		}
		pages = append(pages, passkeys.Page{Origin: passkeys.Origin{Page: page, Known: true}, Name: "--domain"})
	}
	for _, page := range pages {
		if page.Page.IP.IsValid() {
			return nil, conflictf(page.Value.Place(), "%s is at the IP address %s, where browsers offer no passkeys; serve the pages on a host name with https first", page.Name, page.Page.Host)
		}
		if !page.Page.Secure() {
			return nil, conflictf(page.Value.Place(), "%s is plain http, where browsers offer no passkeys; serve the pages over https first", page.Name)
		}
	}
	return pages, nil
}

// rpID returns the given relying party id, that of webauthn, with which passkey has to
// share its keys, or the narrowest domain that works on all pages.
func (w *workshop) rpID(p *passkeys.Config, o Options, pages []passkeys.Page) (string, error) {
	serves := func(id string) bool {
		return !slices.ContainsFunc(pages, func(page passkeys.Page) bool { return !p.Browser(page.Page, id).OK })
	}
	if o.RPID != "" {
		if id := strings.ToLower(o.RPID); serves(id) {
			return id, nil
		}
		return "", conflictf(pages[0].Value.Place(), "browsers reject the relying party id %q on %q", o.RPID, pages[0].Page.Origin())
	}
	if m := p.WebAuthn; m.On && m.ID.Exists() {
		if m.ID.Is(kratosconf.String) && !m.ID.Unknown() && serves(m.ID.Str) {
			w.rpIDFrom = m.ID.Place()
			return m.ID.Str, nil
		}
		return "", &QuestionError{Flag: "--rp-id", Span: m.ID.Place(), Message: fmt.Sprintf("keys of the webauthn method are bound to the relying party id %q, which browsers reject on %q; with another one those keys stop working", m.ID.Text(), pages[0].Page.Origin())}
	}
	start := pages[0].Page.Host
	if domain := webauthn.RegistrableDomain(start); o.Wide && domain != "" && serves(domain) {
		return domain, nil
	}
	if domain := cookieDomain(p); domain != "" && serves(domain) {
		w.rpIDFrom = p.Get("cookies.domain").Place()
		return domain, nil
	}
	for id := start; id != ""; {
		if serves(id) {
			w.rpIDFrom = pages[0].Value.Place()
			return id, nil
		}
		_, id, _ = strings.Cut(id, ".")
	}
	other := pages[slices.IndexFunc(pages, func(page passkeys.Page) bool { return page.Page.Host != start })]
	return "", conflictf(other.Value.Place(), "%s is on %q and %s on %q: no relying party id works on both; move the pages to one domain first",
		other.Name, other.Page.Host, pages[0].Name, start)
}

// cookieDomain returns the domain of the session cookie, if it is configured.
func cookieDomain(p *passkeys.Config) string {
	v := p.Get("cookies.domain")
	if !v.Is(kratosconf.String) || v.Unknown() {
		return ""
	}
	return strings.ToLower(strings.TrimPrefix(v.Str, "."))
}

// appName returns the name by which users know the site.
func (w *workshop) appName(p *passkeys.Config, o Options, id string) string {
	if o.AppName != "" {
		return o.AppName
	}
	for _, path := range []string{p.WebAuthn.RPPath() + ".display_name", "courier.smtp.from_name", "selfservice.methods.totp.config.issuer"} {
		v := p.Get(path)
		if name := v.Text(); v.Is(kratosconf.String) && !v.Unknown() && nameable(name) {
			w.fact("app name", name, v.Place())
			return name
		}
	}
	name := webauthn.RegistrableDomain(id)
	if name == "" || webauthn.Page.IsLocalhost(webauthn.Page{Scheme: "http", Host: id}) {
		name = "Local development"
	}
	w.fact("app name", name, source.Span{})
	return name
}

// nameable rejects the names of the quickstart, and names that are too long for an
// authenticator.
func nameable(name string) bool {
	lower := strings.ToLower(name)
	_, err := netip.ParseAddr(name)
	return name != "" && len(name) <= 64 && err != nil && !slices.Contains([]string{"ory", "localhost", "kratos", "ory kratos", "your application name"}, lower) &&
		!strings.Contains(lower, "example.com") && !strings.ContainsAny(name, "{}$")
}

// origins adds further origins to an existing relying party.
func (w *workshop) origins(p *passkeys.Config, o Options) error {
	for _, more := range o.Origins {
		if slices.ContainsFunc(p.Passkey.Origins, func(have passkeys.Origin) bool { return have.Text == more }) {
			continue
		}
		if err := w.apply(Step{What: "add the origin " + more, At: p.Passkey.OriginsKey.Place()}, yamledit.Append(p.Passkey.OriginsKey, more)); err != nil {
			return err
		}
		var err error
		if p, err = w.pass(); err != nil {
			return err
		}
	}
	return nil
}
