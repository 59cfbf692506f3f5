package server

import (
	"context"
	"time"
)

// Names of reloaded content, in logs and metrics.
const (
	readConfiguration = "configuration"
	readKeys          = "api keys"
	readCertificates  = "certificates"
)

// watchFiles calls read periodically until ctx is done. It logs changes, and repeated
// errors once.
func (s *Server) watchFiles(ctx context.Context, what string, read func() (changed bool, err error)) error {
	tick := time.NewTicker(s.checkEvery)
	defer tick.Stop()
	return s.watchAt(ctx, tick.C, what, read)
}

func (s *Server) watchAt(ctx context.Context, at <-chan time.Time, what string, read func() (changed bool, err error)) error {
	complained := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-at:
		}
		changed, err := read()
		s.noteReload(what, err)
		switch {
		case err == nil:
			complained = ""
			if changed {
				s.log.Info("files reloaded", "what", what)
			}
		case err.Error() != complained:
			complained = err.Error()
			s.log.Error("cannot reload files, keeping the previous content", "what", what, "error", err)
		}
	}
}
