package passkeys

import (
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Method is the passkey or the webauthn method of a configuration.
type Method struct {
	Name string // "passkey" or "webauthn"
	Path string // of the method's block
	// On reports whether the method is enabled or a template decides it.
	On bool
	// FirstFactor reports whether users sign up and in with the method: always for
	// passkey, and with `passwordless: true` for webauthn.
	FirstFactor bool
	Config, RP  *kratosconf.Value // the blocks, nil when absent
	ID          *kratosconf.Value // rp.id
	IDProblem   RPIDProblem       // of rp.id's text
	// OriginsKey is rp.origins, or webauthn's old rp.origin; nil makes Kratos
	// derive one origin.
	OriginsKey *kratosconf.Value
	Origins    []Origin

	bare      map[string]bool        // each origin's Bare
	hosts     map[string]bool        // of origins without a scheme, in lower case
	wildcards []Origin               // those with a *
	pages     map[webauthn.Page]bool // of those that are known
}

func newMethod(c *kratosconf.Config, name string) *Method {
	m := &Method{Name: name, Path: "selfservice.methods." + name}
	block := c.Get(m.Path)
	enabled := block.Get("enabled")
	m.On = enabled.True() || enabled.Unknown() || enabled.Is(kratosconf.String) && meansTrue(enabled.Str)
	m.Config = block.Get("config")
	m.RP = m.Config.Get("rp")
	m.ID = m.RP.Get("id")
	if m.ID.Is(kratosconf.String) && m.ID.Str != "" {
		m.IDProblem = CheckRPID(m.ID.Str)
	}
	passwordless := m.Config.Get("passwordless")
	m.FirstFactor = name == "passkey" || passwordless.True() || passwordless.Unknown()
	m.OriginsKey = m.RP.Get("origins")
	if m.OriginsKey == nil && name == "webauthn" {
		m.OriginsKey = m.RP.Get("origin")
	}
	if m.OriginsKey.Is(kratosconf.String) {
		m.Origins = append(m.Origins, NewOrigin(m.OriginsKey))
	}
	for _, item := range m.OriginsKey.Items() {
		if item.Is(kratosconf.String) {
			m.Origins = append(m.Origins, NewOrigin(item))
		}
	}
	m.bare, m.hosts, m.pages = make(map[string]bool), make(map[string]bool), make(map[webauthn.Page]bool)
	for _, o := range m.Origins {
		m.bare[o.Bare()] = true
		if o.Scheme == "" {
			m.hosts[strings.ToLower(o.Host)] = true
		}
		if strings.Contains(o.Host, "*") {
			m.wildcards = append(m.wildcards, o)
		}
		if o.Known {
			m.pages[o.Page] = true
		}
	}
	return m
}

// meansTrue reports whether a text such as "yes" or "on" was meant as true. Kratos
// does not start with it; the other checks run as if it were already fixed.
func meansTrue(text string) bool {
	switch strings.ToLower(text) {
	case "yes", "on", "true", "y", "1":
		return true
	}
	return false
}

// RPPath is the path of the relying party's block.
func (m *Method) RPPath() string { return m.Path + ".config.rp" }

// Unsure reports whether a template decides what the relying party's block holds.
func (m *Method) Unsure() bool {
	return m.Config.Unknown() || m.RP.Unknown() || m.ID.Unknown()
}

// OriginsUnsure reports whether a template decides which origins there are.
func (m *Method) OriginsUnsure() bool {
	return m.Config.Unknown() || m.RP.Unknown() || m.OriginsKey.Unknown()
}

// FirstFactors lists the enabled methods, passkeys aside, that sign users in on
// their own.
func (c *Config) FirstFactors() []string {
	methods := c.Get("selfservice.methods")
	var out []string
	for name, key := range map[string]string{"code": "passwordless_enabled", "oidc": "enabled", "password": "enabled"} {
		if methods.Get(name + "." + key).True() {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// SecondFactor names an enabled method that users can set up as a second factor,
// "" without any.
func (c *Config) SecondFactor() string {
	methods := c.Get("selfservice.methods")
	switch {
	case c.WebAuthn.On && !c.WebAuthn.FirstFactor:
		return "webauthn"
	case methods.Get("totp.enabled").True():
		return "totp"
	case methods.Get("lookup_secret.enabled").True():
		return "lookup_secret"
	case methods.Get("code.mfa_enabled").True():
		return "code"
	}
	return ""
}

// EachRPID calls f for each enabled method whose rp.id is known and has this
// flaw; RPIDOK asks for those without any.
func (c *Config) EachRPID(flaw RPIDProblem, f func(*Method)) {
	for _, m := range c.Enabled() {
		if m.ID.Is(kratosconf.String) && m.ID.Str != "" && !m.Unsure() && !TemplateLeft(m.ID.Str) && m.IDProblem == flaw {
			f(m)
		}
	}
}

// EachOrigin calls f for each configured origin of each enabled method.
func (c *Config) EachOrigin(f func(*Method, Origin)) {
	for _, m := range c.Enabled() {
		for _, o := range m.Origins {
			if o.Value.Unknown() || !TemplateLeft(o.Text) {
				f(m, o)
			}
		}
	}
}

// Lists reports whether the origin is among the method's, once all are written
// right: also without a scheme or with a wildcard, which have rules of their own.
func (m *Method) Lists(o Origin) bool {
	if m.bare[o.Bare()] || m.hosts[strings.ToLower(o.Host)] {
		return true
	}
	for _, other := range m.wildcards {
		before, after, _ := strings.Cut(strings.ToLower(other.Host), "*")
		if strings.HasPrefix(o.Host, before) && strings.HasSuffix(o.Host, after) {
			return true
		}
	}
	return false
}

// ListsBare reports whether an origin of the method is this one once it is
// written right.
func (m *Method) ListsBare(bare string) bool { return m.bare[bare] }

// ListsPage reports whether an origin of the method is this one, port and scheme
// included.
func (m *Method) ListsPage(page webauthn.Page) bool { return m.pages[page] }

// TemplateLeft reports whether a text still has a placeholder although its file is
// said to be rendered.
func TemplateLeft(text string) bool { return kratosconf.Placeholder(text) != "" }
