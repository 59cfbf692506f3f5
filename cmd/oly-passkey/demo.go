package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/demo"
)

func newDemo(a *app) *cobra.Command {
	o := demo.Options{SignUp: setup.PasskeyFirst, Log: a.stderr}
	c := &cobra.Command{
		Use:   "demo",
		Short: "run Kratos, sign-in pages and the sidecar locally",
		Long: `Runs a real Ory Kratos on SQLite, sign-in pages, an inbox for its emails and the
sidecar, with the configuration that init writes, and prints the URL to open.
Ctrl-C stops everything.

The account page shows the identity that the sidecar finds for the user handle
that the browser returned.`,
		Example: `  oly-passkey demo
  oly-passkey demo --sign-up code-first --dir my-demo`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), o) },
	}
	cli.Group(c, kratosFlags, func(f *pflag.FlagSet) {
		f.StringVar(&o.KratosBin, "kratos-bin", a.getenv("OLY_PASSKEY_KRATOS"), "Kratos `BINARY` (default: $OLY_PASSKEY_KRATOS, bin/kratos, then kratos in PATH)")
		f.Lookup("kratos-bin").DefValue = "" // the same help on every machine
		f.StringVar(&o.Dir, "dir", "", "`DIR` for configuration and data, kept at the end (default: a temporary one)")
		cli.Choice(f, (*string)(&o.SignUp), "sign-up", string(o.SignUp), "`METHOD` of signing up", string(setup.PasskeyFirst), string(setup.CodeFirst))
		cli.Choice(f, (*string)(&o.WebAuthn), "webauthn", "", "enable the webauthn method, for security keys that cannot store passkeys, in `MODE`", string(setup.Passwordless), string(setup.SecondFactor))
	})
	cli.Group(c, "Ports", func(f *pflag.FlagSet) {
		f.IntVar(&o.Ports.UI, "ui-port", 4455, "`PORT` of the pages; 0 is any free port, here and below")
		f.IntVar(&o.Ports.Public, "public-port", 4433, "`PORT` of Kratos' public API")
		f.IntVar(&o.Ports.Admin, "admin-port", 4434, "`PORT` of Kratos' admin API")
		f.IntVar(&o.Ports.Sidecar, "sidecar-port", 4477, "`PORT` of the sidecar")
		f.IntVar(&o.Ports.Metrics, "metrics-port", 4478, "`PORT` of the sidecar's health and metrics")
	})
	return cli.Graceful(c)
}

func (a *app) demo(ctx context.Context, o demo.Options) error {
	var err error
	if o.KratosBin, err = demo.FindKratos(o.KratosBin); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(a.stderr, "starting Kratos, the pages and the sidecar; Ctrl-C stops them"); err != nil {
		return err
	}
	d, err := demo.Start(ctx, o)
	if errors.Is(err, context.Canceled) {
		return nil // Ctrl-C during the start
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(a.stdout, d.URL); err != nil {
		return err
	}
	return d.Wait()
}
