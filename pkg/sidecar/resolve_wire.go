package sidecar

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// Most of what a look-up costs is reading and writing its JSON. These do what
// readJSON and writeJSON do, in a fraction of the time.

// readSmall reads a body whose length is known into a buffer that is used
// again; any other, and any that is wrong, is readJSON's.
func (s *Server) readSmall(w http.ResponseWriter, r *http.Request, dst *resolveRequest) error {
	if r.ContentLength <= 0 || r.ContentLength > maxBody {
		return readJSON(w, r, maxBody, dst)
	}
	buffer, _ := s.buffers.Get().(*bytes.Buffer)
	if buffer == nil {
		buffer = &bytes.Buffer{}
	}
	buffer.Reset()
	defer s.buffers.Put(buffer)
	if _, err := buffer.ReadFrom(io.LimitReader(r.Body, r.ContentLength)); err != nil {
		return badRequest("body is not the json that is wanted: " + jsonCause(err))
	}
	if scanResolve(buffer.Bytes(), dst) {
		return nil
	}
	if err := json.Unmarshal(buffer.Bytes(), dst); err != nil {
		r.Body = io.NopCloser(buffer)
		return readJSON(w, r, maxBody, dst)
	}
	return nil
}

// scanResolve reads the body that nearly every client sends: an object of texts
// without escapes. It leaves dst alone and answers false where it is any other,
// which encoding/json has to read.
func scanResolve(body []byte, dst *resolveRequest) bool {
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
		case string(key) == "user_handle" && !hasHandle:
			handle, hasHandle = string(value), true
		case string(key) == "credential_id" && !hasCredential:
			credential, hasCredential = string(value), true
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
type bodyScanner []byte

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
func (s *bodyScanner) text() (value []byte, plain bool) {
	if !s.take('"') {
		return nil, false
	}
	for n, c := range *s {
		switch {
		case c == '"':
			value, *s = (*s)[:n], (*s)[n+1:]
			return value, true
		case c < ' ' || c > '~' || c == '\\':
			return nil, false
		}
	}
	return nil, false
}

// appendJSON writes the answer as encoding/json would. Its texts are names of
// ours, with nothing to escape.
func (a *resolveAnswer) appendJSON(b []byte) []byte {
	b = append(b, `{"identity_id":"`...)
	b = append(b, a.IdentityID.String()...)
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
