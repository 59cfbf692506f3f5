package source

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrOutside is the error of a file that a configuration names and that does not
// lie below the folders in which its files are read.
var ErrOutside = errors.New("it is outside of the repository, so it is not read; --allow-outside allows it")

// Bounds limit which files are read because another file names them: regular
// files below some folders, symbolic links resolved. A file that the user names
// may be a pipe or a device, too.
type Bounds struct {
	roots []root
	named map[string]bool // what the user named, absolute
	// All allows files anywhere; those outside are Foreign.
	All bool
}

// root is a folder as it was named and with its symbolic links resolved, both
// absolute.
type root struct{ named, real string }

// NewBounds limits files to the repository of a folder: the nearest one upwards
// with a .git, or the folder itself.
func NewBounds(dir string) (*Bounds, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	b := &Bounds{named: make(map[string]bool)}
	top := dir
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			top = at
			break
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	if top != filepath.Dir(top) { // the root of the file system would bound nothing
		b.add(top)
	}
	return b, nil
}

func (b *Bounds) add(dir string) {
	actual, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return // nothing is below a folder that is not there
	}
	b.roots = append(b.roots, root{dir, actual})
}

// Name adds a file that the user named.
func (b *Bounds) Name(name string) {
	if abs, err := filepath.Abs(name); err == nil && name != "" && name != "-" {
		b.named[abs] = true
	}
}

// NameConfig adds a configuration, or a folder of such, that the user named. What
// lies in its folder may be read, too.
func (b *Bounds) NameConfig(name string) {
	abs, err := filepath.Abs(name)
	if err != nil || name == "" || name == "-" {
		return
	}
	b.named[abs] = true
	dir := abs
	if info, err := os.Stat(abs); err != nil || !info.IsDir() {
		dir = filepath.Dir(abs)
	}
	if dir != filepath.Dir(dir) && !isDevice(abs) {
		b.add(dir)
	}
}

// isDevice reports whether a path is one of the system's, such as /dev/stdin or
// the /dev/fd/63 of a process substitution.
func isDevice(abs string) bool {
	abs = filepath.ToSlash(abs)
	return strings.HasPrefix(abs, "/dev/") || strings.HasPrefix(abs, "/proc/")
}

// Open reads a file. The error is ErrOutside for one that is not within the
// bounds; whether such a file exists is not looked at. A file that the user named
// is outside only if it is a symbolic link that leads out of the repository.
func (b *Bounds) Open(name string) (*File, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, readError(name, err)
	}
	named := b.named[abs]
	if named && !b.below(abs) {
		return Open(name)
	}
	actual, within, err := b.resolve(abs)
	switch {
	case err != nil:
		return nil, readError(name, err)
	case within != "":
		return openBelow(name, within, actual, named)
	case !b.All:
		return nil, readError(name, ErrOutside)
	}
	f, err := OpenRegular(name)
	if err == nil {
		f.Foreign = true
	}
	return f, err
}

// MayWrite reports whether a file may be written: one that the user named, or
// that lies within the bounds, and no symbolic link that leads out of them.
func (b *Bounds) MayWrite(name string) bool {
	abs, err := filepath.Abs(name)
	if err != nil {
		return false
	}
	if b.named[abs] && !b.below(abs) {
		return true
	}
	_, within, err := b.resolve(abs)
	if _, missing := os.Lstat(abs); errors.Is(missing, os.ErrNotExist) { // a link to nothing is there
		_, within, err = b.resolve(filepath.Dir(abs))
	}
	return err == nil && within != ""
}

// resolve returns the path without symbolic links and the root that it is below,
// "" if it is below none.
func (b *Bounds) resolve(abs string) (actual, within string, err error) {
	if !b.below(abs) {
		return "", "", nil
	}
	if actual, err = filepath.EvalSymlinks(abs); err != nil {
		return "", "", err
	}
	for _, r := range b.roots {
		if isBelow(r.real, actual) {
			return actual, r.real, nil
		}
	}
	return "", "", nil
}

// below reports whether a path, without resolving links, is below one of the roots.
func (b *Bounds) below(abs string) bool {
	return slices.ContainsFunc(b.roots, func(r root) bool { return isBelow(r.named, abs) || isBelow(r.real, abs) })
}

func isBelow(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// openBelow reads a file below a folder, which it cannot leave between its being
// checked and its being opened.
func openBelow(name, dir, path string, pipes bool) (*File, error) {
	r, err := os.OpenRoot(dir)
	if err != nil {
		return nil, readError(name, err)
	}
	defer func() { _ = r.Close() }() // only read from
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		return nil, readError(name, err)
	}
	info, err := r.Stat(rel)
	if err == nil {
		err = readable(info, pipes)
	}
	if err != nil {
		return nil, readError(name, err)
	}
	f, err := r.Open(rel)
	if err != nil {
		return nil, readError(name, err)
	}
	defer func() { _ = f.Close() }() // only read from
	return Read(name, f)
}

// OpenRegular is Open for a file that the user did not name: it is not read from
// a pipe or a device, which may never come to an end.
func OpenRegular(name string) (*File, error) { return open(name, false) }

// readable says why a file is not read, nil if it is.
func readable(info os.FileInfo, pipes bool) error {
	mode := info.Mode()
	switch {
	case info.IsDir():
		return ErrDirectory
	case mode.IsRegular(), pipes && mode&(os.ModeNamedPipe|os.ModeCharDevice) != 0:
		return nil
	}
	return errors.New("it is not a regular file")
}
