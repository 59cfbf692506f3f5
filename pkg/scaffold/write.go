package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Action is what Write did with a file.
type Action string

// What can happen to a file.
const (
	Created   Action = "created"
	Extended  Action = "extended" // lines were added, none taken away
	Replaced  Action = "replaced" // only with force
	Tightened Action = "tightened"
	Unchanged Action = "unchanged"
)

// Change is one file and what was done with it.
type Change struct {
	Path   string
	Action Action
}

// ConflictError lists the files that somebody changed. Nothing was written.
type ConflictError struct {
	Paths []string // as given in File
}

func (e *ConflictError) Error() string {
	verb := "differs"
	if len(e.Paths) > 1 {
		verb = "differ"
	}
	return fmt.Sprintf("%s %s from what would be written, so nothing was written; --force replaces, --dir writes elsewhere", strings.Join(e.Paths, ", "), verb)
}

// Write puts files into dir, which it makes when it is missing. Everything is
// checked before anything is written: a file that is there and differs is a
// *ConflictError unless force is given or the new content extends it. Each file
// appears whole, by rename.
func Write(dir string, files []File, force bool) ([]Change, error) {
	changes, err := Compare(dir, files, force)
	if err != nil {
		return nil, err
	}
	var staged []source.Staged
	defer func() {
		for _, s := range staged {
			s.Discard()
		}
	}()
	for i, f := range files {
		target := filepath.Join(dir, filepath.FromSlash(f.Path))
		switch changes[i].Action {
		case Unchanged:
		case Tightened:
			if err := os.Chmod(target, f.Mode); err != nil {
				return nil, fmt.Errorf("protect the keys: %w", err)
			}
		case Created, Extended, Replaced:
			s, err := stage(target, f)
			if err != nil {
				return nil, fmt.Errorf("write %s: %w", target, err)
			}
			staged = append(staged, s)
		}
	}
	for _, s := range staged {
		if err := s.Commit(); err != nil {
			return nil, fmt.Errorf("write %s: %w", s.Target, err)
		}
	}
	return changes, nil
}

// Compare says what Write would do, and touches nothing.
func Compare(dir string, files []File, force bool) ([]Change, error) {
	changes := make([]Change, 0, len(files))
	var conflict ConflictError
	for _, f := range files {
		action, err := f.compare(filepath.Join(dir, filepath.FromSlash(f.Path)))
		if err != nil {
			return nil, err
		}
		if action == Replaced && !force {
			conflict.Paths = append(conflict.Paths, f.Path)
		}
		changes = append(changes, Change{Path: f.Path, Action: action})
	}
	if len(conflict.Paths) > 0 {
		return nil, &conflict
	}
	return changes, nil
}

func (f File) compare(target string) (Action, error) {
	info, err := os.Stat(target)
	if errors.Is(err, fs.ErrNotExist) {
		return Created, nil
	}
	if err != nil {
		return "", fmt.Errorf("look at what is there: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is there and is no file", target)
	}
	old, err := os.ReadFile(target)
	switch {
	case err != nil:
		return "", fmt.Errorf("look at what is there: %w", err)
	case bytes.Equal(old, f.Content):
		if info.Mode().Perm()&^f.Mode != 0 && f.Mode == private {
			return Tightened, nil
		}
		return Unchanged, nil
	case f.Extends:
		return Extended, nil
	}
	return Replaced, nil
}

// stage writes a file under a temporary name beside its target.
func stage(target string, f File) (source.Staged, error) {
	if real, err := filepath.EvalSymlinks(target); err == nil {
		target = real // a link stays a link
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil { //nolint:gosec // the folder of files that are meant to be read; the secrets have modes of their own
		return source.Staged{}, err
	}
	return source.Stage(target, f.Mode, source.Content(f.Content))
}
