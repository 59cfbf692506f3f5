package server

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/directory"
)

// problemError is an RFC 9457 problem.
type problemError struct {
	Type   string `json:"type"` // link to its section of docs/problems.md
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`

	retryAfter int // seconds; 0 sends no Retry-After
}

func newProblem(status int, name, title, detail string) *problemError {
	return &problemError{Type: api.ProblemBase + name, Title: title, Status: status, Detail: detail}
}

func badRequest(detail string) *problemError {
	return newProblem(http.StatusBadRequest, api.ProblemBadRequest, "invalid request", detail)
}

func invalidHandle(err error) *problemError {
	return newProblem(http.StatusBadRequest, api.ProblemInvalidHandle, "invalid user handle", err.Error())
}

func unauthorized() *problemError {
	return newProblem(http.StatusUnauthorized, api.ProblemUnauthorized, "missing or unknown API key",
		"send one key, either as Authorization: Bearer KEY or as X-Api-Key: KEY")
}

func forbidden(scope api.Scope) *problemError {
	return newProblem(http.StatusForbidden, api.ProblemForbidden, "insufficient scope",
		fmt.Sprintf("this API key lacks the scope %q", scope))
}

func internal(id string) *problemError {
	return newProblem(http.StatusInternalServerError, api.ProblemInternal, "internal error", "see request ID "+id+" in the server's log")
}

// fromDirectory turns the directory's exported errors into problems. It returns other
// errors, which are not shown to clients, unchanged.
func fromDirectory(err error) error {
	switch {
	case errors.Is(err, directory.ErrNoIdentity):
		return newProblem(http.StatusNotFound, api.ProblemUnknownIdentity, "unknown identity", directory.ErrNoIdentity.Error())
	case errors.Is(err, directory.ErrNoCredential):
		return newProblem(http.StatusNotFound, api.ProblemUnknownCredential, "unknown credential", directory.ErrNoCredential.Error())
	case errors.Is(err, directory.ErrIdentityExists):
		return newProblem(http.StatusConflict, api.ProblemIdentityExists, "the identity still exists", directory.ErrIdentityExists.Error())
	case errors.Is(err, directory.ErrUnknown):
		return newProblem(http.StatusNotFound, api.ProblemUnknownHandle, "unknown user handle", directory.ErrUnknown.Error())
	case errors.Is(err, directory.ErrRemoved):
		return newProblem(http.StatusGone, api.ProblemRemovedHandle, "the credential was removed", directory.ErrRemoved.Error())
	case errors.Is(err, directory.ErrAmbiguous):
		return newProblem(http.StatusConflict, api.ProblemAmbiguousHandle, "ambiguous user handle", directory.ErrAmbiguous.Error())
	case errors.Is(err, directory.ErrBuilding):
		p := newProblem(http.StatusServiceUnavailable, api.ProblemIndexBuilding, "the index is being built", directory.ErrBuilding.Error())
		p.retryAfter = 1
		return p
	case errors.Is(err, directory.ErrKratos):
		p := newProblem(http.StatusServiceUnavailable, api.ProblemKratosUnavailable, "Kratos is unreachable", directory.ErrKratos.Error())
		p.retryAfter = 1
		return p
	}
	return err
}

func (p *problemError) Error() string { return p.Title }

func (p *problemError) write(w http.ResponseWriter) {
	h := w.Header()
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="oly-passkey"`)
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	writeJSON(w, typeProblem, p.Status, p)
}

func writeJSON(w http.ResponseWriter, contentType []string, status int, v any) {
	body, err := json.Marshal(v, json.Deterministic(true))
	if err != nil { // not possible with the types of this package
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	writeBody(w, contentType, status, body)
}

// Values of response headers; net/http only reads them.
var (
	typeJSON    = []string{"application/json"}
	typeProblem = []string{"application/problem+json"}
	noStore     = []string{"no-store"}
)

func writeBody(w http.ResponseWriter, contentType []string, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = contentType
	h["Cache-Control"] = noStore
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // an error means that the client disconnected
}
