package source

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Staged is a new file that is whole on the disk under a temporary name beside
// its target.
type Staged struct {
	Target string
	temp   string
}

// Stage lets write produce a file, and flushes it to the disk. The file replaces
// target when it is committed. A symbolic link is replaced itself: callers that
// keep links resolve them first.
func Stage(target string, mode fs.FileMode, write func(io.Writer) error) (Staged, error) {
	temp, err := os.CreateTemp(filepath.Dir(target), ".oly-passkey-*")
	if err != nil {
		return Staged{}, err
	}
	s := Staged{Target: target, temp: temp.Name()}
	err = write(temp)
	if err == nil {
		err = errors.Join(temp.Chmod(mode), temp.Sync())
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		s.Discard()
		return Staged{}, err
	}
	return s, nil
}

// StageExisting is Stage for a file that exists: it keeps its mode, and a symbolic
// link stays a link.
func StageExisting(name string, write func(io.Writer) error) (Staged, error) {
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		return Staged{}, err
	}
	info, err := os.Stat(target)
	if err != nil {
		return Staged{}, err
	}
	return Stage(target, info.Mode().Perm(), write)
}

// Commit puts the file in the place of its target.
func (s Staged) Commit() error { return os.Rename(s.temp, s.Target) }

// Discard removes the temporary file; it does nothing after Commit.
func (s Staged) Discard() { _ = os.Remove(s.temp) } // nothing is left to remove once it was renamed

// WriteFile writes a file whole or not at all.
func WriteFile(target string, content []byte, mode fs.FileMode) error {
	s, err := Stage(target, mode, Content(content))
	if err != nil {
		return err
	}
	defer s.Discard()
	return s.Commit()
}

// Content returns what Stage takes to write bytes.
func Content(content []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}
}
