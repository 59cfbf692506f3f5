package server

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// statusWriter records the status of a response, and whether it has begun.
type statusWriter struct {
	http.ResponseWriter

	status int
	begun  bool
}

func (w *statusWriter) WriteHeader(status int) {
	w.status, w.begun = status, true
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(b)
}

// recoverPanic is deferred by every handler. It logs a panic and responds with an
// error. A response that has begun is aborted, so that it does not look complete.
func (s *Server) recoverPanic(w *statusWriter, r *http.Request, path string, answer func(w http.ResponseWriter, id string)) {
	cause := recover()
	switch cause {
	case nil:
		return
	case http.ErrAbortHandler: // intended
		panic(cause)
	}
	id := requestID(r)
	s.log.Error("a handler panicked", append(logAttrs(r.Context(), r, path, id), "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))...)
	if w.begun {
		w.status = http.StatusInternalServerError
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("X-Request-Id", id)
	answer(w, id)
}

func answerInternal(w http.ResponseWriter, id string) { internal(id).write(w) }

// recovering wraps a handler of plain-text responses with recoverPanic.
func (s *Server) recovering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		counted := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer s.recoverPanic(counted, r, r.URL.Path, func(w http.ResponseWriter, id string) {
			writeText(w, http.StatusInternalServerError, "internal error: see request ID "+id+" in the server's log")
		})
		next.ServeHTTP(counted, r)
	})
}
