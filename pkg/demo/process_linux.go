package demo

import (
	"os/exec"
	"syscall"
)

// ownGroup shields the child from the terminal's Ctrl-C, because this process stops
// it. If this process is killed, the child is killed too.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
