package rules

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// uris reports strings that the schema requires to be a URL but are not, by
// format "uri", which also requires a scheme, and "uri-reference".
func uris(p *lint.Pass) {
	for _, path := range []string{"serve.admin.base_url", "selfservice.methods.webauthn.config.rp.icon"} {
		wantURL(p, path, p.Get(path), notAbsolute)
	}
	for _, schema := range p.Get("identity.schemas").Items() {
		wantURL(p, "url of an identity schema", schema.Get("url"), notAbsolute)
	}
	for _, list := range p.HookLists() {
		for _, hook := range list.Value.Items() {
			if hook.Get("hook").Text() == "web_hook" {
				wantURL(p, "url of a web hook", hook.Get("config.url"), notAbsolute)
			}
		}
	}
	for _, o := range p.WebAuthn.Origins {
		if !lacksScheme(o) && !hasInvisible(o) || !p.WebAuthn.On { // otherwise origin-no-scheme and origin-whitespace report it
			wantURL(p, "webauthn origin", o.Value, notAbsolute)
		}
	}
	for _, path := range []string{"serve.public.base_url", "selfservice.default_browser_return_url"} {
		wantURL(p, path, p.Get(path), notURL)
	}
	for _, allowed := range p.Get("selfservice.allowed_return_urls").Items() {
		wantURL(p, "allowed return URL", allowed, notURL)
	}
	for _, flow := range p.Get("selfservice.flows").Fields() {
		const returnURL = "default_browser_return_url"
		wantURL(p, flow.Name+" ui_url", flow.Value.Get("ui_url"), notURL)
		after := flow.Value.Get("after")
		wantURL(p, flow.Name+" "+returnURL, after.Get(returnURL), notURL)
		for _, method := range after.Fields() {
			wantURL(p, flow.Name+" "+returnURL, method.Value.Get(returnURL), notURL)
		}
	}
}

// wantURL reports an invalid URL; what names the URL in the message.
func wantURL(p *lint.Pass, what string, v *kratosconf.Value, flaw func(string) string) {
	if !v.Is(kratosconf.String) || v.Unknown() || passkeys.TemplateLeft(v.Str) {
		return
	}
	if why := flaw(v.Str); why != "" {
		p.ReportAt(v, finding.Finding{
			Message: fmt.Sprintf("%s %q is not a URL: %s, so Kratos does not start", what, v.Str, why),
			Help:    "write a complete URL, such as https://auth.example.com/login, or file://identity.schema.json",
		})
	}
}

// refusesStart reports whether an origin keeps Kratos from starting: webauthn's
// have to be URLs, passkey's can be anything.
func refusesStart(m *passkeys.Method, o passkeys.Origin) bool {
	return m.Name == "webauthn" && notAbsolute(o.Value.Str) != ""
}

const noScheme = "it has no scheme"

// notURL returns why net/url, which Kratos uses, cannot parse a text, or "" if
// it can.
func notURL(text string) string {
	_, err := url.Parse(text)
	if _, better := url.Parse("http://" + text); err != nil && better == nil {
		return noScheme
	}
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		return failed.Err.Error()
	}
	return ""
}

// notAbsolute is like notURL but also requires a scheme.
func notAbsolute(text string) string {
	if why := notURL(text); why != "" {
		return why
	}
	if u, _ := url.Parse(text); !u.IsAbs() {
		return noScheme
	}
	return ""
}
