package catalogue

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
)

// wording turns faults into problems.
type wording struct {
	config   *kratosconf.Config
	seen     map[string]bool
	problems []Problem
}

func (w *wording) add(f fault) {
	p := Problem{Kind: f.kind, Path: strings.Join(f.path, "."), Key: f.key}
	value, exact := w.find(f.path)
	if f.kind == Unknown {
		p.Value = value.Field(f.key)
	} else {
		p.Value = value
	}
	switch {
	case w.seen[p.id()], !exact:
		return // a map that only the defaults have
	case f.kind == Unknown:
		p.Span = p.Value.Key
		if p.Span.File == nil {
			p.Span = p.Value.Place() // of the environment
		}
	case len(f.path) == 0:
		p.Span = w.config.Near("")
	default:
		p.Span = p.Value.Place()
	}
	if f.kind == Missing && p.Value.Env != "" {
		p.Span = p.Value.Place()
	}
	w.seen[p.id()] = true
	w.describe(&p, f)
	w.problems = append(w.problems, p)
}

// find returns the configured value at a path. If there is none, it returns the
// last one on the way and false.
func (w *wording) find(path []string) (*kratosconf.Value, bool) {
	v := w.config.Root
	for _, name := range path {
		next := v.Field(name)
		if v.Is(kratosconf.List) {
			next = v.Get(name)
		}
		if next == nil {
			return v, false
		}
		v = next
	}
	return v, true
}

func (w *wording) describe(p *Problem, f fault) {
	path := p.Path
	shown := path
	if p.Value != nil && p.Value.Env != "" && f.kind != Unknown && f.kind != Missing {
		shown = p.Value.Env
	}
	text := show(f.path, f.value)
	switch f.kind {
	case Unknown:
		w.unknown(p, f)
	case Missing:
		p.Message = fmt.Sprintf("%s has no %s", or(path, "the configuration"), f.key)
		p.Help = fmt.Sprintf("add %s", f.key)
		if f.want != nil {
			p.Help += ": " + choice(f.want)
		}
	case Type:
		p.Message = fmt.Sprintf("%s is of type %s and must be of type %s", shown, f.value.Kind, strings.Join(f.node.types, " or "))
		p.Help = typeHelp(f)
	case Enum:
		w.enum(p, f, shown, text)
	case Format:
		p.Message = fmt.Sprintf("%s%s is not a valid %s", shown, text, formatName(f.node.format))
		p.Help = "write a whole value of that kind"
		if f.node.format == "uri" {
			p.Help = "write a whole URL with its scheme, such as https://auth.example.com/ or file:///etc/config/identity.schema.json"
		}
	case Pattern:
		p.Message, p.Help = pattern(f, shown, text)
	case Length:
		p.Message = fmt.Sprintf("%s has %d characters and must have %s", shown, len([]rune(f.value.Str)), limits(f.node.minLength, f.node.maxLength))
		p.Help = "write a value of that length"
		if strings.HasPrefix(path, "secrets.") {
			p.Help = "generate one with: openssl rand -hex 16"
		}
	case Range:
		p.Message = fmt.Sprintf("%s%s is not between %s and %s", shown, text, or(f.node.minimum, "any number"), or(f.node.maximum, "any number"))
		p.Help = "write a number in this range"
	case Items:
		p.Message = fmt.Sprintf("%s has %d elements and needs %d", shown, len(f.value.Items()), f.node.minItems)
		p.Help = "add an element, or remove the key"
	case Unique:
		p.Message = fmt.Sprintf("%s equals an earlier element of the list", shown)
		p.Help = "remove one of the two"
	case Form:
		p.Message, p.Help = form(f, shown)
	}
}

