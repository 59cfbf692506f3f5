//go:build !linux && !darwin

package bolt

// room is not known here.
func room(string) (free int64, known bool) { return 0, false }
