package sidecarcmd

import (
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/pkg/flagtable"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// kratosAccessOptions are the options to reach an admin API that is protected.
func kratosAccessOptions(a *kratosadmin.Access) []flagtable.Option {
	return []flagtable.Option{
		flagtable.Text(&a.TokenFile, "kratos-admin-token-file", "", "`FILE` with a token for Kratos' admin API, sent as Authorization: Bearer").Secret(),
		flagtable.Text(&a.HeaderFile, "kratos-admin-header-file", "", "`FILE` with headers for Kratos' admin API, one \"Name: value\" per line").Secret(),
		flagtable.Text(&a.CAFile, "kratos-ca-file", "", "`FILE` with the authorities of Kratos' certificate, PEM"),
		flagtable.Text(&a.CertFile, "kratos-client-cert-file", "", "`FILE` with the client certificate for Kratos, PEM"),
		flagtable.Text(&a.KeyFile, "kratos-client-key-file", "", "`FILE` with the key of that certificate, PEM").Secret(),
		flagtable.Text(&a.Socket, "kratos-admin-socket", "", "`PATH` of the unix socket of Kratos' admin API"),
		flagtable.Number(&a.MaxRPS, "max-rps", 0, "`NUMBER` of requests per second to Kratos, 0 for no limit"),
	}
}

// KratosAccessFlags defines them as flags.
func KratosAccessFlags(f *pflag.FlagSet, a *kratosadmin.Access) {
	flagtable.Table{Options: kratosAccessOptions(a)}.Register(f)
}
