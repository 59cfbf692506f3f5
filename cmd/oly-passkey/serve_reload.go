package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/pkg/settings"
	"github.com/olympusoss/oly-passkey/pkg/sidecar"
)

// reloader reads the options of a running server again.
type reloader struct {
	app           *app
	flags         *pflag.FlagSet // of the command line
	configFile    string
	started, last settings.Table // the options of the start, and those taken over last
	level         slog.LevelVar
}

// hangups hears SIGHUP from now on; without it the signal would end the process.
func hangups() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}

// run reads the options again at every hangup until ctx ends.
func (r *reloader) run(ctx context.Context, s *sidecar.Server, log *slog.Logger, hangups <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		err := r.reload(s, log)
		s.NoteReload(err)
		if err != nil {
			log.Error("configuration cannot be read again, everything stays as it was", "error", err)
		}
	}
}

func (r *reloader) reload(s *sidecar.Server, log *slog.Logger) error {
	var o serveOptions
	t := o.table()
	if err := o.read(r.app, t, r.flags, r.configFile); err != nil {
		return err
	}
	public, err := o.public(r.app)
	if err != nil {
		return err
	}
	if err := s.Reload(sidecar.Reload{KeyFile: o.keyFile, TLS: o.tls, MaxHandles: o.maxHandles, Public: public}); err != nil {
		return err
	}
	r.level.Set(o.level())
	taken, _ := t.Changed(r.last)
	_, needRestart := t.Changed(r.started)
	r.last = t
	log.Info("configuration read again; keys, certificates and documents, too", "changed", taken)
	if len(needRestart) > 0 {
		log.Warn("these options need a restart; their old values stay", "options", needRestart)
	}
	return nil
}