func (w *wording) unknown(p *Problem, f fault) {
	where := "at the top level"
	if p.Path != "" {
		where = "under " + p.Path
	}
	p.Message = fmt.Sprintf("key %q is not allowed %s", f.key, where)
	p.Meant = nearest(f.key, f.node.names())
	switch {
	case p.Meant != "":
		p.Help = fmt.Sprintf("did you mean %q?", p.Meant)
	case p.Path == "" && slices.Contains([]string{"passkey", "webauthn", "password", "code", "link", "totp", "lookup_secret", "oidc", "profile"}, f.key):
		p.Help = fmt.Sprintf("move it to selfservice.methods.%s", f.key)
	case p.Path == "" && slices.Contains([]string{"methods", "flows", "default_browser_return_url", "allowed_return_urls"}, f.key):
		p.Help = fmt.Sprintf("move it to selfservice.%s", f.key)
	case len(f.node.properties) > 0 && len(f.node.properties) <= 12:
		p.Help = "remove it; allowed keys: " + strings.Join(f.node.names(), ", ")
	default:
		p.Help = "remove it, or move it to the map that it belongs to"
	}
}

func (w *wording) enum(p *Problem, f fault, shown, text string) {
	want := f.want
	if want == nil {
		want = f.node.enum
	}
	if len(f.path) > 0 && f.path[len(f.path)-1] == "hook" {
		p.Message = fmt.Sprintf("there is no hook%s in %s", text, strings.Join(f.path[:max(0, len(f.path)-2)], "."))
		p.Help = "hooks that Kratos has there: " + choice(want)
	} else {
		p.Message = fmt.Sprintf("%s%s is not %s", shown, text, oneOf(want))
		p.Help = "write " + choice(want)
	}
	var names []string
	for _, v := range want {
		if s, err := strconv.Unquote(v); err == nil {
			names = append(names, s)
		}
	}
	withoutDigits := func(s string) string { return strings.Trim(s, "0123456789") }
	names = slices.DeleteFunc(names, func(name string) bool {
		return f.value.Str != name && withoutDigits(f.value.Str) == withoutDigits(name)
	})
	if f.value.Is(kratosconf.String) {
		if p.Meant = nearest(f.value.Str, names); p.Meant != "" {
			p.Help = fmt.Sprintf("did you mean %q?", p.Meant)
		}
	}
}

func typeHelp(f fault) string {
	types := f.node.types
	switch {
	case f.value.Is(kratosconf.Null):
		return "write a value, or remove the key"
	case slices.Contains(types, "array") && len(f.path) > 0 && f.path[len(f.path)-1] == "hooks":
		return "write a list of hooks, such as - hook: session"
	case slices.Contains(types, "array"):
		return "write a list: each element on its own line behind a dash"
	case slices.Contains(types, "object") && len(f.path) > 1 && f.path[len(f.path)-2] == "hooks" && f.value.Is(kratosconf.String):
		return fmt.Sprintf("write hook: %s", f.value.Str)
	case slices.Contains(types, "object"):
		return "write keys and values below it"
	case slices.Contains(types, "boolean"):
		return "write true or false, without quotes"
	case slices.Contains(types, "string") && strings.Contains(f.node.pattern, "(ns|us|ms|s|m|h)"):
		return "write a duration with its unit, such as 24h or 15m"
	case slices.Contains(types, "string") && !f.value.Is(kratosconf.Map) && !f.value.Is(kratosconf.List):
		return "write it in quotes"
	case slices.Contains(types, "integer") || slices.Contains(types, "number"):
		return "write a number, without quotes"
	default:
		return "write a value of that type"
	}
}

