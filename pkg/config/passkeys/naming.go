package passkeys

import "github.com/olympusoss/oly-passkey/pkg/config/kratosconf"

// Naming is how Kratos up to v26.2.0 finds the trait that names a passkey: it
// takes the title of the flagged trait and looks for it among the top ones
// (selfservice/strategy/passkey/passkey_schema_extension.go at v1.3.1).
type Naming struct {
	Schema   kratosconf.IdentitySchema
	Flagged  []Trait // candidates
	Titles   int     // of them that have a title
	Untitled int     // top traits without a title
	// Matches are the top traits with the title that Kratos looks for. Kratos takes
	// one of them at random; if there are none, registration fails with HTTP 500.
	Matches []Trait
}

// Namings returns the default schema's naming when passkeys are on and this
// Kratos goes by titles.
func (c *Config) Namings() []Naming {
	if !c.Passkey.On || c.Version.AtLeast(kratosconf.Version{Major: 26, Minor: 2, Patch: 1}) {
		return nil
	}
	var out []Naming
	for _, s := range c.Schemas {
		if s.Root == nil || !s.Default {
			continue
		}
		n := Naming{Schema: s}
		label := ""
		traits := Traits(s.Root)
		for _, t := range traits {
			if t.Flagged() {
				n.Flagged = append(n.Flagged, t)
				if t.Title != "" {
					n.Titles++
					label = t.Title
				}
			}
		}
		if n.Titles != 1 {
			label = ""
		}
		for _, t := range traits {
			if t.Top && t.Title == "" {
				n.Untitled++
			}
			if t.Top && t.Title == label {
				n.Matches = append(n.Matches, t)
			}
		}
		if len(n.Flagged) > 0 {
			out = append(out, n)
		}
	}
	return out
}
