package sidecarcmd

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/flagtable"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/directory"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/server"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// serveOptions are the options of serve, from flags, environment and file.
type serveOptions struct {
	kratosAdminURL, dataDir            string
	keyFile, dsnFile, name             string
	listen, metricsListen, identityIDs string
	publicListen, wellKnownDir         string
	reconcileEvery, maxAge, drainDelay time.Duration
	dev, insecureHTTP                  bool
	maxHandles                         float64
	tls                                server.TLS
	access                             kratosadmin.Access
	logFormat, logLevel                string
}

// serveEnvPrefix is the prefix of the environment variables. A shorter one could
// clash with those that Kubernetes sets for a service named oly-passkey.
const serveEnvPrefix = "OLY_PASSKEY_SERVE_"

// table is the one table of all options: flags, environment, file and
// docs/configuration.md come from it.
func (o *serveOptions) table() flagtable.Table {
	options := slices.Concat(
		[]flagtable.Option{flagtable.Text(&o.kratosAdminURL, "kratos-admin-url", "", "`URL` of Kratos' admin API, without /admin")},
		kratosAccessOptions(&o.access),
		[]flagtable.Option{
			flagtable.Text(&o.dataDir, "data-dir", "", "`DIR` of the index; created if missing"),
			flagtable.Text(&o.dsnFile, "postgres-dsn-file", "", "`FILE` with the DSN of the PostgreSQL or CockroachDB database shared by several servers, instead of --data-dir").Secret(),
			flagtable.Text(&o.keyFile, "api-key-file", "", "`FILE` with the API keys; reread when it changes").Secret().Reloadable(),
			flagtable.Text(&o.listen, "listen", api.DefaultListen, "`HOST:PORT` of the API"),
			flagtable.Text(&o.metricsListen, "metrics-listen", api.DefaultMetricsListen, "`HOST:PORT` of /metrics, /livez and /readyz"),
			flagtable.Text(&o.identityIDs, "identity-id-handles", string(directory.IdentityIDsWebAuthn),
				"`WHEN` to accept 16 bytes that are not in the index as an identity id: webauthn (if Kratos shows a webauthn key with that handle), any (if the identity exists), off"),
			flagtable.Duration(&o.reconcileEvery, "reconcile-every", 6*time.Hour, "`TIME` between sweeps over all identities"),
			flagtable.Duration(&o.maxAge, "max-age", 24*time.Hour, "`TIME` after which an entry is confirmed with Kratos"),
			flagtable.Number(&o.maxHandles, "max-handles", 0, "`NUMBER` of handles per second and API key, 0 for no limit; hooks are never limited").Reloadable(),
			flagtable.Duration(&o.drainDelay, "drain-delay", 0, "`TIME` to keep serving after /readyz turns 503 on shutdown"),
			flagtable.Text(&o.name, "name", "", "instance `NAME`, added to metrics as a label"),
			flagtable.Text(&o.logFormat, "log-format", "text", "`FORMAT` of the log: text or json"),
			flagtable.Text(&o.logLevel, "log-level", "info", "minimum log `LEVEL`: debug (one line per request), info, warn or error").Reloadable(),
			flagtable.Text(&o.tls.CertFile, "tls-cert-file", "", "`FILE` with the certificate chain of the API, PEM; reread when it changes").Reloadable(),
			flagtable.Text(&o.tls.KeyFile, "tls-key-file", "", "`FILE` with its private key, PEM").Secret().Reloadable(),
			flagtable.Text(&o.tls.ClientCAFile, "client-ca-file", "", "`FILE` with the authorities of client certificates, PEM: clients need a certificate (mTLS)").Reloadable(),
			flagtable.List(&o.tls.ClientSANs, "client-san", "DNS `NAME`, URI or email address of a client certificate that is accepted (repeatable)").Reloadable(),
			flagtable.Switch(&o.dev, "dev", false, "require no API key; loopback addresses only"),
			flagtable.Text(&o.publicListen, "public-listen", "", "`HOST:PORT` of the documents under /.well-known/ and nothing else, for the proxy in front of the RP ID's host"),
			flagtable.Text(&o.wellKnownDir, "well-known-dir", "", "`DIR` with these documents, as \"oly-passkey wellknown generate --dir DIR\" writes them").Reloadable(),
			flagtable.Switch(&o.insecureHTTP, "insecure-http", false, "allow plain HTTP on non-loopback addresses"),
		},
	)
	return flagtable.Table{Prefix: serveEnvPrefix, Options: options}
}

// read fills the options from flags, environment and file, and checks what can
// be checked without a running server.
func (o *serveOptions) read(a *cli.App, t flagtable.Table, flags *pflag.FlagSet, optionsFile string) error {
	var file *source.File
	if optionsFile != "" {
		var err error
		if file, err = source.Open(optionsFile); err != nil {
			return cli.Usagef("--options-file: %w", err)
		}
	}
	if err := t.Read(flags, a.Environ, file); err != nil {
		return cli.Usagef("%w", err)
	}
	const wherever = "as a flag, in the environment or in the file of --options-file"
	switch {
	case o.kratosAdminURL == "":
		return cli.Usagef("serve needs --kratos-admin-url, %s", wherever)
	case o.dataDir == "" && o.dsnFile == "":
		return cli.Usagef("serve needs --data-dir or --postgres-dsn-file, %s", wherever)
	case o.dataDir != "" && o.dsnFile != "":
		return cli.Usagef("--data-dir and --postgres-dsn-file are mutually exclusive")
	case o.dev && o.keyFile != "":
		return cli.Usagef("--dev and --api-key-file are mutually exclusive")
	case o.reconcileEvery <= 0 || o.maxAge <= 0:
		return cli.Usagef("--reconcile-every and --max-age must be greater than 0")
	case o.maxHandles < 0 || o.access.MaxRPS < 0 || o.drainDelay < 0:
		return cli.Usagef("--max-handles, --max-rps and --drain-delay must not be negative")
	case o.logFormat != "text" && o.logFormat != "json":
		return cli.Usagef("invalid --log-format %q: use text or json", o.logFormat)
	case (o.publicListen == "") != (o.wellKnownDir == ""):
		return cli.Usagef("--public-listen and --well-known-dir need each other")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, strings.ToLower(o.logLevel)) {
		return cli.Usagef("invalid --log-level %q: use debug, info, warn or error", o.logLevel)
	}
	so, err := o.toOptions()
	if err == nil {
		err = so.Check()
	}
	if err != nil {
		return cli.Usagef("%w", err)
	}
	return nil
}

// level returns the log level, which read has checked.
func (o *serveOptions) level() slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(o.logLevel))
	return l
}

// public returns the handler of the public documents, nil without --public-listen.
func (o *serveOptions) public() (http.Handler, error) {
	if o.publicListen == "" {
		return nil, nil
	}
	return documents(o.wellKnownDir)
}
