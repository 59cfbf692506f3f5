package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/pkg/directory"
	"github.com/olympusoss/oly-passkey/pkg/sidecar"
)

func newServe(a *app) *cobra.Command {
	var o serveOptions
	var configFile string
	table := o.table()
	c := &cobra.Command{
		Use:   "serve --kratos-admin-url URL --data-dir DIR --api-key-file FILE",
		Short: "run the sidecar: Kratos' hooks in, user handle to identity out",
		Long: `Run the sidecar: it keeps an index from user handles to identities and answers
whose a passkey is. The first start reads all identities from Kratos' admin API;
from then on Kratos' web hooks keep the index, and a sweep corrects it.

The key file has one scope:key a line, two keys a scope at most; the scopes are
hooks, resolve, read and admin. Clients send a key as Authorization: Bearer KEY,
or as X-Api-Key: KEY. Lines that start with # do not count.

Every option may also stand in the environment (--max-age as
OLY_PASSKEY_SERVE_MAX_AGE) or in the YAML file of --config (max-age: 12h). A flag
counts before the environment, and that before the file. SIGHUP reads the file
and the keys, certificates and documents again; SIGTERM drains. Traces are sent
where OTEL_EXPORTER_OTLP_ENDPOINT is set.

Resolving is not authentication: the user handle of an assertion is not signed.
An answer identifies somebody only together with "credential_matches": true and
a signature that was verified.`,
		Example: `  oly-passkey serve --kratos-admin-url http://127.0.0.1:4434 --data-dir /var/lib/oly-passkey --api-key-file sidecar.key
  oly-passkey serve --config /etc/oly-passkey.yml
  oly-passkey serve --kratos-admin-url http://127.0.0.1:4434 --data-dir data --dev`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.read(a, table, cmd.Flags(), configFile); err != nil {
				return err
			}
			r := &reloader{app: a, flags: cmd.Flags(), configFile: configFile, started: table, last: table}
			return a.serve(cmd.Context(), &o, r)
		},
	}
	c.Flags().StringVar(&configFile, "config", "", "YAML `FILE` with the options, one name: value a line")
	table.Register(c.Flags())
	return c
}

// The heap of a server that answers is a few MB; collected whenever it has
// doubled, as is Go's default, it would cost a quarter of the time of a look-up.
// So it may grow to nine times what lives on it, but with all else not over 120
// MB unless that much is alive: a build stays under 150 MB (docs/benchmarks.md).
const (
	gcPercent   = 800
	memoryLimit = 120 << 20
)

// tuneMemory sets both, unless the environment says otherwise.
func (a *app) tuneMemory() {
	if a.getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if a.getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

func (a *app) serve(ctx context.Context, o *serveOptions, r *reloader) (err error) {
	a.tuneMemory()
	r.level.Set(o.level())
	bar := &progressLine{w: a.stderr, tty: isTerminal(a.stderr), shown: time.Now()}
	log := newLog(bar, o.logFormat, &r.level)
	hangups, stop := hangups()
	defer stop()
	so, err := o.sidecar(a, log)
	if err != nil {
		return err
	}
	tracer, flush, err := a.tracing(ctx, o.name, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, flush()) }()
	so.Tracer = tracer
	s, err := sidecar.New(ctx, so)
	if err != nil {
		return err
	}
	if so.IdentityIDs == directory.IdentityIDsAny {
		log.Warn("--identity-id-handles any: whoever holds a resolve key can find out which identity ids exist")
	}
	log.Info("serving", "version", so.Version, "api", s.URL(), "operations", s.MetricsURL(), "public", s.PublicURL(),
		"kratos", o.kratosAdminURL, "data_dir", o.dataDir, "postgres", o.dsnFile != "", "traces", tracer != nil)
	running, done := context.WithCancel(ctx)
	defer done()
	go r.run(running, s, log, hangups)
	go bar.follow(running, s.Progress)
	if err := s.Run(ctx); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	log.Info("stopped")
	return nil
}

// newLog writes lines for journald and the like, or objects for a collector.
func newLog(w *progressLine, format string, level *slog.LevelVar) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// sidecar turns the options into those of the server, and reads their files.
func (o *serveOptions) sidecar(a *app, log *slog.Logger) (so sidecar.Options, err error) {
	if so, err = o.unread(); err != nil {
		return so, err
	}
	so.Version, so.Log = version().Version, log
	if so.Public, err = o.public(a); err != nil {
		return so, err
	}
	if o.dsnFile != "" {
		so.PostgresDSN, err = readDSN(o.dsnFile)
	}
	return so, err
}

// unread turns the options into those of the server, without their files.
func (o *serveOptions) unread() (sidecar.Options, error) {
	ids, err := directory.ParseIdentityIDs(o.identityIDs)
	if err != nil {
		return sidecar.Options{}, fmt.Errorf("--identity-id-handles: %w", err)
	}
	return sidecar.Options{
		KratosAdminURL: o.kratosAdminURL,
		KratosAccess:   o.access,
		DataDir:        o.dataDir,
		KeyFile:        o.keyFile,
		Name:           o.name,
		Listen:         o.listen,
		MetricsListen:  o.metricsListen,
		PublicListen:   o.publicListen,
		DrainDelay:     o.drainDelay,
		Dev:            o.dev,
		InsecureHTTP:   o.insecureHTTP,
		TLS:            o.tls,
		IdentityIDs:    ids,
		ReconcileEvery: o.reconcileEvery,
		MaxAge:         o.maxAge,
		MaxHandles:     o.maxHandles,
	}, nil
}
