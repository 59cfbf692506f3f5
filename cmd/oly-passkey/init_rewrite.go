package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// rewriteAll puts files in the place of existing ones, with their modes: all of
// them are whole on the disk before the first is renamed.
func rewriteAll(changed []lint.Repaired) error {
	type staged struct{ temp, target string }
	var all []staged
	defer func() {
		for _, s := range all {
			_ = os.Remove(s.temp) // already gone after its rename
		}
	}()
	for _, c := range changed {
		target, err := filepath.EvalSymlinks(c.Name) // a link stays a link
		if err != nil {
			return fmt.Errorf("write %q: %w", c.Name, err)
		}
		temp, err := stageBeside(target, c.After)
		if err != nil {
			return fmt.Errorf("write %q: %w", c.Name, err)
		}
		all = append(all, staged{temp, target})
	}
	for _, s := range all {
		if err := os.Rename(s.temp, s.target); err != nil {
			return fmt.Errorf("write %q: %w", s.target, err)
		}
	}
	return nil
}

func stageBeside(target string, content []byte) (string, error) {
	info, err := os.Stat(target)
	if err != nil {
		return "", err
	}
	temp, err := os.CreateTemp(filepath.Dir(target), ".oly-passkey-*")
	if err != nil {
		return "", err
	}
	_, err = temp.Write(content)
	err = errors.Join(err, temp.Chmod(info.Mode().Perm()), temp.Sync(), temp.Close())
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return temp.Name(), err
}
