package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/demo"
)

func newDemo(a *app) *cobra.Command {
	o := demo.Options{SignUp: setup.PasskeyFirst, Log: a.stderr}
	c := &cobra.Command{
		Use:   "demo",
		Short: "a real Kratos, sign-in pages and the sidecar on localhost",
		Long: `Run the real Ory Kratos on SQLite, sign-in pages, an inbox for its mails and the
sidecar, with the configuration that init writes, and print the URL to open.
Ctrl-C stops all of it.

The account page shows which identity the user handle that the browser returned
belongs to, as the sidecar sees it.`,
		Example: `  oly-passkey demo
  oly-passkey demo --sign-up code-first --dir my-demo`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.KratosBin, "kratos-bin", a.getenv("OLY_PASSKEY_KRATOS"), "Kratos `BINARY` (default $OLY_PASSKEY_KRATOS, bin/kratos, then kratos in PATH)")
	f.Lookup("kratos-bin").DefValue = "" // the same help on every machine
	f.StringVar(&o.Dir, "dir", "", "`FOLDER` of configuration and data, kept at the end (default a temporary one)")
	f.StringVar((*string)(&o.SignUp), "sign-up", string(o.SignUp), "how accounts begin: passkey-first or code-first")
	f.StringVar((*string)(&o.WebAuthn), "webauthn", "", "also take keys without discoverable credentials: passwordless or second-factor")
	f.IntVar(&o.Ports.UI, "ui-port", 4455, "`PORT` of the pages; for each port 0 is any free one")
	f.IntVar(&o.Ports.Public, "public-port", 4433, "`PORT` of Kratos' public API")
	f.IntVar(&o.Ports.Admin, "admin-port", 4434, "`PORT` of Kratos' admin API")
	f.IntVar(&o.Ports.Sidecar, "sidecar-port", 4477, "`PORT` of the sidecar")
	f.IntVar(&o.Ports.Metrics, "metrics-port", 4478, "`PORT` of the sidecar's health")
	return c
}

func (a *app) demo(ctx context.Context, o demo.Options) error {
	switch o.SignUp {
	case setup.PasskeyFirst, setup.CodeFirst:
	default:
		return cli.Usagef("--sign-up %q is unknown; use %s or %s", o.SignUp, setup.PasskeyFirst, setup.CodeFirst)
	}
	switch o.WebAuthn {
	case setup.Off, setup.Passwordless, setup.SecondFactor:
	default:
		return cli.Usagef("--webauthn %q is unknown; use %s or %s", o.WebAuthn, setup.Passwordless, setup.SecondFactor)
	}
	var err error
	if o.KratosBin, err = demo.FindKratos(o.KratosBin); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(a.stderr, "starting Kratos, the pages and the sidecar; ctrl-C stops them"); err != nil {
		return err
	}
	d, err := demo.Start(ctx, o)
	if errors.Is(err, context.Canceled) {
		return nil // ctrl-C while it started
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(a.stdout, d.URL); err != nil {
		return err
	}
	return d.Wait()
}
