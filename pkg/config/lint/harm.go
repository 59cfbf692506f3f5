package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Harm returns the ways in which a change weakens security or keeps Kratos from
// starting; a change with none may be offered as a fix. It compares the two
// configurations and does not depend on the rules.
func Harm(before, after *passkeys.Config) []string {
	var out []string
	for _, row := range register() {
		if why := row(before, after); why != "" {
			out = append(out, why)
		}
	}
	return out
}

// register lists what no fix may do.
func register() []func(before, after *passkeys.Config) string {
	return []func(before, after *passkeys.Config) string{
		lowersAAL, issuesSession, acceptsUnverified, widensOrigins, removesHook, ignoresAnswer,
		loosensCookies, loosensSwitch, requiresTrait, cutsDefaults, emptiesMap, changesPlaceholder,
		movesRPID, changesSecret,
	}
}

// lowersAAL: unset is highest_available, the default.
func lowersAAL(before, after *passkeys.Config) string {
	for _, path := range []string{"session.whoami.required_aal", "selfservice.flows.settings.required_aal"} {
		if was, is := before.Get(path).Text(), after.Get(path).Text(); is == "aal1" && was != is {
			return path + " is lowered to aal1"
		}
	}
	return ""
}

// issuesSession: a sign-up may sign users in only if sign-ups with another method
// do and sign-in does not ask for a verified address.
func issuesSession(before, after *passkeys.Config) string {
	for _, list := range after.HookLists() {
		if list.Flow != "registration" || !holdsHook(list.Value, "session") || holdsHook(before.Get("selfservice.flows."+list.Path), "session") {
			continue
		}
		if !before.IssuesSession() || before.VerifiesFirst() {
			return list.Path + " issues a session that was not issued before"
		}
	}
	return ""
}

func holdsHook(list *kratosconf.Value, name string) bool {
	return slices.ContainsFunc(list.Items(), func(v *kratosconf.Value) bool { return passkeys.Hook{Value: v}.Name() == name })
}

// acceptsUnverified reports a change that disables verification or no longer verifies
// an address.
func acceptsUnverified(before, after *passkeys.Config) string {
	const enabled = "selfservice.flows.verification.enabled"
	if before.Get(enabled).True() && !after.Get(enabled).True() {
		return "addresses are no longer verified"
	}
	return eachTrait(before, after, func(was, is passkeys.Trait) string {
		if was.VerificationVia != "" && is.VerificationVia == "" {
			return fmt.Sprintf("trait %q is no longer verified", was.Name)
		}
		return ""
	})
}

// eachTrait compares the traits of the schemas with one id.
func eachTrait(before, after *passkeys.Config, compare func(was, is passkeys.Trait) string) string {
	for _, old := range before.Schemas {
		for _, s := range after.Schemas {
			if s.ID != old.ID || s.Root == nil || old.Root == nil {
				continue
			}
			traits := passkeys.Traits(s.Root)
			for _, was := range passkeys.Traits(old.Root) {
				i := slices.IndexFunc(traits, func(t passkeys.Trait) bool { return t.Name == was.Name && t.Top == was.Top })
				if i < 0 {
					return fmt.Sprintf("trait %q is removed", was.Name)
				}
				if why := compare(was, traits[i]); why != "" {
					return why
				}
			}
		}
	}
	return ""
}

// widensOrigins: a list of trusted origins or return URLs names a host that
// neither it nor any URL of the configuration named.
func widensOrigins(before, after *passkeys.Config) string {
	known := make(map[string]bool)
	own := before
	for _, flow := range own.Get("selfservice.flows").Fields() {
		known[hostOf(flow.Value.Get("ui_url"))] = true
	}
	for _, path := range []string{"serve.public.base_url", "selfservice.default_browser_return_url"} {
		known[hostOf(own.Get(path))] = true
	}
	for _, page := range before.Pages {
		if page.Known {
			known[page.Page.Host] = true
		}
	}
	lists := []string{
		"selfservice.allowed_return_urls", "serve.public.cors.allowed_origins", "serve.admin.cors.allowed_origins",
		"selfservice.methods.passkey.config.rp.origins", "selfservice.methods.webauthn.config.rp.origins", "selfservice.methods.webauthn.config.rp.origin",
	}
	for _, path := range lists {
		for _, v := range scalars(own.Get(path)) {
			known[hostOf(v)] = true
		}
	}
	for _, path := range lists {
		for _, v := range scalars(after.Get(path)) {
			if slices.ContainsFunc(scalars(own.Get(path)), func(was *kratosconf.Value) bool { return was.Str == v.Str }) {
				continue
			}
			if host := hostOf(v); !known[host] || strings.Contains(host, "*") {
				return fmt.Sprintf("%s trusts %q, which was not trusted before", path, v.Str)
			}
		}
	}
	return ""
}

