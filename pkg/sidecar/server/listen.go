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

// drainTimeout is how long requests that are under way get at the end.
const drainTimeout = 10 * time.Second

// door says what a listener grants a client.
type door struct {
	header, read, write, idle time.Duration
	maxHeader                 int       // bytes
	maxConnections            int       // 0 for as many as there are file descriptors
	tls                       *tlsFiles // nil: clear text
}

// requestTimeout is how long a request of our own servers may take to arrive.
const requestTimeout = 10 * time.Second

// inside is for our own servers. Where header and body have one deadline, it is
// set once a request.
func inside(files *tlsFiles) door {
	return door{header: requestTimeout, read: requestTimeout, write: time.Minute, idle: 2 * time.Minute, maxHeader: 16 << 10, tls: files}
}

// outside is for everybody.
func outside() door {
	const patience = 5 * time.Second
	return door{header: patience, read: patience, write: patience, idle: patience, maxHeader: 8 << 10, maxConnections: 1000}
}

// serve answers on a listener until ctx ends, and lets requests finish then.
func (s *Server) serve(ctx context.Context, h http.Handler, l net.Listener, d door) error {
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
		// What strangers do to a connection is not worth more.
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

// probes is the handler behind --metrics-listen: metrics for Prometheus, livez
// says that the process runs, readyz that the store is open and hooks are taken. How complete
// the index is does not belong to either: a server that is taken out of service
// for it would lose hooks.
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
	return s.rescued(mux)
}

// documents is the handler behind --public-listen. Reading a document takes no
// body.
func (s *Server) documents() http.Handler {
	const path = "/.well-known/"
	count := s.metrics.counter(path)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, counted := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer func() { count(counted.status, time.Since(from)) }()
		defer s.rescue(counted, r, path, answerInternal)
		http.MaxBytesHandler(*s.public.Load(), 0).ServeHTTP(counted, r)
	})
}

func writeText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}
