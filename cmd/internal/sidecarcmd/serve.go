// Package sidecarcmd contains the commands of the sidecar, which both programs share.
package sidecarcmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/directory"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/server"
)

// NewServe returns the command that runs the sidecar.
func NewServe(a *cli.App) *cobra.Command {
	var o serveOptions
	var optionsFile string
	table := o.table()
	c := &cobra.Command{
		Use:   "serve --kratos-admin-url URL --data-dir DIR --api-key-file FILE",
		Short: "run the sidecar: Kratos' hooks in, user handle to identity out",
		Long: `Runs the sidecar: it keeps an index from user handles to identities, and returns
the identity of a passkey. The first start reads all identities from Kratos'
admin API; then Kratos' web hooks update the index, and a sweep corrects it.

The key file has one scope:key per line, at most two keys per scope. The scopes
are hooks, resolve, read and admin; lines starting with # are ignored. Clients
send a key as "Authorization: Bearer KEY" or "X-Api-Key: KEY".

Every option can also be set in the environment (--max-age as
OLY_PASSKEY_SERVE_MAX_AGE) or in the YAML file of --options-file (max-age: 12h).
Flags override the environment, which overrides the file. SIGHUP rereads the
file, keys, certificates and documents; SIGTERM drains. Traces are sent if
OTEL_EXPORTER_OTLP_ENDPOINT is set.

Resolving is not authentication: the user handle of an assertion is not signed.
An answer identifies a user only together with "credential_matches": true and a
verified signature.`,
		Example: `  oly-passkey serve --kratos-admin-url http://127.0.0.1:4434 \
    --data-dir /var/lib/oly-passkey --api-key-file sidecar.key
  oly-passkey serve --options-file /etc/oly-passkey.yml
  oly-passkey serve --kratos-admin-url http://127.0.0.1:4434 \
    --data-dir data --dev`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.read(a, table, cmd.Flags(), optionsFile); err != nil {
				return err
			}
			r := &reloader{app: a, flags: cmd.Flags(), optionsFile: optionsFile, started: table, last: table}
			return serve(cmd.Context(), a, &o, r)
		},
	}
	defineServeFlags(c, table, &optionsFile)
	cli.Renamed(c, map[string]string{"config": "options-file"})
	return cli.Graceful(c)
}

// The live heap of a server is a few MB. With Go's default, a collection whenever it
// doubles, the collector would take a quarter of the time of a lookup. So the heap may
// grow to nine times the live heap, but with a limit of 120 MB for the whole process:
// a build stays under 150 MB (docs/dev/benchmarks.md).
const (
	gcPercent   = 800
	memoryLimit = 120 << 20
)

// tuneMemory sets both, unless they are set in the environment.
func tuneMemory(a *cli.App) {
	if a.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if a.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

func serve(ctx context.Context, a *cli.App, o *serveOptions, r *reloader) (err error) {
	tuneMemory(a)
	r.level.Set(o.level())
	bar := cli.NewProgressLine(a.Stderr)
	log := newLog(bar, o.logFormat, &r.level)
	hangups, stop := hangups()
	defer stop()
	so, err := o.sidecar(log)
	if err != nil {
		return err
	}
	tracer, flush, err := tracing(ctx, a, o.name, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, flush()) }()
	so.Tracer = tracer
	s, err := server.New(ctx, so)
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
	go bar.Follow(running, s.Progress)
	if err := s.Run(ctx); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	log.Info("stopped")
	return nil
}

// newLog writes lines for journald and the like, or objects for a collector.
func newLog(w *cli.ProgressLine, format string, level *slog.LevelVar) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// sidecar turns the options into those of the server, and reads their files.
func (o *serveOptions) sidecar(log *slog.Logger) (so server.Options, err error) {
	if so, err = o.toOptions(); err != nil {
		return so, err
	}
	so.Version, so.Log = cli.Version().Version, log
	if so.Public, err = o.public(); err != nil {
		return so, err
	}
	if o.dsnFile != "" {
		so.PostgresDSN, err = readDSN(o.dsnFile)
	}
	return so, err
}

// unread turns the options into those of the server, without their files.
func (o *serveOptions) toOptions() (server.Options, error) {
	ids, err := directory.ParseIdentityIDs(o.identityIDs)
	if err != nil {
		return server.Options{}, fmt.Errorf("--identity-id-handles: %w", err)
	}
	return server.Options{
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
