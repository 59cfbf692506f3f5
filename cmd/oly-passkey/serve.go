package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/pkg/directory"
	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/sidecar"
)

func newServe(a *app) *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve --kratos-admin-url URL --data-dir DIR --api-key-file FILE",
		Short: "run the sidecar: Kratos' hooks in, user handle to identity out",
		Long: `Run the sidecar: it keeps an index from user handles to identities and answers
whose a passkey is. The first start reads all identities from Kratos' admin API;
from then on Kratos' web hooks keep the index, and a sweep corrects it.

The key file has one scope:key a line, two keys a scope at most; the scopes are
hooks, resolve, read and admin. Clients send a key as Authorization: Bearer KEY,
or as X-Api-Key: KEY. Lines that start with # do not count. The file is read again
when it changes, so that keys are rotated without a restart.

Resolving is not authentication: the user handle of an assertion is not signed.
An answer identifies somebody only together with "credential_matches": true and
a signature that was verified.`,
		Example: `  oly-passkey serve --kratos-admin-url http://127.0.0.1:4434 --data-dir /var/lib/oly-passkey --api-key-file sidecar.key
  oly-passkey serve --kratos-admin-url http://127.0.0.1:4434 --data-dir data --dev`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), &f) },
	}
	c.Flags().StringVar(&f.kratosAdminURL, "kratos-admin-url", "", "`URL` of Kratos' admin API, without /admin")
	kratosAccessFlags(c, &f.access)
	c.Flags().StringVar(&f.dataDir, "data-dir", "", "`DIR` of the index, made where it is missing")
	c.Flags().StringVar(&f.dsnFile, "postgres-dsn-file", "", "`FILE` with the DSN of the PostgreSQL or CockroachDB database that several servers share, instead of --data-dir")
	c.Flags().StringVar(&f.keyFile, "api-key-file", "", "`FILE` with the API keys")
	c.Flags().StringVar(&f.listen, "listen", sidecar.DefaultListen, "`HOST:PORT` of the API")
	c.Flags().StringVar(&f.metricsListen, "metrics-listen", sidecar.DefaultMetricsListen, "`HOST:PORT` of /metrics, /livez and /readyz")
	c.Flags().StringVar(&f.identityIDs, "identity-id-handles", string(directory.IdentityIDsWebAuthn),
		"when 16 bytes that the index does not hold are an identity's id: `webauthn` (Kratos shows a webauthn key with that handle), any (the identity exists), off")
	c.Flags().DurationVar(&f.reconcileEvery, "reconcile-every", 6*time.Hour, "`TIME` between sweeps over all identities")
	c.Flags().DurationVar(&f.maxAge, "max-age", 24*time.Hour, "`TIME` after which an entry is confirmed by asking Kratos")
	c.Flags().Float64Var(&f.maxHandles, "max-handles", 0, "`NUMBER` of handles a second that one API key may ask for, 0 for no limit; hooks are never limited")
	c.Flags().StringVar(&f.name, "name", "", "`NAME` of this server, a label of its metrics")
	c.Flags().StringVar(&f.tls.CertFile, "tls-cert-file", "", "`FILE` with the certificate chain of the API, PEM; read again when it changes")
	c.Flags().StringVar(&f.tls.KeyFile, "tls-key-file", "", "`FILE` with its private key, PEM")
	c.Flags().StringVar(&f.tls.ClientCAFile, "client-ca-file", "", "`FILE` with the authorities of client certificates, PEM: clients need one (mTLS)")
	c.Flags().StringArrayVar(&f.tls.ClientSANs, "client-san", nil, "DNS `NAME`, URI or e-mail address in a client certificate that may ask (repeatable)")
	c.Flags().BoolVar(&f.dev, "dev", false, "ask for no API key; on a loopback address only")
	c.Flags().BoolVar(&f.insecureHTTP, "insecure-http", false, "listen in clear text off loopback, too")
	if err := c.MarkFlagRequired("kratos-admin-url"); err != nil {
		panic(err) // the flag is defined above
	}
	c.MarkFlagsOneRequired("data-dir", "postgres-dsn-file")
	c.MarkFlagsMutuallyExclusive("data-dir", "postgres-dsn-file")
	c.MarkFlagsMutuallyExclusive("dev", "api-key-file")
	return c
}

type serveFlags struct {
	kratosAdminURL, dataDir            string
	keyFile, dsnFile, name             string
	listen, metricsListen, identityIDs string
	reconcileEvery, maxAge             time.Duration
	dev, insecureHTTP                  bool
	maxHandles                         float64
	tls                                sidecar.TLS
	access                             kratosadmin.Access
}

func (a *app) serve(ctx context.Context, f *serveFlags) error {
	ids, err := directory.ParseIdentityIDs(f.identityIDs)
	if err != nil {
		return usagef("--identity-id-handles: %w", err)
	}
	if f.reconcileEvery <= 0 || f.maxAge <= 0 {
		return usagef("--reconcile-every and --max-age have to be more than 0")
	}
	log := slog.New(slog.NewTextHandler(a.stderr, nil))
	o := sidecar.Options{
		KratosAdminURL: f.kratosAdminURL,
		KratosAccess:   f.access,
		DataDir:        f.dataDir,
		KeyFile:        f.keyFile,
		Name:           f.name,
		Listen:         f.listen,
		MetricsListen:  f.metricsListen,
		Dev:            f.dev,
		InsecureHTTP:   f.insecureHTTP,
		TLS:            f.tls,
		IdentityIDs:    ids,
		ReconcileEvery: f.reconcileEvery,
		MaxAge:         f.maxAge,
		MaxHandles:     f.maxHandles,
		Log:            log,
	}
	if f.dsnFile != "" {
		if o.PostgresDSN, err = readDSN(f.dsnFile); err != nil {
			return err
		}
	}
	s, err := sidecar.New(ctx, o)
	if err != nil {
		return err
	}
	if ids == directory.IdentityIDsAny {
		log.Warn("--identity-id-handles any: whoever holds a resolve key can find out which identity ids exist")
	}
	log.Info("serving", "api", s.URL(), "operations", s.MetricsURL(), "kratos", f.kratosAdminURL, "index", f.dataDir)
	if err := s.Run(ctx); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	log.Info("stopped")
	return nil
}
