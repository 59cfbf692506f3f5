package demo

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps a terminal's ctrl-C from the child, which is ended by us. Where
// this process is killed the child goes with it.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
