package passkeys

import (
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
)

// Trait is a trait of an identity schema that has Kratos' annotations or is at the
// top level.
type Trait struct {
	Name  string
	Value *kratosconf.Value // the trait's schema
	Top   bool              // a direct child of traits, the only ones whose title Kratos looks at
	Title string
	// What the annotation says.
	DisplayName, WebAuthn, Password, Code bool
	RecoveryVia, VerificationVia          string
	Required                              bool // of the top ones
}

// Flagged reports whether the trait may name a passkey.
func (t Trait) Flagged() bool { return t.DisplayName || t.WebAuthn }

// Annotation is the trait's "ory.sh/kratos" block.
func (t Trait) Annotation() *kratosconf.Value { return t.Value.Field(annotation) }

// Traits lists the top traits of a schema, and the annotated ones below them.
func Traits(schema *kratosconf.Value) []Trait {
	traits := schema.Get("properties.traits")
	var required []string
	for _, v := range traits.Get("required").Items() {
		required = append(required, v.Str)
	}
	var out []Trait
	for _, f := range traits.Get("properties").Fields() {
		t := newTrait(f.Name, f.Value)
		t.Top, t.Required = true, slices.Contains(required, f.Name)
		out = append(out, t)
		out = nestedTraits(out, f.Value, 0)
	}
	return out
}

func nestedTraits(out []Trait, v *kratosconf.Value, depth int) []Trait {
	if depth > maxSchemaDepth {
		return out
	}
	for _, f := range v.Fields() {
		if f.Name == annotation {
			continue
		}
		if f.Value.Field(annotation) != nil {
			out = append(out, newTrait(f.Name, f.Value))
		}
		out = nestedTraits(out, f.Value, depth+1)
	}
	return out
}

const annotation = "ory.sh/kratos"

func newTrait(name string, v *kratosconf.Value) Trait {
	a := v.Field(annotation)
	c := a.Get("credentials")
	return Trait{
		Name: name, Value: v, Title: v.Get("title").Text(),
		// The second one is the common slip, which has a rule of its own.
		DisplayName: c.Get("passkey.display_name").True() || c.Get("passkey.identifier").True(),
		WebAuthn:    c.Get("webauthn.identifier").True(),
		Password:    c.Get("password.identifier").True(),
		Code:        c.Get("code.identifier").True(),
		RecoveryVia: a.Get("recovery.via").Text(), VerificationVia: a.Get("verification.via").Text(),
	}
}
