package passkeys

import "github.com/olympusoss/oly-passkey/pkg/config/kratosconf"

// HookList is one list of hooks.
type HookList struct {
	Path   string // below selfservice.flows
	Flow   string // registration, login, settings, …
	Method string // "" for the generic list of a flow
	After  bool
	Value  *kratosconf.Value
}

// Hook is one element of a list.
type Hook struct {
	List  HookList
	Index int
	Value *kratosconf.Value
}

// Name is what the hook is: web_hook, session, …
func (h Hook) Name() string { return h.Value.Get("hook").Text() }

// Config is the hook's configuration, nil without any.
func (h Hook) Config() *kratosconf.Value { return h.Value.Get("config") }

// Key returns a key of the hook's configuration, or the hook when it has none.
func (h Hook) Key(path string) *kratosconf.Value {
	if v := h.Config().Get(path); v != nil {
		return v
	}
	return h.Value
}

// Ignored reports whether Kratos does not wait for the answer.
func (h Hook) Ignored() bool { return h.Config().Get("response.ignore").True() }

// Parsed reports whether the answer can change or end the flow.
func (h Hook) Parsed() bool {
	return h.Config().Get("response.parse").True() || h.Config().Get("can_interrupt").True()
}

// HookLists lists every list of hooks that the configuration has.
func (c *Config) HookLists() []HookList { return c.hookLists }

func findHookLists(c *kratosconf.Config) []HookList {
	var out []HookList
	for _, flow := range c.Get("selfservice.flows").Fields() {
		for _, when := range []string{"before", "after"} {
			block := flow.Value.Get(when)
			add := func(method string, v *kratosconf.Value) {
				if v.Is(kratosconf.List) {
					path := flow.Name + "." + when
					if method != "" {
						path += "." + method
					}
					out = append(out, HookList{Path: path + ".hooks", Flow: flow.Name, Method: method, After: when == "after", Value: v})
				}
			}
			add("", block.Get("hooks"))
			for _, method := range block.Fields() {
				if method.Name != "hooks" {
					add(method.Name, method.Value.Get("hooks"))
				}
			}
		}
	}
	return out
}

// WebHooks lists every web_hook of the configuration that runs in flows of the
// passkey and webauthn methods: theirs, and those for all methods.
func (c *Config) WebHooks() []Hook {
	if len(c.Enabled()) == 0 {
		return nil
	}
	var out []Hook
	for _, list := range c.HookLists() {
		if list.Method != "" && list.Method != "passkey" && list.Method != "webauthn" {
			continue
		}
		for i, v := range list.Value.Items() {
			if h := (Hook{List: list, Index: i, Value: v}); h.Name() == "web_hook" {
				out = append(out, h)
			}
		}
	}
	return out
}

// Effective is the list that Kratos runs after a flow of a method: the method's
// own, and only without any hook there the generic one.
func (c *Config) Effective(flow, method string) *kratosconf.Value {
	after := c.Get("selfservice.flows." + flow + ".after")
	if own := after.Get(method + ".hooks"); len(own.Items()) > 0 {
		return own
	}
	return after.Get("hooks")
}

// SignUpOpen reports whether users can sign up with the method: registration is
// enabled, and no hook of the method may reject it.
func (c *Config) SignUpOpen(m *Method) bool {
	registration := c.Get("selfservice.flows.registration")
	if !m.FirstFactor || registration.Get("enabled").False() || registration.Unknown() {
		return false
	}
	for _, v := range c.Effective("registration", m.Name).Items() {
		if (Hook{Value: v}).Parsed() || v.Unknown() {
			return false
		}
	}
	return true
}

// IssuesSession reports whether a sign-up with some method signs the user in.
func (c *Config) IssuesSession() bool {
	return hasHook(c.hookLists, "registration", "session")
}

// VerifiesFirst reports whether users must verify their address before they can
// sign in with some method.
func (c *Config) VerifiesFirst() bool {
	return hasHook(c.hookLists, "login", "require_verified_address")
}

func hasHook(lists []HookList, flow, name string) bool {
	for _, list := range lists {
		for _, v := range list.Value.Items() {
			if list.Flow == flow && list.After && (Hook{Value: v}).Name() == name {
				return true
			}
		}
	}
	return false
}

// Unproven is a trait with an address that a sign-up by passkey can set without
// verifying it.
type Unproven struct {
	Trait Trait
	// Owner is how the address's owner can later get into the account:
	// "signs in with a code", "recovers the account" or Verifies.
	Owner string
}

// Verifies is the step of an address's owner that verifies the address without
// signing the user in.
const Verifies = "verifies the address"

// UnprovenAddresses lists such traits of the schema that users sign up with,
// whether sign-up by passkey is open or not. Naming passkeys by another trait
// changes nothing, because a sign-up fills in every trait it likes.
func (c *Config) UnprovenAddresses() []Unproven {
	code := c.Get("selfservice.methods.code.passwordless_enabled").True()
	fallback := code && c.Get("selfservice.methods.code.config.missing_credential_fallback_enabled").True()
	recovery := c.Get("selfservice.flows.recovery.enabled").True()
	verification := c.Get("selfservice.flows.verification.enabled").True()
	var out []Unproven
	for _, s := range c.Schemas {
		if !s.Default {
			continue
		}
		for _, t := range Traits(s.Root) {
			switch {
			case code && t.Code || fallback && t.VerificationVia != "":
				out = append(out, Unproven{t, "signs in with a code"})
			case recovery && t.RecoveryVia != "":
				out = append(out, Unproven{t, "recovers the account"})
			case verification && t.VerificationVia != "":
				out = append(out, Unproven{t, Verifies})
			}
		}
	}
	return out
}

// DefaultWebHookHeaders are the request headers that Kratos passes to hooks unless
// clients.web_hook.header_allowlist names others (embedx/config.schema.json at
// v26.2.0).
func DefaultWebHookHeaders() []string {
	return []string{
		"Accept", "Accept-Encoding", "Accept-Language", "Content-Length", "Content-Type", "Origin", "Priority", "Referer", "Sec-Ch-Ua",
		"Sec-Ch-Ua-Mobile", "Sec-Ch-Ua-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User", "True-Client-Ip", "User-Agent",
	}
}
