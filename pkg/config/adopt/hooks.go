package adopt

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
)

// Bodies of the hooks: they name who changed, and nothing else.
const (
	identityBody = "function(ctx) { identity_id: ctx.identity.id, flow_id: ctx.flow.id }"
	refuseBody   = "function(ctx) { flow_id: ctx.flow.id }"
)

// keyFromEnvironment stands for the hook's key, which is in kratos.env. Kratos
// starts with it, and the sidecar refuses it.
const keyFromEnvironment = "set-by-environment"

// registration signs people in after a sign-up with a passkey, or refuses it
// where it would not be safe. Hooks of a method switch the generic ones off, and
// those of another method do not run for this one, so they are repeated.
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
		return conflictf(t.Value.Place(), "with --sign-up %s a stranger can enter somebody else's %q, and keeps a passkey to the account once its owner %s; use %s, or reject such sign-ups by a hook with response.parse in registration.after.passkey.hooks first",
			PasskeyFirst, t.Name, open[0].Owner, CodeFirst)
	}
	refuse := o.SignUp == CodeFirst || o.SignUp == AnySignUp && (!w.had || takeover(p))
	w.signUpFact(o, refuse)
	refuse = refuse && p.SignUpOpen(p.Passkey)
	if refuse {
		w.sidecar = cmp.Or(o.SidecarURL, api.DefaultURL) // who refuses is told of everything else
	}
	var first *yaml.Node
	what := "sign people in after a sign-up with a passkey"
	switch {
	case refuse:
		first = hook(w.sidecar, "refuse-passkey-signup", refuseBody, "parse")
		what = "refuse a sign-up by passkey, which proves no address: a stranger could keep the key to somebody else's account"
	case w.sidecar != "":
		first = hook(w.sidecar, "registration", identityBody, "ignore")
	}
	if len(own.Items()) > 0 {
		if first == nil || told(own) {
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

// signUpFact says how accounts begin, and why.
func (w *workshop) signUpFact(o Options, refuse bool) {
	value := "passkey-first (--sign-up): a passkey may be the first thing an account gets"
	switch {
	case refuse && o.SignUp == AnySignUp:
		value = "code-first (the default): a sign-up by passkey is refused"
	case refuse:
		value = "code-first (--sign-up): a sign-up by passkey is refused"
	case o.SignUp == AnySignUp:
		value = "left as it is, since passkeys were on already"
	}
	w.fact("sign-up", value, source.Span{})
}

// login repeats for passkey what runs after a sign-in with a password, and tells
// the sidecar.
func (w *workshop) login(Options) error { return w.after("login") }

// settings tells the sidecar of passkeys that come and go.
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
	what := "run after a sign-in with a passkey what runs after one with a password"
	if w.sidecar != "" {
		first = hook(w.sidecar, flow, identityBody, "ignore")
		what = "tell the sidecar after " + flow
	}
	if len(own.Items()) > 0 {
		if first == nil || told(own) {
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
		password = after.Get("password.hooks") // a change of the password is another matter
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

// repeated are the hooks of both lists, each once.
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

// told tells whether a list has a hook to the sidecar.
func told(hooks *kratosconf.Value) bool {
	for _, h := range hooks.Items() {
		if (passkeys.Hook{Value: h}).ToSidecar() {
			return true
		}
	}
	return false
}

// hook is a web hook to the sidecar. Its body stands in it, so that no container
// needs another mount; its key comes from the environment, which reaches the
// first element of a list alone.
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

// allowed lets Kratos call the sidecar where it may call no private address: the
// exceptions are compared letter by letter.
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
	step := Step{What: "let Kratos call the sidecar, which has a private address", At: guard.Get("disallow_private_ip_ranges").Place()}
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
