// Package server serves a directory over HTTP: it receives Kratos' hooks, and
// resolves user handles to identities.
//
// Resolving is not authentication. The user handle of an assertion is not
// signed (WebAuthn §6.3.3): a response only identifies a user together with
// credential_matches: true and a verified signature.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/directory"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/bolt"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/postgres"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// Options are the options of a Server. Required are KratosAdminURL, one of DataDir
// and PostgresDSN, and one of Keys and KeyFile unless Dev is set.
type Options struct {
	KratosAdminURL string
	KratosAccess   kratosadmin.Access // credentials and connection options for it
	DataDir        string             // directory of the embedded index; or
	PostgresDSN    string             // of a database that several servers can share
	Keys           *api.Keys          // fixed; or
	KeyFile        string             // reread when it changes
	CheckEvery     time.Duration      // how often files are checked for changes; default 2 s
	Listen         string             // HOST:PORT of the API; default api.DefaultListen
	MetricsListen  string             // HOST:PORT of metrics, livez and readyz; default api.DefaultMetricsListen
	Dev            bool               // require no keys; loopback addresses only
	InsecureHTTP   bool               // allow plain HTTP on other addresses than loopback
	TLS            TLS                // of the API; plain HTTP if empty
	IdentityIDs    directory.IdentityIDs
	ReconcileEvery time.Duration // default 6 h
	MaxAge         time.Duration // default 24 h
	MaxHandles     float64       // user handles per second and client, 0 for no limit
	Name           string        // label of every metric; "" for none
	Version        string        // of this program, for a metric
	PublicListen   string        // HOST:PORT of Public, if that is not nil
	Public         http.Handler  // serves the public documents
	DrainDelay     time.Duration // how long to keep serving after readyz turns 503 on shutdown
	Tracer         trace.Tracer  // nil for no spans
	Log            *slog.Logger
}

// Server is an open store with its listeners. Call Run or Close.
type Server struct {
	log            *slog.Logger
	dev            bool
	keys           atomic.Pointer[api.Keys]
	keyFile        atomic.Pointer[string]
	tls            *tlsFiles // nil: clear text
	store          index.Store
	directory      *directory.Directory
	metrics        *metrics
	limits         limits
	seenEvents     dedupe
	refusals       rate.Sometimes // limits the log lines about rejected requests
	tracer         trace.Tracer   // nil: no spans
	drainDelay     time.Duration
	checkEvery     time.Duration
	draining       atomic.Bool
	public         atomic.Pointer[http.Handler]
	listener       net.Listener
	operations     net.Listener
	publicListener net.Listener // nil if there are no public documents
}

// New opens the store and the listeners, so that a port or store that is already in
// use is an immediate error. It does not call Kratos; Run does.
func New(ctx context.Context, o Options) (*Server, error) {
	o.Listen, o.MetricsListen = cmp.Or(o.Listen, api.DefaultListen), cmp.Or(o.MetricsListen, api.DefaultMetricsListen)
	if err := o.Check(); err != nil {
		return nil, err
	}
	s := &Server{
		log: o.Log, dev: o.Dev, tracer: o.Tracer, drainDelay: o.DrainDelay,
		checkEvery: cmp.Or(o.CheckEvery, 2*time.Second),
		refusals:   rate.Sometimes{Interval: refusalsEvery},
	}
	s.limits.set(o.MaxHandles)
	s.keyFile.Store(&o.KeyFile)
	s.public.Store(&o.Public)
	if o.TLS.enabled() {
		var err error
		if s.tls, err = openTLS(o.TLS); err != nil {
			return nil, err
		}
	}
	s.keys.Store(o.Keys)
	if o.KeyFile != "" {
		keys, err := api.ReadKeyFile(o.KeyFile)
		if err != nil {
			return nil, err
		}
		s.keys.Store(keys)
	}
	s.metrics = newMetrics(o.Name, o.Version, s)
	transport, err := o.KratosAccess.Transport()
	if err != nil {
		return nil, err
	}
	transport = s.metrics.countKratos(traceKratos(o.Tracer, transport))
	kratos, err := kratosadmin.New(kratosadmin.Options{URL: o.KratosAdminURL, Transport: transport})
	if err != nil {
		return nil, err
	}
	if err := s.open(ctx, o, kratos); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) open(ctx context.Context, o Options, kratos *kratosadmin.Client) (err error) {
	var lc net.ListenConfig
	if s.listener, err = lc.Listen(ctx, "tcp", o.Listen); err != nil {
		return fmt.Errorf("--listen %q: %w", o.Listen, err)
	}
	if s.operations, err = lc.Listen(ctx, "tcp", o.MetricsListen); err != nil {
		return fmt.Errorf("--metrics-listen %q: %w", o.MetricsListen, err)
	}
	if o.Public != nil {
		if s.publicListener, err = lc.Listen(ctx, "tcp", o.PublicListen); err != nil {
			return fmt.Errorf("--public-listen %q: %w", o.PublicListen, err)
		}
	}
	if s.store, err = openStore(ctx, o); err != nil {
		return err
	}
	s.directory, err = directory.New(ctx, directory.Options{
		Store:          s.store,
		Kratos:         kratos,
		Log:            o.Log,
		IdentityIDs:    o.IdentityIDs,
		ReconcileEvery: o.ReconcileEvery,
		MaxAge:         o.MaxAge,
		Tracer:         o.Tracer,
		OnPulled:       func(waited time.Duration) { s.metrics.hookLag.Observe(waited.Seconds()) },
	})
	return err
}

