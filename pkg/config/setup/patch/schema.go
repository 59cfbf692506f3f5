package patch

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// schemas annotates in every identity schema the trait under which a passkey is shown,
// and the traits that the enabled methods need.
func (w *workshop) schemas(o Options) error {
	p, err := w.pass()
	if err != nil {
		return err
	}
	if err := w.unseen(p, o); err != nil {
		return err
	}
	for i := range p.Schemas {
		for _, need := range needs(p) {
			if p, err = w.pass(); err != nil {
				return err
			}
			if err := w.annotate(p.Schemas[i], need); err != nil {
				return err
			}
		}
	}
	return nil
}

// unseen returns an error if passkeys would be enabled with an identity schema that
// could not be read.
func (w *workshop) unseen(p *passkeys.Config, o Options) error {
	if o.WithoutSchema || w.had {
		return nil
	}
	const consequence = "if none of its traits is annotated with passkey.display_name, every registration fails with HTTP 500"
	ask := func(at source.Span, id, problem string) error {
		return &QuestionError{
			Flag: "--identity-schema " + id + "FILE, or --without-schema to continue without it", Span: at,
			Message: problem + ": " + consequence,
		}
	}
	for _, s := range p.Schemas {
		switch {
		case s.Root != nil || !s.Default: // registrations use the default schema
		case s.Err != nil:
			return ask(s.URL.Place(), s.ID+"=", fmt.Sprintf("identity schema %q could not be read (%v)", s.ID, s.Err))
		default:
			return ask(s.URL.Place(), s.ID+"=", fmt.Sprintf("identity schema %q was not found", s.ID))
		}
	}
	if len(p.Schemas) == 0 {
		return ask(p.Near("identity.schemas.0"), "", "no identity schema is configured here, so none was checked")
	}
	return nil
}

// need is an annotation that a method requires.
type need struct {
	annotation string   // below credentials; one annotated trait is enough
	instead    []string // alternatives
	member     string   // what is written
	what       string
}

func needs(p *passkeys.Config) []need {
	all := []need{{
		annotation: "passkey.display_name", instead: []string{"webauthn.identifier", "passkey.identifier"},
		member: `"passkey": {"display_name": true}`, what: "shows passkeys under the trait",
	}}
	if p.WebAuthn.On {
		all = append(all, need{annotation: "webauthn.identifier", member: `"webauthn": {"identifier": true}`, what: "finds security keys by the trait"})
	}
	if p.Get("selfservice.methods.code.passwordless_enabled").True() {
		all = append(all, need{annotation: "code.identifier", member: `"code": {"identifier": true, "via": "email"}`, what: "sends codes to the trait"})
	}
	return all
}

func (n need) met(traits *kratosconf.Value) bool {
	for _, a := range append([]string{n.annotation}, n.instead...) {
		if passkeys.Annotated(traits, a) {
			return true
		}
	}
	return false
}

func (w *workshop) annotate(s kratosconf.IdentitySchema, n need) error {
	traits := s.Root.Get("properties.traits")
	if s.Root == nil || traits == nil || n.met(traits) {
		return nil // lint reports an unreadable schema
	}
	t := naming(s.Root, strings.Contains(n.member, `"via"`))
	if t == nil {
		if !s.Default {
			return nil
		}
		return conflictf(traits.Place(), `no text trait at the top of identity schema %q names an account; give the one that should a title and "ory.sh/kratos": {"credentials": {%s}}`, s.ID, n.member)
	}
	step := Step{What: fmt.Sprintf("annotate trait %q of identity schema %q: Kratos %s", t.Name, s.ID, n.what), At: t.Value.Place()}
	edits := annotated(t, n.member)
	if len(edits) > 0 && t.Title == "" && untitled(s.Root) > 1 {
		edits = append(edits, titled(t)...)
	}
	if at := t.Value.Place().File; at == nil || s.Inside != nil {
		return conflictf(s.URL.Place(), `identity schema %q is embedded in the configuration and cannot be edited there; annotate its trait %q by hand with "credentials": {%s}`, s.ID, t.Name, n.member)
	}
	return w.apply(step, edits)
}

// annotated adds a member to the deepest existing part of the annotation.
func annotated(t *passkeys.Trait, member string) []source.Edit {
	annotation := t.Annotation()
	credentials := annotation.Get("credentials")
	switch {
	case credentials.Is(kratosconf.Map):
		return yamledit.InsertMember(credentials, member)
	case annotation.Is(kratosconf.Map):
		return yamledit.InsertMember(annotation, `"credentials": {`+member+`}`)
	}
	return yamledit.InsertMember(t.Value, `"ory.sh/kratos": {"credentials": {`+member+`}}`)
}

// titled gives a trait a unique title: Kratos up to v26.2.0 identifies the trait by its
// title.
func titled(t *passkeys.Trait) []source.Edit {
	return yamledit.InsertMember(t.Value, `"title": `+strconv.Quote(strings.ToUpper(t.Name[:1])+t.Name[1:]))
}

func untitled(schema *kratosconf.Value) int {
	n := 0
	for _, t := range passkeys.Traits(schema) {
		if t.Top && t.Title == "" {
			n++
		}
	}
	return n
}

// naming returns the trait that should name an account: a top-level, required trait
// with which users sign in, preferably not an address.
func naming(schema *kratosconf.Value, address bool) *passkeys.Trait {
	var best *passkeys.Trait
	most := 0
	for _, t := range passkeys.Traits(schema) {
		kind := t.Value.Get("type").Text()
		if !t.Top || kind != "" && kind != "string" {
			continue
		}
		email := t.Value.Get("format").Text() == "email"
		if address && !email {
			continue
		}
		points := 0
		for worth, yes := range map[int]bool{
			8: t.Password || t.Code || t.WebAuthn, 4: t.Required && (t.Password || t.Code || t.WebAuthn || email), 2: email, 1: t.RecoveryVia == "" && !email && (t.Password || t.Code),
		} {
			if yes {
				points += worth
			}
		}
		if points > most {
			most, best = points, &t
		}
	}
	return best
}
