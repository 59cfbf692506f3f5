// Command oly-passkey-sidecar is the sidecar alone, for images and services: it
// maps WebAuthn user handles to Kratos identities.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/cmd/internal/sidecarcmd"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	a := &cli.App{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ()}
	code := a.Run(ctx, newRoot(a), os.Args[1:])
	stop()
	os.Exit(code)
}

func newRoot(a *cli.App) *cobra.Command {
	root := a.NewRoot("oly-passkey-sidecar", "map WebAuthn user handles to Kratos identities")
	root.AddCommand(sidecarcmd.NewServe(a), sidecarcmd.NewHealthcheck(a), sidecarcmd.NewIndex(a), cli.NewVersion(a))
	return root
}