func openStore(ctx context.Context, o Options) (index.Store, error) {
	if o.PostgresDSN == "" {
		s, err := bolt.Open(o.DataDir)
		if err != nil {
			return nil, err // not s: a nil *bolt.Store in the interface is not nil
		}
		return s, nil
	}
	s, err := postgres.Open(ctx, o.PostgresDSN)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// status returns the directory's status for the metrics; it is empty until the
// directory is open.
func (s *Server) status(ctx context.Context) (directory.Status, error) {
	if s.directory == nil {
		return directory.Status{}, nil
	}
	return s.directory.Status(ctx)
}

// Progress returns the progress of the running build or sweep; see
// directory.Directory.Progress.
func (s *Server) Progress() (p kratosadmin.Progress, first, reading bool) {
	return s.directory.Progress()
}

// URL returns the URL of the API.
func (s *Server) URL() string {
	if s.tls != nil {
		return "https://" + s.listener.Addr().String()
	}
	return "http://" + s.listener.Addr().String()
}

// MetricsURL returns the URL of metrics, livez and readyz.
func (s *Server) MetricsURL() string { return "http://" + s.operations.Addr().String() }

// PublicURL returns the URL of the public documents, "" if there are none.
func (s *Server) PublicURL() string {
	if s.publicListener == nil {
		return ""
	}
	return "http://" + s.publicListener.Addr().String()
}

// Close closes the store and the listeners. After Run it does nothing.
func (s *Server) Close() error {
	var errs []error
	for _, l := range []net.Listener{s.listener, s.operations, s.publicListener} {
		if l != nil {
			if err := l.Close(); !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}

// Run serves until ctx is done, finishes in-flight requests, and then returns nil. It
// returns an error early if the index belongs to another Kratos.
func (s *Server) Run(ctx context.Context) error {
	// Keep everything that requests depend on running until the last one is finished.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, running := errgroup.WithContext(work)
	g.Go(func() error { return s.directory.Run(running) })
	g.Go(func() error { return s.serve(running, s.probes(), s.operations, internalLimits(nil)) })
	g.Go(func() error { return s.watchKeys(running) })
	g.Go(func() error { return s.watchTLS(running) })
	g.Go(func() error {
		defer stop()
		return s.serveUntil(ctx, running)
	})
	err := g.Wait()
	return errors.Join(err, s.Close())
}

// serveUntil serves until ctx is done and in-flight requests are finished, or until
// running is done.
func (s *Server) serveUntil(ctx, running context.Context) error {
	serving, stopServing := context.WithCancel(running)
	defer stopServing()
	undrain := context.AfterFunc(ctx, func() {
		s.draining.Store(true)
		s.log.Info("draining: /readyz now returns 503, finishing in-flight requests", "taking_requests_for", s.drainDelay.String())
		select {
		case <-time.After(s.drainDelay):
		case <-running.Done():
		}
		stopServing()
	})
	defer undrain()
	g, serving := errgroup.WithContext(serving)
	g.Go(func() error { return s.serve(serving, s.api(), s.listener, internalLimits(s.tls)) })
	if s.publicListener != nil {
		g.Go(func() error { return s.serve(serving, s.documents(), s.publicListener, publicLimits()) })
	}
	return g.Wait()
}
