package sidecarcmd

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/flagtable"
)

// defineServeFlags defines the options as flags, in the groups of the help page.
func defineServeFlags(c *cobra.Command, t flagtable.Table, optionsFile *string) {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	t.Register(all)
	all.StringVar(optionsFile, "options-file", "", "YAML `FILE` with the options, one name: value per line")
	for _, group := range []struct {
		title string
		flags []string
	}{
		{"Kratos", []string{"kratos-admin-url", "kratos-admin-token-file", "kratos-admin-header-file", "kratos-ca-file", "kratos-client-cert-file", "kratos-client-key-file", "kratos-admin-socket", "max-rps"}},
		{"Index", []string{"data-dir", "postgres-dsn-file", "identity-id-handles", "reconcile-every", "max-age"}},
		{"API", []string{"listen", "api-key-file", "max-handles", "dev", "insecure-http"}},
		{"TLS", []string{"tls-cert-file", "tls-key-file", "client-ca-file", "client-san"}},
		{"Documents", []string{"public-listen", "well-known-dir"}},
		{"Operation", []string{"options-file", "metrics-listen", "drain-delay", "name", "log-format", "log-level"}},
	} {
		cli.Group(c, group.title, func(f *pflag.FlagSet) {
			for _, name := range group.flags {
				f.AddFlag(all.Lookup(name))
			}
		})
	}
	all.VisitAll(func(f *pflag.Flag) {
		if c.Flags().Lookup(f.Name) == nil { // a new option without a group
			c.Flags().AddFlag(f)
		}
	})
}
