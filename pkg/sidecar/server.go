// Package sidecar serves the directory over HTTP: Kratos' hooks in, user handle
// to identity out.
//
// Resolving is not authentication. The user handle of an assertion is not
// signed (WebAuthn §6.3.3): an answer identifies somebody only together with
// credential_matches: true and a signature that was verified.
package sidecar

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/olympusoss/oly-passkey/pkg/directory"
	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/index/bolt"
	"github.com/olympusoss/oly-passkey/pkg/index/postgres"
	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
)

// Where a server listens unless it is told otherwise.
const (
	DefaultListen        = "127.0.0.1:4477"
	DefaultMetricsListen = "127.0.0.1:4478"
)

// Options make a Server. KratosAdminURL is required, one of DataDir and
// PostgresDSN, and Keys or KeyFile unless Dev is set.
type Options struct {
	KratosAdminURL string
	KratosAccess   kratosadmin.Access // what it takes to reach it
	DataDir        string             // of the index in one file; or
	PostgresDSN    string             // of the database that several servers share
	Keys           *Keys              // fixed; or
	KeyFile        string             // read at the start, and again whenever it changes
	Listen         string             // host:port of the API, DefaultListen where it is empty
	MetricsListen  string             // host:port of livez and readyz, DefaultMetricsListen where it is empty
	Dev            bool               // no keys; loopback only
	InsecureHTTP   bool               // clear text off loopback
	TLS            TLS                // of the API; clear text where it is empty
	IdentityIDs    directory.IdentityIDs
	ReconcileEvery time.Duration // 6 h where it is 0
	MaxAge         time.Duration // 24 h where it is 0
	MaxHandles     float64       // handles a second that a client may ask for, 0 for no limit
	Name           string        // label of every metric, none where it is empty
	Log            *slog.Logger
}

// Server is an open store with two listeners.
type Server struct {
	log        *slog.Logger
	dev        bool
	keys       atomic.Pointer[Keys]
	keyFile    string
	tls        *tlsFiles // nil: clear text
	store      index.Store
	directory  *directory.Directory
	metrics    *metrics
	limits     limits
	listener   net.Listener
	operations net.Listener
}

// ErrUnsafe says that a server would be open to others than it should be.
var ErrUnsafe = errors.New("refusing to start")

// New opens the store and both listeners, so that a busy port or a store that
// another process holds is an error at once. It does not call Kratos; Run does,
// and Run has to be called, or Close.
func New(ctx context.Context, o Options) (*Server, error) {
	if o.Listen == "" {
		o.Listen = DefaultListen
	}
	if o.MetricsListen == "" {
		o.MetricsListen = DefaultMetricsListen
	}
	if err := checkSafe(o); err != nil {
		return nil, err
	}
	s := &Server{log: o.Log, dev: o.Dev, keyFile: o.KeyFile, limits: limits{perSecond: o.MaxHandles}}
	if o.TLS.enabled() {
		var err error
		if s.tls, err = openTLS(o.TLS); err != nil {
			return nil, err
		}
	}
	s.keys.Store(o.Keys)
	if o.KeyFile != "" {
		keys, err := ReadKeyFile(o.KeyFile)
		if err != nil {
			return nil, err
		}
		s.keys.Store(keys)
	}
	s.metrics = newMetrics(o.Name, s.status)
	transport, err := o.KratosAccess.Transport()
	if err != nil {
		return nil, err
	}
	kratos, err := kratosadmin.New(kratosadmin.Options{URL: o.KratosAdminURL, Transport: s.metrics.countKratos(transport)})
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

// checkSafe refuses a server that anybody could ask.
func checkSafe(o Options) error {
	if err := o.TLS.check(); err != nil {
		return err
	}
	loopback, err := isLoopback(o.Listen)
	if err != nil {
		return err
	}
	switch {
	case o.Dev && !loopback:
		return fmt.Errorf("%w: --dev asks for no key, so --listen %q has to be a loopback address such as 127.0.0.1:4477", ErrUnsafe, o.Listen)
	case !o.Dev && o.Keys == nil && o.KeyFile == "":
		return fmt.Errorf("%w without api keys: name a file with --api-key-file, or use --dev on a loopback address", ErrUnsafe)
	case !loopback && !o.InsecureHTTP && !o.TLS.enabled():
		return fmt.Errorf("%w: --listen %q would send keys and handles in clear text; give a certificate with --tls-cert-file, or say --insecure-http where the network is trusted", ErrUnsafe, o.Listen)
	}
	return nil
}

func isLoopback(addr string) (bool, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false, fmt.Errorf("--listen %q is no host:port: %w", addr, err)
	}
	if host == "localhost" {
		return true, nil
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback(), nil
}

// URL is where the API answers.
func (s *Server) URL() string {
	if s.tls != nil {
		return "https://" + s.listener.Addr().String()
	}
	return "http://" + s.listener.Addr().String()
}

// MetricsURL is where livez and readyz answer.
func (s *Server) MetricsURL() string { return "http://" + s.operations.Addr().String() }

// Close gives store and listeners back. After Run it does nothing.
func (s *Server) Close() error {
	var errs []error
	for _, l := range []net.Listener{s.listener, s.operations} {
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

// drainTimeout is how long requests that are under way get at the end.
const drainTimeout = 10 * time.Second

// Run serves until ctx ends, lets requests that are under way finish, and
// answers nil then. It ends early where the index belongs to another Kratos.
func (s *Server) Run(ctx context.Context) error {
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return s.directory.Run(running) })
	g.Go(func() error { return serve(running, s.log, s.api(), s.listener, s.tls) })
	g.Go(func() error { return serve(running, s.log, s.probes(), s.operations, nil) })
	g.Go(func() error { return s.watchKeys(running) })
	g.Go(func() error { return s.watchTLS(running) })
	err := g.Wait()
	return errors.Join(err, s.Close())
}

// serve answers on a listener until ctx ends; in clear text where files is nil.
func serve(ctx context.Context, log *slog.Logger, h http.Handler, l net.Listener, files *tlsFiles) error {
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		// What strangers do to a connection is not worth more.
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	done := make(chan error, 1)
	go func() {
		if files == nil {
			done <- srv.Serve(l)
			return
		}
		srv.TLSConfig = files.serverConfig()
		done <- srv.ServeTLS(l, "", "")
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	return srv.Shutdown(drain)
}

// probes is the handler behind --metrics-listen: metrics for Prometheus, livez
// says that the process runs, readyz that the store is open and hooks are taken. How complete
// the index is does not belong to either: a server that is taken out of service
// for it would lose hooks.
func (s *Server) probes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.handler())
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if _, err := s.store.Meta(r.Context()); err != nil {
			s.log.Error("not ready", "error", err)
			writeText(w, http.StatusServiceUnavailable, "the index cannot be read")
			return
		}
		writeText(w, http.StatusOK, "ok")
	})
	return mux
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}