// scalars are the elements of a list, or a text alone.
func scalars(v *kratosconf.Value) []*kratosconf.Value {
	if v.Is(kratosconf.String) {
		return []*kratosconf.Value{v}
	}
	return v.Items()
}

// hostOf returns the host of a URL or an origin, even if it is malformed. All names
// of the local machine have the same host, and so have all apps.
func hostOf(v *kratosconf.Value) string {
	text := strings.Map(func(r rune) rune {
		if r <= ' ' || r == '\u200b' || r == '\u00a0' || r == '\ufeff' {
			return -1
		}
		return r
	}, v.Text())
	if strings.HasPrefix(text, "android:") {
		return "android:"
	}
	o := passkeys.NewOrigin(&kratosconf.Value{Kind: kratosconf.String, Str: strings.TrimRight(text, ",;")})
	if !o.Known && o.Scheme == "" {
		o = passkeys.NewOrigin(&kratosconf.Value{Kind: kratosconf.String, Str: "https://" + text})
	}
	switch {
	case !o.Known:
		return strings.ToLower(o.Host)
	case o.Page.IP.IsLoopback():
		return "localhost"
	}
	return o.Page.Host
}

// removesHook reports a removed hook, except session, which only signs in.
func removesHook(before, after *passkeys.Config) string {
	known := []string{"require_verified_address", "revoke_active_sessions", "show_verification_ui", "verification", "web_hook"}
	left := make(map[string]bool)
	for _, h := range hooksOf(after) {
		left[h.List.Flow+hookKey(h)] = true
	}
	for _, h := range hooksOf(before) {
		if slices.Contains(known, h.Name()) && !left[h.List.Flow+hookKey(h)] {
			return fmt.Sprintf("the hook %q of %s is removed", h.Name(), h.List.Path)
		}
	}
	return ""
}

func hooksOf(c *passkeys.Config) []passkeys.Hook {
	var out []passkeys.Hook
	for _, list := range c.HookLists() {
		for i, v := range list.Value.Items() {
			out = append(out, passkeys.Hook{List: list, Index: i, Value: v})
		}
	}
	return out
}

// hookKey returns a key that identifies a hook, regardless of its URL's scheme.
func hookKey(h passkeys.Hook) string {
	url := h.Config().Get("url").Text()
	if _, after, ok := strings.Cut(url, "://"); ok {
		url = after
	}
	return " " + h.Name() + " " + url
}

// ignoresAnswer reports a hook that can no longer end a flow, or only after the
// identity is saved. Hooks that only notify the sidecar do not count.
func ignoresAnswer(before, after *passkeys.Config) string {
	power := func(h passkeys.Hook) int {
		switch {
		case h.Name() != "web_hook" || h.ToSidecar() && !strings.Contains(h.Config().Get("url").Text(), api.HookPath+"refuse-"):
			return 0
		case h.Parsed():
			return 2
		case !h.Ignored():
			return 1
		}
		return 0
	}
	left := make(map[string]int)
	for _, h := range hooksOf(after) {
		key := h.List.Flow + hookKey(h)
		left[key] = max(left[key], power(h))
	}
	for _, h := range hooksOf(before) {
		if power(h) > left[h.List.Flow+hookKey(h)] {
			return fmt.Sprintf("the response of the hook %q can no longer end the flow", h.Config().Get("url").Text())
		}
	}
	return ""
}

