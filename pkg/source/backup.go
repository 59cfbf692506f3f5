package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// maxBackups bounds how many copies of one file lie beside it.
const maxBackups = 1000

// Backup copies a file to the first free name of NAME.bak, NAME.bak.1 and so on,
// and returns that name. Of the file's own mode the copy has no bits that mode
// does not have. An existing file is never written to.
func Backup(name string, mode fs.FileMode) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", readError(name, err)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return "", readError(name, err)
	}
	for n := range maxBackups {
		backup := name + ".bak"
		if n > 0 {
			backup = fmt.Sprintf("%s.bak.%d", name, n)
		}
		f, err := os.OpenFile(backup, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()&mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("keep a copy of %q: %w", name, err)
		}
		_, err = f.Write(content)
		if err = errors.Join(err, f.Chmod(info.Mode().Perm()&mode), f.Sync(), f.Close()); err != nil {
			_ = os.Remove(backup) // which is ours
			return "", fmt.Errorf("keep a copy of %q: %w", name, err)
		}
		return backup, nil
	}
	return "", fmt.Errorf("keep a copy of %q: there are %d copies already; remove some", name, maxBackups)
}
