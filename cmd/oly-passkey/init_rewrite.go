package main

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// rewriteAll puts files in the place of existing ones, with their modes: all of
// them are whole on the disk before the first is renamed.
func rewriteAll(changed []yamledit.Change) error {
	var all []source.Staged
	defer func() {
		for _, s := range all {
			s.Discard()
		}
	}()
	for _, c := range changed {
		s, err := source.StageExisting(c.Name, source.Content(c.After))
		if err != nil {
			return fmt.Errorf("write %q: %w", c.Name, err)
		}
		all = append(all, s)
	}
	for _, s := range all {
		if err := s.Commit(); err != nil {
			return fmt.Errorf("write %q: %w", s.Target, err)
		}
	}
	return nil
}
