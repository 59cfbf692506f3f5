package setup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Action is what Write did with a file.
type Action string

// What can happen to a file.
const (
	Created   Action = "created"
	Patched   Action = "patched"  // an existing configuration or identity schema
	Extended  Action = "extended" // lines were added, none taken away
	Replaced  Action = "replaced" // only with force
	Tightened Action = "tightened"
	Unchanged Action = "unchanged"
)

// Change is one file and what was done with it.
type Change struct {
	Path   string
	Action Action
	Backup string // path of the copy that Write made of a replaced file
}

// ModifiedError lists existing files that differ from what would be written. Nothing
// was written.
type ModifiedError struct {
	Paths []string // as given in File
}

func (e *ModifiedError) Error() string {
	verb := "differs"
	if len(e.Paths) > 1 {
		verb = "differ"
	}
	return fmt.Sprintf("%s %s from what would be written; nothing was written. See the changes with --diff, or use a different --dir", strings.Join(e.Paths, ", "), verb)
}

// Write writes files into dir, which it creates if needed. It first checks all of
// them: an existing file that differs is a *ModifiedError unless force is set or the
// new content extends it. Each file is written atomically, by rename, after a copy
// of the file that it replaces.
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
		case Unchanged, Patched:
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
	for i, f := range files {
		if changes[i].Action == Replaced {
			backup, err := f.backup(filepath.Join(dir, filepath.FromSlash(f.Path)))
			if err != nil {
				return nil, err
			}
			below, _ := filepath.Rel(dir, backup) // it is beside the file
			changes[i].Backup = filepath.ToSlash(below)
		}
	}
	for _, s := range staged {
		if err := s.Commit(); err != nil {
			return nil, fmt.Errorf("write %s: %w", s.Target, err)
		}
	}
	return changes, nil
}

// Compare returns what Write would do, and writes nothing.
func Compare(dir string, files []File, force bool) ([]Change, error) {
	changes := make([]Change, 0, len(files))
	var modified ModifiedError
	for _, f := range files {
		action, err := f.compare(filepath.Join(dir, filepath.FromSlash(f.Path)))
		if err != nil {
			return nil, err
		}
		if action == Replaced && !force {
			modified.Paths = append(modified.Paths, f.Path)
		}
		changes = append(changes, Change{Path: f.Path, Action: action})
	}
	if len(modified.Paths) > 0 {
		return nil, &modified
	}
	return changes, nil
}

// backup keeps a copy of the file that f replaces, readable by its owner only if it may
// hold secrets.
func (f File) backup(target string) (string, error) {
	content, err := os.ReadFile(target)
	if err != nil {
		return "", fmt.Errorf("read the existing file: %w", err)
	}
	mode := fs.ModePerm
	if f.Mode == private || secrets.Match(content) {
		mode = private
	}
	return source.Backup(target, mode)
}

// secrets finds the settings of Kratos that hold some.
var secrets = regexp.MustCompile(`(?im)^[ \t]*["']?(secrets|dsn|connection_uri|[A-Z0-9_]*(SECRET|KEY|PASSWORD|TOKEN)[A-Z0-9_]*)["']?[ \t]*[:=]`)

// guarded reports whether a file must not be written through a link: it has secrets,
// or keeps them out of a repository.
func (f File) guarded() bool { return f.Mode == private || path.Base(f.Path) == gitIgnore }

func (f File) compare(target string) (Action, error) {
	if info, err := os.Lstat(target); err == nil && info.Mode()&fs.ModeSymlink != 0 && f.guarded() {
		return "", fmt.Errorf("%q is a symbolic link; secrets are only written to regular files. Replace the link with a file", target)
	}
	info, err := os.Stat(target)
	if errors.Is(err, fs.ErrNotExist) {
		return Created, nil
	}
	if err != nil {
		return "", fmt.Errorf("read the existing file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%q exists and is not a regular file", target)
	}
	old, err := os.ReadFile(target)
	switch {
	case err != nil:
		return "", fmt.Errorf("read the existing file: %w", err)
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
	if real, err := filepath.EvalSymlinks(target); err == nil && !f.guarded() {
		target = real // a link stays a link
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil { //nolint:gosec // the folder of files that are meant to be read; the secrets have modes of their own
		return source.Staged{}, err
	}
	return source.Stage(target, f.Mode, source.Content(f.Content))
}
