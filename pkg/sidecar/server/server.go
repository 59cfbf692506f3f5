// Package server serves the directory over HTTP: Kratos' hooks in, user handle
// to identity out.
//
// Resolving is not authentication. The user handle of an assertion is not
// signed (WebAuthn §6.3.3): an answer identifies somebody only together with
// credential_matches: true and a signature that was verified.
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

// Options make a Server. KratosAdminURL is required, one of DataDir and
// PostgresDSN, and Keys or KeyFile unless Dev is set.
type Options struct {
	KratosAdminURL string
	KratosAccess   kratosadmin.Access // what it takes to reach it
	DataDir        string             // of the index in one file; or
	PostgresDSN    string             // of the database that several servers share
	Keys           *api.Keys          // fixed; or
	KeyFile        string             // read at the start, and again whenever it changes
	Listen         string             // host:port of the API, api.DefaultListen where it is empty
	MetricsListen  string             // host:port of livez and readyz, api.DefaultMetricsListen where it is empty
	Dev            bool               // no keys; loopback only
	InsecureHTTP   bool               // clear text off loopback
	TLS            TLS                // of the API; clear text where it is empty
	IdentityIDs    directory.IdentityIDs
	ReconcileEvery time.Duration // 6 h where it is 0
	MaxAge         time.Duration // 24 h where it is 0
	MaxHandles     float64       // handles a second that a client may ask for, 0 for no limit
	Name           string        // label of every metric, none where it is empty
	Version        string        // of this program, shown by a metric
	PublicListen   string        // host:port of Public, where that is not nil
	Public         http.Handler  // the documents that everybody may read
	DrainDelay     time.Duration // for which requests are still taken at the end, after readyz has said 503
	Tracer         trace.Tracer  // makes the spans, nil for none
	Log            *slog.Logger
}

// Server is an open store with its listeners.
type Server struct {
	log        *slog.Logger
	dev        bool
	keys       atomic.Pointer[api.Keys]
	keyFile    atomic.Pointer[string]
	tls        *tlsFiles // nil: clear text
	store      index.Store
	directory  *directory.Directory
	metrics    *metrics
	limits     limits
	told       events
	refusals   rate.Sometimes // bounds the log's lines about refused requests
	tracer     trace.Tracer   // nil: no spans
	drainDelay time.Duration
	draining   atomic.Bool
	public     atomic.Pointer[http.Handler]
	listener   net.Listener
	operations net.Listener
	outside    net.Listener // nil: there is nothing for everybody
}

// New opens the store and both listeners, so that a busy port or a store that
// another process holds is an error at once. It does not call Kratos; Run does,
// and Run has to be called, or Close.
func New(ctx context.Context, o Options) (*Server, error) {
	o.Listen, o.MetricsListen = cmp.Or(o.Listen, api.DefaultListen), cmp.Or(o.MetricsListen, api.DefaultMetricsListen)
	if err := o.Check(); err != nil {
		return nil, err
	}
	s := &Server{
		log: o.Log, dev: o.Dev, tracer: o.Tracer, drainDelay: o.DrainDelay,
		refusals: rate.Sometimes{Interval: refusalsEvery},
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
		if s.outside, err = lc.Listen(ctx, "tcp", o.PublicListen); err != nil {
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
			return nil, err // not s: a nil *Store is no nil Store
		}
		return s, nil
	}
	s, err := postgres.Open(ctx, o.PostgresDSN)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// status is what the metrics show; before the directory is open, nothing.
func (s *Server) status(ctx context.Context) (directory.Status, error) {
	if s.directory == nil {
		return directory.Status{}, nil
	}
	return s.directory.Status(ctx)
}

// Progress tells how far the reading of Kratos' list has come.
func (s *Server) Progress() (p kratosadmin.Progress, first, reading bool) {
	return s.directory.Progress()
}

// URL is where the API answers.
func (s *Server) URL() string {
	if s.tls != nil {
		return "https://" + s.listener.Addr().String()
	}
	return "http://" + s.listener.Addr().String()
}

// MetricsURL is where metrics, livez and readyz answer.
func (s *Server) MetricsURL() string { return "http://" + s.operations.Addr().String() }

// PublicURL is where the documents for everybody are, "" where there are none.
func (s *Server) PublicURL() string {
	if s.outside == nil {
		return ""
	}
	return "http://" + s.outside.Addr().String()
}

// Close gives store and listeners back. After Run it does nothing.
func (s *Server) Close() error {
	var errs []error
	for _, l := range []net.Listener{s.listener, s.operations, s.outside} {
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

// Run serves until ctx ends, lets requests that are under way finish, and
// answers nil then. It ends early where the index belongs to another Kratos.
func (s *Server) Run(ctx context.Context) error {
	// What requests need goes on until the last of them is answered.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, running := errgroup.WithContext(work)
	g.Go(func() error { return s.directory.Run(running) })
	g.Go(func() error { return s.serve(running, s.probes(), s.operations, inside(nil)) })
	g.Go(func() error { return s.watchKeys(running) })
	g.Go(func() error { return s.watchTLS(running) })
	g.Go(func() error {
		defer stop()
		return s.serveUntil(ctx, running)
	})
	err := g.Wait()
	return errors.Join(err, s.Close())
}

// serveUntil answers requests until ctx ends and those under way are answered,
// or until what they need has ended.
func (s *Server) serveUntil(ctx, running context.Context) error {
	doors, shut := context.WithCancel(running)
	defer shut()
	undrain := context.AfterFunc(ctx, func() {
		s.draining.Store(true)
		s.log.Info("draining: /readyz now returns 503, finishing in-flight requests", "taking_requests_for", s.drainDelay.String())
		select {
		case <-time.After(s.drainDelay):
		case <-running.Done():
		}
		shut()
	})
	defer undrain()
	g, doors := errgroup.WithContext(doors)
	g.Go(func() error { return s.serve(doors, s.api(), s.listener, inside(s.tls)) })
	if s.outside != nil {
		g.Go(func() error { return s.serve(doors, s.documents(), s.outside, outside()) })
	}
	return g.Wait()
}
