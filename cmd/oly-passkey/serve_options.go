package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/pkg/directory"
	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/settings"
	"github.com/olympusoss/oly-passkey/pkg/sidecar"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/wellknown"
)

// serveOptions are the options of serve, from wherever they come.
type serveOptions struct {
	kratosAdminURL, dataDir            string
	keyFile, dsnFile, name             string
	listen, metricsListen, identityIDs string
	publicListen                       string
	reconcileEvery, maxAge, drainDelay time.Duration
	dev, insecureHTTP                  bool
	maxHandles                         float64
	tls                                sidecar.TLS
	access                             kratosadmin.Access
	site                               siteFlags
	logFormat, logLevel                string
}

// serveEnvPrefix stands in front of the names of environment variables. A
// shorter one would meet those that Kubernetes sets for a service oly-passkey.
const serveEnvPrefix = "OLY_PASSKEY_SERVE_"

// table is the one table of all options: flags, environment, file and
// docs/configuration.md come from it.
func (o *serveOptions) table() settings.Table {
	options := slices.Concat(
		[]settings.Option{settings.Text(&o.kratosAdminURL, "kratos-admin-url", "", "`URL` of Kratos' admin API, without /admin")},
		kratosAccessOptions(&o.access),
		[]settings.Option{
			settings.Text(&o.dataDir, "data-dir", "", "`DIR` of the index, made where it is missing"),
			settings.Text(&o.dsnFile, "postgres-dsn-file", "", "`FILE` with the DSN of the PostgreSQL or CockroachDB database that several servers share, instead of --data-dir").Secret(),
			settings.Text(&o.keyFile, "api-key-file", "", "`FILE` with the API keys; read again when it changes").Secret().Reloadable(),
			settings.Text(&o.listen, "listen", sidecar.DefaultListen, "`HOST:PORT` of the API"),
			settings.Text(&o.metricsListen, "metrics-listen", sidecar.DefaultMetricsListen, "`HOST:PORT` of /metrics, /livez and /readyz"),
			settings.Text(&o.identityIDs, "identity-id-handles", string(directory.IdentityIDsWebAuthn),
				"when 16 bytes that the index does not hold are an identity's id: `webauthn` (Kratos shows a webauthn key with that handle), any (the identity exists), off"),
			settings.Duration(&o.reconcileEvery, "reconcile-every", 6*time.Hour, "`TIME` between sweeps over all identities"),
			settings.Duration(&o.maxAge, "max-age", 24*time.Hour, "`TIME` after which an entry is confirmed by asking Kratos"),
			settings.Number(&o.maxHandles, "max-handles", 0, "`NUMBER` of handles a second that one API key may ask for, 0 for no limit; hooks are never limited").Reloadable(),
			settings.Duration(&o.drainDelay, "drain-delay", 0, "`TIME` for which requests are still taken at the end, after /readyz has said 503"),
			settings.Text(&o.name, "name", "", "`NAME` of this server, a label of its metrics"),
			settings.Text(&o.logFormat, "log-format", "text", "`FORMAT` of the log: text or json"),
			settings.Text(&o.logLevel, "log-level", "info", "`LEVEL` from which on lines are logged: debug (a line a request), info, warn or error").Reloadable(),
			settings.Text(&o.tls.CertFile, "tls-cert-file", "", "`FILE` with the certificate chain of the API, PEM; read again when it changes").Reloadable(),
			settings.Text(&o.tls.KeyFile, "tls-key-file", "", "`FILE` with its private key, PEM").Secret().Reloadable(),
			settings.Text(&o.tls.ClientCAFile, "client-ca-file", "", "`FILE` with the authorities of client certificates, PEM: clients need one (mTLS)").Reloadable(),
			settings.List(&o.tls.ClientSANs, "client-san", "DNS `NAME`, URI or e-mail address in a client certificate that may ask (repeatable)").Reloadable(),
			settings.Switch(&o.dev, "dev", false, "ask for no API key; on a loopback address only"),
			settings.Switch(&o.insecureHTTP, "insecure-http", false, "listen in clear text off loopback, too"),
		},
		o.publicOptions(),
	)
	return settings.Table{Prefix: serveEnvPrefix, Options: options}
}

