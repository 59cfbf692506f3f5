// Package yamledit edits YAML in place: it writes keys, values and elements, and
// leaves every other byte as it is.
package yamledit

import (
	"bytes"
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Change is a file before and after edits.
type Change struct {
	Name          string
	Before, After []byte
	// Rounds are the edits that make After of Before, each round of the text that
	// the one before it left.
	Rounds [][]source.Edit
}

// Proven returns an error unless the file may be written: every byte that no edit
// names is where it was, and nothing differs but the Kratos configuration and
// the identity schemas in it.
func (c Change) Proven() error {
	before, after := source.New(c.Name, c.Before), source.New(c.Name, c.After)
	now := before
	for _, round := range c.Rounds {
		text, err := source.Apply(now, source.Rebase(now, round))
		if err != nil {
			return fmt.Errorf("%q is left as it was: %w", c.Name, err)
		}
		now = source.New(c.Name, text)
	}
	if !bytes.Equal(now.Data, c.After) {
		return fmt.Errorf("%q is left as it was: more of it would change than was meant to", c.Name)
	}
	if err := kratosconf.Harmless(before, after); err != nil {
		return fmt.Errorf("%q is left as it was: %w", c.Name, err)
	}
	return nil
}
