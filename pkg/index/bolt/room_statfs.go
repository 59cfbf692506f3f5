//go:build linux || darwin

package bolt

import "syscall"

// room is how many bytes are free for a file in a directory, where that is known.
func room(dir string) (free int64, known bool) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, false
	}
	return int64(fs.Bavail) * int64(fs.Bsize), true //nolint:gosec,unconvert // no disk has that many, and systems differ in the type
}