// publicOptions say what --public-listen serves.
func (o *serveOptions) publicOptions() []settings.Option {
	return []settings.Option{
		settings.Text(&o.publicListen, "public-listen", "", "`HOST:PORT` of the documents under /.well-known/, and of nothing else, for the proxy of rp.id's host"),
		settings.List(&o.site.config, "kratos-config", "`FILE` of Kratos' configuration, from which the documents are made (repeatable, in order)").Reloadable(),
		settings.Text(&o.site.rpID, "rp-id", "", "rp.`ID` of the documents, instead of that of --kratos-config").Reloadable(),
		settings.List(&o.site.androidApps, "android-app", "`PACKAGE[=FINGERPRINT]` of an app in the documents (repeatable; without a fingerprint those in rp.origins)").Reloadable(),
		settings.List(&o.site.appleApps, "apple-app", "`TEAMID.bundle.id` of an app in the documents (repeatable)").Reloadable(),
		settings.Text(&o.site.enroll, "enroll", "", "`URL` on which people add a passkey, instead of the settings page").Reloadable(),
		settings.Text(&o.site.manage, "manage", "", "`URL` on which people manage passkeys, instead of the settings page").Reloadable(),
	}
}

// read fills the options from flags, environment and file, and checks what can
// be checked without a running server.
func (o *serveOptions) read(a *app, t settings.Table, flags *pflag.FlagSet, configFile string) error {
	var file *source.File
	if configFile != "" {
		var err error
		if file, err = source.Open(configFile); err != nil {
			return usagef("--config: %w", err)
		}
	}
	if err := t.Read(flags, a.environ, file); err != nil {
		return usagef("%w", err)
	}
	const wherever = "as a flag, in the environment or in the file of --config"
	switch {
	case o.kratosAdminURL == "":
		return usagef("serve needs --kratos-admin-url, %s", wherever)
	case o.dataDir == "" && o.dsnFile == "":
		return usagef("serve needs --data-dir or --postgres-dsn-file, %s", wherever)
	case o.dataDir != "" && o.dsnFile != "":
		return usagef("--data-dir and --postgres-dsn-file exclude each other")
	case o.dev && o.keyFile != "":
		return usagef("--dev and --api-key-file exclude each other")
	case o.reconcileEvery <= 0 || o.maxAge <= 0:
		return usagef("--reconcile-every and --max-age have to be more than 0")
	case o.maxHandles < 0 || o.access.MaxRPS < 0 || o.drainDelay < 0:
		return usagef("--max-handles, --max-rps and --drain-delay have to be 0 or more")
	case o.logFormat != "text" && o.logFormat != "json":
		return usagef("--log-format %q is neither text nor json", o.logFormat)
	case o.publicListen == "" && o.site.given():
		return usagef("--kratos-config, --rp-id, --android-app, --apple-app, --enroll and --manage say what --public-listen serves; give that, too")
	case o.publicListen != "" && len(o.site.config) == 0 && o.site.rpID == "":
		return usagef("--public-listen needs --kratos-config FILE or --rp-id ID, which say what the documents are about")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, strings.ToLower(o.logLevel)) {
		return usagef("--log-level %q is none of debug, info, warn and error", o.logLevel)
	}
	so, err := o.unread()
	if err == nil {
		err = so.Check()
	}
	if err != nil {
		return usagef("%w", err)
	}
	return nil
}

// level is that of the log, which read has checked.
func (o *serveOptions) level() slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(o.logLevel))
	return l
}

// public makes the documents for everybody, nil where there shall be none.
func (o *serveOptions) public(a *app) (http.Handler, error) {
	if o.publicListen == "" {
		return nil, nil
	}
	site, err := o.site.site(a)
	if err != nil {
		return nil, err
	}
	for _, name := range wellknown.Names() {
		if _, err := wellknown.Generate(name, site); !errors.Is(err, wellknown.ErrNothing) {
			return wellknown.Handler(site)
		}
	}
	return nil, fmt.Errorf("--public-listen has nothing to serve: no document has anything to say about rp.id %q", site.RPID)
}
