package patch

import (
	"cmp"
	"encoding/base64"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/templates"
)

// keyFromEnvironment is the placeholder for the hook's key, which is in kratos.env.
// Kratos starts with it, and the sidecar rejects it.
const keyFromEnvironment = "set-by-environment"

// registration signs users in after they sign up with a passkey, or rejects the
// sign-up if it is unsafe. Hooks of a method disable the generic ones, and hooks of
// another method do not run for passkey, so both are repeated.
func (w *workshop) registration(o Options) error {
	p, err := w.pass()
	if err != nil {
		return err
	}
	flow := p.Get("selfservice.flows.registration")
	after := flow.Get("after")
	own := after.Get("passkey.hooks")
	at := p.Near("selfservice.flows.registration.after.passkey.hooks.0")
	if flow.Get("enabled").False() || flow.Unknown() || after.Unknown() || after.Get("passkey").Unknown() || own.Unknown() {
		return nil
	}
	if open := p.UnprovenAddresses(); o.SignUp == PasskeyFirst && len(open) > 0 && p.SignUpOpen(p.Passkey) {
		t := open[0].Trait
		return conflictf(t.Value.Place(), "with --sign-up %s a stranger can enter another user's %q, and keeps a passkey to the account once its owner %s; use %s, or reject such sign-ups with a hook with response.parse in registration.after.passkey.hooks first",
			PasskeyFirst, t.Name, open[0].Owner, CodeFirst)
	}
	refuse := o.SignUp == CodeFirst || o.SignUp == AnySignUp && (!w.had || takeover(p))
	w.signUpFact(o, refuse)
	refuse = refuse && p.SignUpOpen(p.Passkey)
	if refuse {
		w.sidecar = cmp.Or(o.SidecarURL, api.DefaultURL) // the sidecar that rejects also gets the other hooks
	}
	var first *yaml.Node
	what := "sign users in after they sign up with a passkey"
	switch {
	case refuse:
		first = hook(w.sidecar, "refuse-passkey-signup", templates.RefuseHook(), "parse")
		what = "reject sign-up with a passkey, which does not verify the address: a stranger could keep a key to another user's account"
	case w.sidecar != "":
		first = hook(w.sidecar, "registration", templates.IdentityHook(), "ignore")
	}
	if len(own.Items()) > 0 {
		if first == nil || notifies(own) {
			return nil
		}
		return w.apply(Step{What: what, At: own.Place()}, yamledit.Prepend(own, first))
	}
	hooks := list()
	if first != nil {
		hooks.Content = append(hooks.Content, first)
	}
	others := after.Get("password.hooks")
	hooks.Content = append(hooks.Content, repeated(others, after.Get("hooks"))...)
	if others := others.Items(); !has(hooks, "session") && (len(others) == 0 || first != nil) {
		hooks.Content = append(hooks.Content, mapping(field("hook", text("session"))))
	}
	return w.apply(Step{What: what, At: at}, yamledit.InsertNode(p.Config, "selfservice.flows.registration.after.passkey.hooks", hooks))
}

// signUpFact records how users sign up, and why.
func (w *workshop) signUpFact(o Options, refuse bool) {
	value := "passkey-first (--sign-up): an account can start with a passkey"
	switch {
	case refuse && o.SignUp == AnySignUp:
		value = "code-first (the default): sign-up with a passkey is rejected"
	case refuse:
		value = "code-first (--sign-up): sign-up with a passkey is rejected"
	case o.SignUp == AnySignUp:
		value = "unchanged, because passkeys were already enabled"
	}
	w.fact("sign-up", value, source.Span{})
}

// login repeats the hooks of password sign-in for passkey, and notifies the sidecar.
func (w *workshop) login(Options) error { return w.after("login") }

// settings notifies the sidecar of added and removed passkeys.
func (w *workshop) settings(Options) error { return w.after("settings") }

