package orynetwork

import "strings"

// settings maps parts of a configuration to pages of the Ory Console, longest
// pattern first; * matches one part of a path. The names are those of the Console's
// menu.
var settings = []struct{ pattern, where string }{
	{"/selfservice/methods/passkey", "Authentication > Passwordless login"},
	{"/selfservice/methods/code", "Authentication > Passwordless login"},
	{"/selfservice/methods/totp", "Authentication > Two-factor auth"},
	{"/selfservice/methods/lookup_secret", "Authentication > Two-factor auth"},
	{"/selfservice/methods/oidc", "Authentication > Social Sign-In"},
	{"/selfservice/flows/*/ui_url", "Branding > UI URLs"},
	{"/selfservice/flows/*/before/hooks", "Authentication > Actions & Webhooks"},
	{"/selfservice/flows/*/after/hooks", "Authentication > Actions & Webhooks"},
	{"/selfservice/flows/*/after/*/hooks", "Authentication > Actions & Webhooks"},
	{"/selfservice/flows/registration", "Authentication > Registration"},
	{"/selfservice/flows/recovery", "Authentication > Account recovery"},
	{"/selfservice/flows/verification", "Authentication > Email verification"},
	{"/selfservice/default_browser_return_url", "Branding > Browser redirects"},
	{"/selfservice/allowed_return_urls", "Branding > Browser redirects"},
	{"/identity", "User management > Identity schema"},
	{"/session", "Authentication > Sessions"},
	{"/courier/templates", "Branding > Email templates"},
	{"/courier", "Branding > Email configuration"},
	{"/cookies", "Branding > Custom domains"},
}

// Setting returns the page of the Ory Console for the value at a JSON pointer, "" if
// only the API and the Ory CLI can set it.
func (p *Project) Setting(pointer string) string {
	if fits(pointer, "/selfservice/methods/webauthn") {
		// The page depends on the use of the method.
		if p.lookUp("selfservice", "methods", "webauthn", "config", "passwordless") == true {
			return "Authentication > Passwordless login"
		}
		return "Authentication > Two-factor auth"
	}
	for _, s := range settings {
		if fits(pointer, s.pattern) {
			return s.where
		}
	}
	return ""
}

// fits reports whether a pointer matches a pattern or is below a match.
func fits(pointer, pattern string) bool {
	parts, want := strings.Split(pointer, "/"), strings.Split(pattern, "/")
	if len(parts) < len(want) {
		return false
	}
	for i, w := range want {
		if w != "*" && parts[i] != w {
			return false
		}
	}
	return true
}

// lookUp returns the value at a path of keys, nil if there is none.
func (p *Project) lookUp(keys ...string) any {
	var v any = p.Config
	for _, key := range keys {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// Host returns the host of the project's own pages without a custom domain.
func (p *Project) Host() string { return p.Slug + ".projects.oryapis.com" }

// HostedPages reports whether ceremonies run on Ory's own pages, whose URLs are
// paths without a host.
func (p *Project) HostedPages() bool {
	for _, flow := range []string{"login", "registration", "settings"} {
		if u, ok := p.lookUp("selfservice", "flows", flow, "ui_url").(string); ok && strings.HasPrefix(u, "/") {
			return true
		}
	}
	return false
}

// OnOwnHost reports whether the project's passkeys are bound to the host name from
// the Ory Network rather than to a custom domain.
func (p *Project) OnOwnHost() bool {
	for _, method := range []string{"passkey", "webauthn"} {
		id, ok := p.lookUp("selfservice", "methods", method, "config", "rp", "id").(string)
		if ok && p.lookUp("selfservice", "methods", method, "enabled") == true && id != "" && id != p.Host() {
			return false
		}
	}
	return true
}
