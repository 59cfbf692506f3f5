package server

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// statusWriter remembers the status that was answered, and whether anything was.
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

// rescue is deferred by every handler. Of a panic net/http would tell nobody, and
// the client nothing. An answer that has begun is cut off: it must not look whole.
func (s *Server) rescue(w *statusWriter, r *http.Request, path string, answer func(w http.ResponseWriter, id string)) {
	cause := recover()
	switch cause {
	case nil:
		return
	case http.ErrAbortHandler: // wanted, and no trouble
		panic(cause)
	}
	id := requestID(r)
	s.log.Error("a handler panicked", append(about(r.Context(), r, path, id), "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))...)
	if w.begun {
		w.status = http.StatusInternalServerError
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("X-Request-Id", id)
	answer(w, id)
}

func answerInternal(w http.ResponseWriter, id string) { internal(id).write(w) }

// rescued is a handler of a listener that answers text.
func (s *Server) rescued(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		counted := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer s.rescue(counted, r, r.URL.Path, func(w http.ResponseWriter, id string) {
			writeText(w, http.StatusInternalServerError, "internal error: see request ID "+id+" in the server's log")
		})
		next.ServeHTTP(counted, r)
	})
}
