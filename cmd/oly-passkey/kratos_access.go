package main

import (
	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
)

// kratosAccessFlags adds what it takes to reach an admin API that is not simply
// open.
func kratosAccessFlags(c *cobra.Command, a *kratosadmin.Access) {
	c.Flags().StringVar(&a.TokenFile, "kratos-admin-token-file", "", "`FILE` with a token for Kratos' admin API, sent as Authorization: Bearer")
	c.Flags().StringVar(&a.HeaderFile, "kratos-admin-header-file", "", "`FILE` with headers for Kratos' admin API, one Name: value a line")
	c.Flags().StringVar(&a.CAFile, "kratos-ca-file", "", "`FILE` with the authorities of Kratos' certificate, PEM")
	c.Flags().StringVar(&a.CertFile, "kratos-client-cert-file", "", "`FILE` with our certificate for Kratos, PEM")
	c.Flags().StringVar(&a.KeyFile, "kratos-client-key-file", "", "`FILE` with its key, PEM")
	c.Flags().StringVar(&a.Socket, "kratos-admin-socket", "", "`PATH` of the unix socket of Kratos' admin API")
	c.Flags().Float64Var(&a.MaxRPS, "max-rps", 0, "`NUMBER` of requests a second to Kratos, 0 for no limit")
}
