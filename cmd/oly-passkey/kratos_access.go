package main

import (
	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/settings"
)

// kratosAccessOptions are what it takes to reach an admin API that is not simply
// open.
func kratosAccessOptions(a *kratosadmin.Access) []settings.Option {
	return []settings.Option{
		settings.Text(&a.TokenFile, "kratos-admin-token-file", "", "`FILE` with a token for Kratos' admin API, sent as Authorization: Bearer").Secret(),
		settings.Text(&a.HeaderFile, "kratos-admin-header-file", "", "`FILE` with headers for Kratos' admin API, one Name: value a line").Secret(),
		settings.Text(&a.CAFile, "kratos-ca-file", "", "`FILE` with the authorities of Kratos' certificate, PEM"),
		settings.Text(&a.CertFile, "kratos-client-cert-file", "", "`FILE` with our certificate for Kratos, PEM"),
		settings.Text(&a.KeyFile, "kratos-client-key-file", "", "`FILE` with its key, PEM").Secret(),
		settings.Text(&a.Socket, "kratos-admin-socket", "", "`PATH` of the unix socket of Kratos' admin API"),
		settings.Number(&a.MaxRPS, "max-rps", 0, "`NUMBER` of requests a second to Kratos, 0 for no limit"),
	}
}

// kratosAccessFlags adds them to a command.
func kratosAccessFlags(c *cobra.Command, a *kratosadmin.Access) {
	settings.Table{Options: kratosAccessOptions(a)}.Register(c.Flags())
}
