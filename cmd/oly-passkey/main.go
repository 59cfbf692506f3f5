// Command oly-passkey makes passkeys on Ory Kratos work the first time and stay
// working: it writes the configuration, proves it right before it is deployed,
// and answers whose passkey a WebAuthn user handle is.
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