// loosensCookies: more hosts get a cookie, or more sites send it.
func loosensCookies(before, after *passkeys.Config) string {
	for _, path := range []string{"cookies", "session.cookie"} {
		was, is := before.Get(path), after.Get(path)
		old, domain := was.Get("domain").Text(), is.Get("domain").Text()
		if domain != "" && domain != old && (old == "" || strings.HasSuffix(old, "."+strings.TrimPrefix(domain, "."))) {
			return path + ".domain covers more hosts"
		}
		if lax(is.Get("same_site").Text()) > lax(was.Get("same_site").Text()) {
			return path + ".same_site is weaker"
		}
	}
	return ""
}

// lax ranks values of same_site; Lax is the default.
func lax(value string) int {
	switch strings.ToLower(value) {
	case "strict":
		return 0
	case "none":
		return 2
	}
	return 1
}

// loosensSwitch reports a protection that a change disables or a risk that it enables.
func loosensSwitch(before, after *passkeys.Config) string {
	for _, path := range []string{
		"security.account_enumeration.mitigate", "clients.http.disallow_private_ip_ranges", "cookies.secure", "session.cookie.secure",
		"selfservice.methods.password.config.haveibeenpwned_enabled", "selfservice.flows.recovery.notify_unknown_recipients",
	} {
		if before.Get(path).True() && !after.Get(path).True() {
			return path + " is disabled"
		}
	}
	for _, path := range []string{"dev", "log.leak_sensitive_values", "serve.public.cors.allow_credentials", "serve.public.cors.debug"} {
		if !before.Get(path).True() && after.Get(path).True() {
			return path + " is enabled"
		}
	}
	const verification = "selfservice.methods.passkey.config.authenticator_selection.user_verification"
	if rank := []string{"discouraged", "", "preferred", "required"}; slices.Index(rank, after.Get(verification).Text()) < slices.Index(rank, before.Get(verification).Text()) {
		return verification + " is lowered"
	}
	return ""
}

// requiresTrait: sign-ups that worked are rejected.
func requiresTrait(before, after *passkeys.Config) string {
	return eachTrait(before, after, func(was, is passkeys.Trait) string {
		if is.Required && !was.Required {
			return fmt.Sprintf("trait %q becomes required", is.Name)
		}
		return ""
	})
}

// cutsDefaults: a list that replaces Kratos' own lacks some of it.
func cutsDefaults(before, after *passkeys.Config) string {
	for path, defaults := range map[string][]string{
		"clients.web_hook.header_allowlist": passkeys.DefaultWebHookHeaders(),
		"serve.public.cors.allowed_methods": {"POST", "GET", "PUT", "PATCH", "DELETE"},
		"serve.public.cors.allowed_headers": {"Authorization", "Content-Type", "X-Session-Token"},
		"serve.public.cors.exposed_headers": {"Content-Type"},
	} {
		is := after.Get(path)
		if !is.Is(kratosconf.List) {
			continue
		}
		was := defaults
		if list := before.Get(path); list.Is(kratosconf.List) {
			was = nil
			for _, v := range list.Items() {
				was = append(was, v.Str)
			}
		}
		for _, one := range was {
			if !slices.ContainsFunc(is.Items(), func(v *kratosconf.Value) bool { return strings.EqualFold(v.Str, one) }) {
				return fmt.Sprintf("%s no longer contains %q", path, one)
			}
		}
	}
	return ""
}

// emptiesMap: Kratos' schema wants an object, and a key without a value is null.
func emptiesMap(before, after *passkeys.Config) string {
	var walk func(path string, was, is *kratosconf.Value) string
	walk = func(path string, was, is *kratosconf.Value) string {
		if was.Is(kratosconf.Map) && len(was.Fields()) > 0 && is.Exists() && !is.Unknown() && len(is.Fields()) == 0 {
			return path + " becomes empty"
		}
		for _, f := range was.Fields() {
			if why := walk(strings.TrimPrefix(path+"."+f.Name, "."), f.Value, is.Field(f.Name)); why != "" {
				return why
			}
		}
		return ""
	}
	return walk("", before.Root, after.Root)
}

// changesPlaceholder: another program's text is written, changed or removed.
func changesPlaceholder(before, after *passkeys.Config) string {
	was, is := unknowns(before.Root), unknowns(after.Root)
	for text, n := range was {
		if is[text] != n {
			return fmt.Sprintf("the placeholder in %q is changed", text)
		}
	}
	for text := range is {
		if was[text] == 0 {
			return fmt.Sprintf("%q is a new placeholder", text)
		}
	}
	return ""
}

