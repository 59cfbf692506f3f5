package passkeys

import (
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Origin is a configured origin, or the origin of a configured URL, taken apart
// so that each part may be a template.
type Origin struct {
	Value  *kratosconf.Value
	Text   string // as written, templates as placeholders
	Scheme string // lower case, "" when there is none
	User   string // the part before an @
	Host   string // with its port, as written
	Rest   string // path, query and fragment
	// Page is the parsed form; Known reports whether it could be parsed.
	Page  webauthn.Page
	Known bool
}

// NewOrigin splits the text of an origin into its parts.
func NewOrigin(v *kratosconf.Value) Origin {
	o := Origin{Value: v, Text: v.Opaque()}
	rest := o.Text
	if scheme, after, ok := strings.Cut(rest, "://"); ok {
		o.Scheme, rest = strings.ToLower(scheme), after
	}
	o.Host = rest
	if i := strings.IndexAny(rest, `/\?#`); i >= 0 {
		o.Host, o.Rest = rest[:i], rest[i:]
	}
	if i := strings.LastIndexByte(o.Host, '@'); i >= 0 {
		o.User, o.Host = o.Host[:i], o.Host[i+1:]
	}
	if !v.Unknown() {
		page, err := webauthn.ParsePage(o.Text)
		o.Page, o.Known = page, err == nil && page.Host != ""
	}
	return o
}

// IsWeb reports whether a browser could send the origin: http or https, or a
// template that may be one of them.
func (o Origin) IsWeb() bool {
	return o.Scheme == "http" || o.Scheme == "https" || kratosconf.IsOpaque(o.Scheme)
}

// Bare returns the scheme and the host of the origin, in canonical form if the origin
// is known.
func (o Origin) Bare() string {
	if o.Known {
		return o.Page.Origin()
	}
	return o.Scheme + "://" + o.Host
}

// Show returns Bare for messages, or the text as written if a template hides it.
func (o Origin) Show() string {
	if o.Known || o.Value == nil {
		return o.Bare()
	}
	return o.Value.Str
}

// SameAs reports whether two origins are one once both are written right; with
// templates their texts decide.
func (o Origin) SameAs(other Origin) bool { return o.Bare() == other.Bare() }

// Trimmed is the text without user, path, query and fragment.
func (o Origin) Trimmed() string {
	if o.Known {
		return o.Page.Origin()
	}
	if o.User != "" {
		return "only scheme, host and port"
	}
	return strings.TrimSuffix(o.Value.Str, restOf(o.Value.Str, o.Rest))
}

// restOf is the end of a text that has as much template-free rest as the opaque
// form.
func restOf(text, rest string) string {
	if strings.HasSuffix(text, rest) {
		return rest
	}
	return ""
}
