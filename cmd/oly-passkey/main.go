// Command oly-passkey sets up, checks and runs passkeys on Ory Kratos: it writes the
// configuration, checks it before and after it is deployed, and finds the identity
// of a WebAuthn user handle.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], &app{
		stdin:   os.Stdin,
		stdout:  os.Stdout,
		stderr:  os.Stderr,
		environ: os.Environ(),
	})
	stop()
	os.Exit(code)
}
