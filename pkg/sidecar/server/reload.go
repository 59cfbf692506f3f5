package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/olympusoss/oly-passkey/pkg/api"
)

// Reload contains the options that can be changed while a server is running.
type Reload struct {
	KeyFile    string
	TLS        TLS
	MaxHandles float64
	Public     http.Handler // nil if the server was started without
}

// Reload applies new options and rereads their files: all of them or, if it returns
// an error, none.
func (s *Server) Reload(r Reload) error {
	switch {
	case r.TLS.enabled() != (s.tls != nil):
		return errors.New("TLS cannot be enabled or disabled without a restart")
	case (r.Public == nil) != (s.publicListener == nil):
		return errors.New("--public-listen cannot be added or removed without a restart")
	case (r.KeyFile == "") != (*s.keyFile.Load() == ""):
		return errors.New("--api-key-file cannot be added or removed without a restart")
	}
	var keys *api.Keys
	var err error
	if r.KeyFile != "" {
		if keys, err = api.ReadKeyFile(r.KeyFile); err != nil {
			return err
		}
	}
	if s.tls != nil {
		if err := r.TLS.check(); err != nil {
			return err
		}
		if err := s.tls.replace(r.TLS); err != nil {
			return err
		}
	}
	if keys != nil {
		s.keys.Store(keys)
		s.keyFile.Store(&r.KeyFile)
	}
	s.public.Store(&r.Public)
	s.limits.set(r.MaxHandles)
	return nil
}

// NoteReload records in a metric whether reloading the configuration succeeded.
func (s *Server) NoteReload(err error) { s.noteReload(readConfiguration, err) }

func (s *Server) noteReload(what string, err error) {
	value := 1.0
	if err != nil {
		value = 0
	}
	s.metrics.reloaded.WithLabelValues(what).Set(value)
}

// watchKeys rereads the key file whenever its content changes, so that keys can
// be rotated without a restart. An invalid file changes nothing.
func (s *Server) watchKeys(ctx context.Context) error {
	if *s.keyFile.Load() == "" {
		return nil
	}
	return s.watchFiles(ctx, readKeys, func() (changed bool, err error) {
		keys, err := api.ReadKeyFile(*s.keyFile.Load())
		if err != nil || keys.Equal(s.keys.Load()) {
			return false, err
		}
		s.keys.Store(keys)
		return true, nil
	})
}
