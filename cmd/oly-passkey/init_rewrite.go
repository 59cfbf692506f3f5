package main

import (
	"fmt"
	"os"
	"path/filepath"

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
		s, err := stageChange(c)
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

func stageChange(c yamledit.Change) (source.Staged, error) {
	target, err := filepath.EvalSymlinks(c.Name) // a link stays a link
	if err != nil {
		return source.Staged{}, err
	}
	info, err := os.Stat(target)
	if err != nil {
		return source.Staged{}, err
	}
	return source.Stage(target, info.Mode().Perm(), source.Content(c.After))
}
