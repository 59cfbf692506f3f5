package sidecar

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Most of what a look-up costs is reading and writing its JSON. These do what
// readJSON and writeJSON do, in a fraction of the time.

// lookUp is the memory of a look-up, which the next one uses again.
type lookUp struct {
	request resolveRequest
	bytes   [2 << 10]byte // of the body, and of the answer then
}

// lookUps are those that no request uses.
type lookUps struct{ pool sync.Pool }

// Get answers one for a request.
func (l *lookUps) Get() *lookUp {
	if work, ok := l.pool.Get().(*lookUp); ok {
		return work
	}
	return &lookUp{}
}

// Put takes it back, and forgets what was asked.
func (l *lookUps) Put(work *lookUp) {
	*work = lookUp{}
	l.pool.Put(work)
}

// read reads a small body whose length is known; any other, and any that is
// wrong, is readJSON's.
func (u *lookUp) read(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength <= 0 || r.ContentLength > int64(len(u.bytes)) {
		return readJSON(w, r, maxBody, &u.request)
	}
	body := u.bytes[:r.ContentLength]
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return bodyProblem(err)
	}
	if scanResolve(string(body), &u.request) {
		return nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return readJSON(w, r, maxBody, &u.request)
}

// scanResolve reads the body that nearly every client sends: an object of texts
// without escapes. It leaves dst alone and answers false where it is any other,
// which encoding/json has to read.
func scanResolve(body string, dst *resolveRequest) bool {
	var handle, credential string
	var hasHandle, hasCredential bool
	s := bodyScanner(body)
	if !s.take('{') {
		return false
	}
	for more := true; more; more = s.take(',') {
		key, keyed := s.text()
		if !keyed || !s.take(':') {
			return false
		}
		value, plain := s.text()
		switch {
		case !plain:
			return false
		case key == "user_handle" && !hasHandle:
			handle, hasHandle = value, true
		case key == "credential_id" && !hasCredential:
			credential, hasCredential = value, true
		default:
			return false
		}
	}
	if !s.take('}') || !s.end() {
		return false
	}
	dst.UserHandle = handle
	if hasCredential {
		dst.CredentialID = &credential
	}
	return true
}

// bodyScanner is what is left of a body.
type bodyScanner string

func (s *bodyScanner) blanks() {
	for len(*s) > 0 && ((*s)[0] == ' ' || (*s)[0] == '\t' || (*s)[0] == '\n' || (*s)[0] == '\r') {
		*s = (*s)[1:]
	}
}

func (s *bodyScanner) end() bool {
	s.blanks()
	return len(*s) == 0
}

// take steps over a character, if it is the next one.
func (s *bodyScanner) take(c byte) bool {
	s.blanks()
	if len(*s) == 0 || (*s)[0] != c {
		return false
	}
	*s = (*s)[1:]
	return true
}

// text steps over a text of printable ASCII without an escape.
func (s *bodyScanner) text() (value string, plain bool) {
	if !s.take('"') {
		return "", false
	}
	for n, c := range []byte(*s) {
		switch {
		case c == '"':
			value, *s = string((*s)[:n]), (*s)[n+1:]
			return value, true
		case c < ' ' || c > '~' || c == '\\':
			return "", false
		}
	}
	return "", false
}

// appendJSON writes the answer as encoding/json would. Its texts are names of
// ours, with nothing to escape.
func (a *resolveAnswer) appendJSON(b []byte) []byte {
	b = append(b, `{"identity_id":"`...)
	b = appendUUID(b, a.IdentityID)
	b = append(b, `","credential":"`...)
	b = append(b, a.Credential...)
	b = append(b, `","state":"`...)
	b = append(b, a.State...)
	b = append(b, `","credential_matches":`...)
	switch {
	case a.CredentialMatches == nil:
		b = append(b, "null"...)
	case *a.CredentialMatches:
		b = append(b, "true"...)
	default:
		b = append(b, "false"...)
	}
	b = append(b, `,"source":"`...)
	b = append(b, a.Source...)
	b = append(b, `","confirmed_at":"`...)
	b = a.ConfirmedAt.AppendFormat(b, time.RFC3339Nano)
	return append(b, '"', '}')
}

func appendUUID(b []byte, id uuid.UUID) []byte {
	b = hex.AppendEncode(b, id[:4])
	for _, part := range [][]byte{id[4:6], id[6:8], id[8:10], id[10:]} {
		b = hex.AppendEncode(append(b, '-'), part)
	}
	return b
}
