package setup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"
)

// Diff writes the changes of Write with force as a unified diff, relative to dir.
// Private files are only named, because a diff ends up in logs.
func Diff(w io.Writer, dir string, files []File) error {
	changes, err := Compare(dir, files, true)
	if err != nil {
		return err
	}
	for i, f := range files {
		if changes[i].Action == Unchanged {
			continue
		}
		if f.Mode == private {
			_, err = fmt.Fprintf(w, "# %s: %s, not shown because it holds keys\n", f.Path, changes[i].Action)
		} else {
			err = f.diff(w, dir)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f File) diff(w io.Writer, dir string) error {
	oldName := "a/" + f.Path
	old, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(f.Path)))
	if errors.Is(err, fs.ErrNotExist) {
		oldName, err = "/dev/null", nil
	}
	if err != nil {
		return fmt.Errorf("read the existing file: %w", err)
	}
	_, err = w.Write(diff.Diff(oldName, old, "b/"+f.Path, f.Content))
	return err
}
