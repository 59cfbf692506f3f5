package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// drainTimeout is how long in-flight requests may take on shutdown.
const drainTimeout = 10 * time.Second

// listenerLimits are the limits of a listener.
type listenerLimits struct {
	header, read, write, idle time.Duration
	maxHeader                 int       // bytes
	maxConnections            int       // 0 for no limit but that of file descriptors
	tls                       *tlsFiles // nil for plain HTTP
}

// requestTimeout is how long a request to the API may take to arrive.
const requestTimeout = 10 * time.Second

// internalLimits returns the limits for clients on the internal network. Header and
// body share one timeout, so that net/http sets the deadline once per request.
func internalLimits(files *tlsFiles) listenerLimits {
	return listenerLimits{header: requestTimeout, read: requestTimeout, write: time.Minute, idle: 2 * time.Minute, maxHeader: 16 << 10, tls: files}
}

// publicLimits returns the limits for clients on the internet.
func publicLimits() listenerLimits {
	const patience = 5 * time.Second
	return listenerLimits{header: patience, read: patience, write: patience, idle: patience, maxHeader: 8 << 10, maxConnections: 1000}
}

// serve serves a listener until ctx is done, and then finishes in-flight requests.
func (s *Server) serve(ctx context.Context, h http.Handler, l net.Listener, d listenerLimits) error {
	if d.maxConnections > 0 {
		l = netutil.LimitListener(l, d.maxConnections)
	}
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: d.header,
		ReadTimeout:       d.read,
		WriteTimeout:      d.write,
		IdleTimeout:       d.idle,
		MaxHeaderBytes:    d.maxHeader,
		// Connection errors are caused by clients.
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	done := make(chan error, 1)
	go func() {
		if d.tls == nil {
			done <- srv.Serve(l)
			return
		}
		srv.TLSConfig = d.tls.serverConfig()
		done <- srv.ServeTLS(l, "", "")
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := srv.Shutdown(drain); err != nil {
		s.log.Warn("aborted requests that took too long", "after", drainTimeout.String())
		return srv.Close()
	}
	return nil
}

// probes returns the handler of --metrics-listen. /livez reports that the process
// runs, /readyz that the store is open and hooks are accepted. Neither depends on how
// complete the index is: a server taken out of rotation would miss hooks.
func (s *Server) probes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.handler())
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			writeText(w, http.StatusServiceUnavailable, "draining")
			return
		}
		if _, err := s.store.Meta(r.Context()); err != nil {
			s.log.Error("not ready", "error", err)
			writeText(w, http.StatusServiceUnavailable, "the index cannot be read")
			return
		}
		writeText(w, http.StatusOK, "ok")
	})
	return s.recovering(mux)
}

// documents returns the handler of --public-listen, which accepts no bodies.
func (s *Server) documents() http.Handler {
	const path = "/.well-known/"
	count := s.metrics.counter(path)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, counted := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer func() { count(counted.status, time.Since(from)) }()
		defer s.recoverPanic(counted, r, path, answerInternal)
		http.MaxBytesHandler(*s.public.Load(), 0).ServeHTTP(counted, r)
	})
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}