func pattern(f fault, shown, text string) (message, help string) {
	p := f.node.pattern
	switch {
	case strings.Contains(p, "(ns|us|ms|s|m|h)"):
		return fmt.Sprintf("%s%s is not a duration", shown, text), "write whole numbers with the units ns, us, ms, s, m or h, such as 24h or 1h30m; there is no unit for days"
	case strings.HasPrefix(p, "^smtp"):
		return fmt.Sprintf("%s does not begin with smtp:// or smtps://", shown), "write a URI such as smtps://user:password@mail.example.com:465/"
	case strings.HasPrefix(p, "^https?"):
		return fmt.Sprintf("%s%s does not begin with http:// or https://", shown, text), "write the whole URL with its scheme"
	case strings.HasPrefix(p, "^(http|https|file|base64)"):
		return fmt.Sprintf("%s does not begin with http://, https://, file:// or base64://", shown), "write a URL such as file:///etc/config/body.jsonnet"
	case strings.HasPrefix(p, "^(v(0"):
		return fmt.Sprintf("%s%s is not a version", shown, text), "write a version such as v26.2.0, or remove the key"
	default:
		return fmt.Sprintf("%s%s does not match %s", shown, text, p), "write a value that does"
	}
}

// form describes combinations of keys.
func form(f fault, shown string) (message, help string) {
	last := ""
	if len(f.path) > 0 {
		last = f.path[len(f.path)-1]
	}
	switch {
	case last == "response":
		return "the response of the hook is both ignored and parsed", "set ignore or parse to false"
	case last == "rp":
		return shown + " needs id, display_name and one of origin and origins at most", "remove origin"
	case last == "code":
		return shown + " has both passwordless_enabled and mfa_enabled", "set one of them to false"
	case last == "config" && strings.Contains(shown, ".hooks."):
		return shown + " has can_interrupt, which needs response.ignore to be false", "use response.parse in place of can_interrupt"
	case last == "auth":
		return shown + " is not a valid authentication", "write type: api_key with config.name, config.value and config.in, or type: basic_auth with config.user and config.password"
	case strings.HasSuffix(shown, "cors.allowed_origins"), strings.Contains(shown, "cors.allowed_origins."):
		return shown + " is neither a URL with one wildcard at most nor \"*\"", "write scheme and host, such as https://app.example.com"
	case strings.Contains(shown, "oidc.config.providers."):
		return shown + " has keys that do not fit its provider", "microsoft needs microsoft_tenant, apple needs apple_team_id, apple_private_key_id and apple_private_key; others take none of them"
	default:
		return shown + " is not allowed in this form", "compare it with the reference of Kratos' configuration"
	}
}

// show returns a scalar for a message, "" for a value that may be a secret.
func show(path []string, v *kratosconf.Value) string {
	if !v.Is(kratosconf.String) && !v.Is(kratosconf.Int) && !v.Is(kratosconf.Float) && !v.Is(kratosconf.Bool) || len(v.Str) > 80 {
		return ""
	}
	for _, name := range path[max(0, len(path)-2):] {
		if slices.Contains([]string{"secrets", "cookie", "cipher", "default", "pagination", "dsn", "value", "password", "user", "headers", "body", "key", "salt"}, name) {
			return ""
		}
		for _, part := range []string{"secret", "token", "_uri", "_key", "client_id"} {
			if strings.Contains(name, part) {
				return ""
			}
		}
	}
	return fmt.Sprintf(" %q", v.Str)
}

func formatName(format string) string {
	switch format {
	case "uri", "uri-reference":
		return "URL"
	case "email":
		return "email address"
	default:
		return format
	}
}

func limits(low, high int) string {
	switch {
	case low == high:
		return strconv.Itoa(low)
	case high == none:
		return "at least " + strconv.Itoa(low)
	case low == none:
		return "at most " + strconv.Itoa(high)
	default:
		return fmt.Sprintf("%d to %d", low, high)
	}
}

func oneOf(want []string) string {
	if len(want) == 1 {
		return want[0]
	}
	return "one of " + strings.Join(want, ", ")
}

func choice(want []string) string {
	names := make([]string, len(want))
	for i, w := range want {
		names[i] = strings.Trim(w, `"`)
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// nearest returns the known name that a name misses by one or two letters.
func nearest(name string, known []string) string {
	best, meant := 3, ""
	for _, k := range known {
		if d := levenshtein.Distance(name, k, nil); d < best && (d == 1 || len(k) > 5) {
			best, meant = d, k
		}
	}
	return meant
}
