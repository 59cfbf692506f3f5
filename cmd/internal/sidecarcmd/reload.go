package sidecarcmd

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/flagtable"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/server"
)

// reloader rereads the options of a running server.
type reloader struct {
	app           *cli.App
	flags         *pflag.FlagSet // of the command line
	optionsFile   string
	started, last flagtable.Table // the options at the start, and the last ones that took effect
	level         slog.LevelVar
}

// hangups catches SIGHUP from now on; otherwise the signal would end the process.
func hangups() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}

// run rereads the options at every hangup until ctx is done.
func (r *reloader) run(ctx context.Context, s *server.Server, log *slog.Logger, hangups <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		err := r.reload(s, log)
		s.NoteReload(err)
		if err != nil {
			log.Error("reload failed, keeping the previous configuration", "error", err)
		}
	}
}

func (r *reloader) reload(s *server.Server, log *slog.Logger) error {
	var o serveOptions
	t := o.table()
	if err := o.read(r.app, t, r.flags, r.optionsFile); err != nil {
		return err
	}
	public, err := o.public()
	if err != nil {
		return err
	}
	if err := s.Reload(server.Reload{KeyFile: o.keyFile, TLS: o.tls, MaxHandles: o.maxHandles, Public: public}); err != nil {
		return err
	}
	r.level.Set(o.level())
	taken, _ := t.Changed(r.last)
	_, needRestart := t.Changed(r.started)
	r.last = t
	log.Info("configuration reloaded, including keys, certificates and documents", "changed", taken)
	if len(needRestart) > 0 {
		log.Warn("these options need a restart; keeping their previous values", "options", needRestart)
	}
	return nil
}