func (w *workshop) after(flow string) error {
	p, err := w.pass()
	if err != nil {
		return err
	}
	after := p.Get("selfservice.flows." + flow + ".after")
	own := after.Get("passkey.hooks")
	if after.Unknown() || after.Get("passkey").Unknown() || own.Unknown() {
		return nil
	}
	var first *yaml.Node
	what := "run the hooks of password sign-in after sign-in with a passkey too"
	if w.sidecar != "" {
		first = hook(w.sidecar, flow, templates.IdentityHook(), "ignore")
		what = "notify the sidecar after " + flow
	}
	if len(own.Items()) > 0 {
		if first == nil || notifies(own) {
			return nil
		}
		return w.apply(Step{What: what, At: own.Place()}, yamledit.Prepend(own, first))
	}
	hooks := list()
	if first != nil {
		hooks.Content = append(hooks.Content, first)
	}
	generic := after.Get("hooks")
	var password *kratosconf.Value
	if flow == "login" && (len(generic.Items()) == 0 || first != nil) {
		password = after.Get("password.hooks") // hooks of a password change do not apply to passkeys
	}
	if password == nil && first == nil {
		return nil // the generic ones run
	}
	hooks.Content = append(hooks.Content, repeated(password, generic)...)
	if len(hooks.Content) == 0 {
		return nil
	}
	path := "selfservice.flows." + flow + ".after.passkey.hooks"
	return w.apply(Step{What: what, At: p.Near(path + ".0")}, yamledit.InsertNode(p.Config, path, hooks))
}

// repeated returns the hooks of all lists, each once.
func repeated(lists ...*kratosconf.Value) []*yaml.Node {
	var out []*yaml.Node
	seen := make(map[string]bool)
	for _, l := range lists {
		for _, h := range l.Items() {
			id := h.Get("hook").Text() + " " + h.Get("config.url").Text()
			if !seen[id] {
				seen[id] = true
				out = append(out, copied(h))
			}
		}
	}
	return out
}

func has(hooks *yaml.Node, name string) bool {
	for _, h := range hooks.Content {
		for i := 0; i+1 < len(h.Content); i += 2 {
			if h.Content[i].Value == "hook" && h.Content[i+1].Value == name {
				return true
			}
		}
	}
	return false
}

// notifies reports whether a list has a hook to the sidecar.
func notifies(hooks *kratosconf.Value) bool {
	for _, h := range hooks.Items() {
		if (passkeys.Hook{Value: h}).ToSidecar() {
			return true
		}
	}
	return false
}

// hook returns a web hook to the sidecar. Its body is inline, so that no container
// needs another mount. Its key comes from the environment, which can only set the
// first element of a list.
func hook(sidecar, name, body, response string) *yaml.Node {
	return mapping(
		pair{key: "hook", value: text("web_hook"), comment: "first in its list: the environment reaches no other element"},
		field("config", mapping(
			field("url", text(strings.TrimRight(sidecar, "/")+api.HookPath+name)),
			field("method", text("POST")),
			pair{key: "body", value: text("base64://" + base64.StdEncoding.EncodeToString([]byte(body))), comment: body},
			field("response", mapping(field(response, yes()))),
			field("auth", mapping(
				field("type", text("api_key")),
				field("config", mapping(
					field("in", text("header")),
					field("name", text("X-Api-Key")),
					pair{key: "value", value: text(keyFromEnvironment), comment: "see kratos.env"},
				)),
			)),
		)),
	)
}

// allowed adds the sidecar to the exceptions of a Kratos that may not call private
// addresses. Kratos compares exceptions as strings.
func (w *workshop) allowed(Options) error {
	p, err := w.pass()
	if err != nil {
		return err
	}
	guard := p.Get("clients.http")
	if !guard.Get("disallow_private_ip_ranges").True() {
		return nil
	}
	exceptions := guard.Get("private_ip_exception_urls")
	have := make(map[string]bool)
	for _, v := range exceptions.Items() {
		have[v.Text()] = true
	}
	var missing []string
	for _, list := range p.HookLists() {
		for _, v := range list.Value.Items() {
			if url := v.Get("config.url").Text(); (passkeys.Hook{Value: v}).ToSidecar() && !have[url] {
				have[url] = true
				missing = append(missing, url)
			}
		}
	}
	step := Step{What: "allow Kratos to call the sidecar at a private address", At: guard.Get("disallow_private_ip_ranges").Place()}
	switch {
	case len(missing) == 0:
		return nil
	case len(exceptions.Items()) == 0:
		return w.apply(step, yamledit.InsertNode(p.Config, "clients.http.private_ip_exception_urls", texts(missing)))
	}
	for _, url := range missing {
		if err := w.apply(step, yamledit.Append(p.Get("clients.http.private_ip_exception_urls"), url)); err != nil {
			return err
		}
		if p, err = w.pass(); err != nil {
			return err
		}
	}
	return nil
}
