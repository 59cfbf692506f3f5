package lint

import (
	"encoding/base64"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/templates"
)

// IDsOnly returns the edit that makes the body of a hook send ids only.
func (p *Pass) IDsOnly(h passkeys.Hook) []source.Edit {
	v := h.Config().Get("body")
	if !h.List.After || !v.Editable() || v.Unknown() {
		return nil
	}
	if strings.HasPrefix(v.Str, "base64://") {
		return v.Edit("base64://" + base64.StdEncoding.EncodeToString([]byte(templates.IdentityHook())))
	}
	f, _ := p.BodyFile(v)
	if f == nil {
		return nil
	}
	return []source.Edit{{Span: source.Span{File: f, End: len(f.Data)}, New: templates.IdentityHook() + "\n"}}
}

// Annotate returns the edit that adds a credentials annotation to the trait that
// users sign in with. It returns none unless exactly one such trait can be found
// by Kratos: at the top, required and with a title.
func Annotate(schema *kratosconf.Value, member string) []source.Edit {
	var target *passkeys.Trait
	for _, t := range passkeys.Traits(schema) {
		if !t.Top || !t.Password && !t.Code && !t.WebAuthn || !t.Required || t.Title == "" {
			continue
		}
		if target != nil {
			return nil // ambiguous
		}
		target = &t
	}
	if target == nil {
		return nil
	}
	return yamledit.InsertMember(target.Annotation().Get("credentials"), member)
}
