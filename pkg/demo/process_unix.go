//go:build unix && !linux

package demo

import (
	"os/exec"
	"syscall"
)

// ownGroup shields the child from the terminal's Ctrl-C, because this process stops
// it.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
