//go:build unix && !linux

package demo

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps a terminal's ctrl-C from the child, which is ended by us.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
