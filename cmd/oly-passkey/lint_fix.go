package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// mend fixes the files of one configuration, or shows what it would do, and
// answers what is left.
func (l *linter) mend(files []*source.File, opts lint.Options) ([]lint.Finding, error) {
	repair, err := lint.Fix(files, opts, rules.All(), l.fix == "suggested")
	if err != nil {
		return nil, err
	}
	if l.diff {
		for _, r := range repair.Changed {
			if _, err := l.app.stdout.Write(diff.Diff(r.Name, r.Before, r.Name+" (mended)", r.After)); err != nil {
				return nil, err
			}
		}
		return repair.Left, nil
	}
	for _, r := range repair.Changed {
		if l.given(r.Name) {
			return nil, fmt.Errorf("%q was read from the standard input and cannot be written; use --diff", r.Name)
		}
	}
	for _, r := range repair.Changed {
		if err := rewrite(r.Name, r.After); err != nil {
			return nil, err
		}
		if _, err := fmt.Fprintf(l.app.stderr, "mended %s\n", r.Name); err != nil {
			return nil, err
		}
	}
	return repair.Left, nil
}

// given tells whether a file is the standard input.
func (l *linter) given(name string) bool {
	return name == "stdin" || l.stdinFilename != "" && name == l.stdinFilename
}

// rewrite puts a file in the place of an existing one, with its mode; what was
// there stays until the new one is whole.
func rewrite(name string, content []byte) error {
	target, err := filepath.EvalSymlinks(name) // a link stays a link
	if err != nil {
		return fmt.Errorf("write %q: %w", name, err)
	}
	info, err := os.Stat(target)
	if err != nil {
		return fmt.Errorf("write %q: %w", name, err)
	}
	temp, err := os.CreateTemp(filepath.Dir(target), ".oly-passkey-*")
	if err != nil {
		return fmt.Errorf("write %q: %w", name, err)
	}
	_, err = temp.Write(content)
	err = errors.Join(err, temp.Chmod(info.Mode().Perm()), temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), target)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return fmt.Errorf("write %q: %w", name, err)
	}
	return nil
}