func unknowns(v *kratosconf.Value) map[string]int {
	out := make(map[string]int)
	v.Walk(func(v *kratosconf.Value) {
		if v.Is(kratosconf.String) && (v.Unknown() || passkeys.TemplateLeft(v.Str)) {
			out[v.Str]++
		}
	})
	return out
}

// dropHarm empties the changes that do harm. It asks about many at once, because
// each question reads the configuration again.
func (p *Pass) dropHarm(changes []*[]source.Edit) {
	changes = slices.DeleteFunc(changes, func(c *[]source.Edit) bool { return len(*c) == 0 })
	var edits []source.Edit
	for _, c := range changes {
		edits = append(edits, *c...)
	}
	switch half := len(changes) / 2; {
	case len(edits) == 0 || len(p.harm(edits)) == 0:
	case len(changes) == 1:
		*changes[0] = nil
	default:
		p.dropHarm(changes[:half:half])
		p.dropHarm(changes[half:])
	}
}

// harm returns the harm that edits would do to this configuration, or why they cannot
// be made.
func (p *Pass) harm(edits []source.Edit) []string {
	byFile := make(map[string][]source.Edit)
	for _, e := range edits {
		byFile[e.Span.File.Name] = append(byFile[e.Span.File.Name], e)
	}
	var failed error
	open := func(f *source.File) *source.File {
		if len(byFile[f.Name]) == 0 {
			return f
		}
		text, err := source.Apply(f, source.Rebase(f, byFile[f.Name]))
		if err != nil {
			failed = err
			return f
		}
		return source.New(f.Name, text)
	}
	var docs []*kratosconf.Document
	for _, d := range p.Documents {
		after, err := kratosconf.Parse(open(d.File), kratosconf.ParseOptions{Rendered: p.Rendered})
		if err != nil {
			return []string{err.Error()}
		}
		docs = append(docs, after)
	}
	config, err := kratosconf.Load(docs, p.Env)
	if err != nil {
		return []string{err.Error()}
	}
	o := p.opts.Model()
	if read := o.Schemas.Read; read != nil {
		o.Schemas.Read = func(name string) (*source.File, error) {
			f, err := read(name)
			if err != nil {
				return nil, err
			}
			return open(f), nil
		}
	}
	after := passkeys.New(config, o)
	if len(p.Schemas) > 0 && len(after.Schemas) == 0 {
		after.Schemas = config.IdentitySchemas(o.Schemas)
	}
	if failed != nil {
		return []string{failed.Error()}
	}
	return Harm(p.Config, after)
}

// movesRPID reports a valid rp.id that changes: existing passkeys are bound to it, and
// no file shows whether there are any. Those of localhost are a developer's.
func movesRPID(before, after *passkeys.Config) string {
	for _, m := range []struct{ was, is *passkeys.Method }{{before.Passkey, after.Passkey}, {before.WebAuthn, after.WebAuthn}} {
		if m.was.On && m.was.ID.Is(kratosconf.String) && m.was.ID.Str != "" && !m.was.ID.Unknown() &&
			m.was.IDProblem == passkeys.RPIDOK && !isLocalhost(m.was.ID.Str) && m.is.ID.Text() != m.was.ID.Str {
			return fmt.Sprintf("existing passkeys are bound to the rp.id %q of %s", m.was.ID.Str, m.was.Path)
		}
	}
	return ""
}

func isLocalhost(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// changesSecret reports a hook whose key is replaced: its receiver knows the old one.
func changesSecret(before, after *passkeys.Config) string {
	const value = "auth.config.value"
	keys := make(map[string]string)
	for _, h := range hooksOf(after) {
		keys[h.List.Flow+hookKey(h)] = h.Config().Get(value).Text()
	}
	for _, h := range hooksOf(before) {
		if was := h.Config().Get(value).Text(); was != "" && keys[h.List.Flow+hookKey(h)] != was {
			return fmt.Sprintf("the key of the hook %q is replaced", h.Config().Get("url").Text())
		}
	}
	return ""
}
