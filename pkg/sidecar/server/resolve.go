package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/directory"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// resolveRequest is the body of POST /v1/resolve.
type resolveRequest struct {
	UserHandle   string  `json:"user_handle"`
	CredentialID *string `json:"credential_id"` // as a browser gives it; null is none
	AllowRemoved bool    `json:"allow_removed"`
	Confirm      bool    `json:"confirm"`
}

// resolve responds with the identity of a user handle.
func (s *Server) resolve(w http.ResponseWriter, r *http.Request) error {
	var body resolveRequest
	if err := readJSON(w, r, maxBody, &body); err != nil {
		return err
	}
	if err := s.limits.take(r, 1); err != nil {
		return err
	}
	a, err := s.resolveOne(r.Context(), &body, time.Time{})
	if err != nil {
		return err
	}
	if prefersText(r.Header.Get("Accept")) {
		writeText(w, http.StatusOK, a.IdentityID)
		return nil
	}
	writeJSON(w, typeJSON, http.StatusOK, a)
	return nil
}

// prefersText reports whether a client requests the bare UUID, with text as the first
// type that it accepts.
func prefersText(accept string) bool {
	first, _, _ := strings.Cut(accept, ",")
	kind, _, _ := strings.Cut(first, ";")
	return strings.EqualFold(strings.TrimSpace(kind), "text/plain")
}

func (s *Server) resolveOne(ctx context.Context, body *resolveRequest, askUntil time.Time) (api.Answer, error) {
	q := directory.Query{AllowRemoved: body.AllowRemoved, Confirm: body.Confirm, AskUntil: askUntil}
	var err error
	if q.Readings, err = userhandle.Read(body.UserHandle); err != nil {
		return api.Answer{}, invalidHandle(err)
	}
	if body.CredentialID != nil {
		if q.CredentialID, err = userhandle.ReadCredentialID(*body.CredentialID); err != nil {
			return api.Answer{}, badRequest(`"credential_id": ` + err.Error())
		}
	}
	a, err := s.directory.Resolve(ctx, q)
	s.metrics.resolved(a, err)
	if err != nil {
		return api.Answer{}, fromDirectory(err)
	}
	return api.Answer{
		IdentityID:        a.IdentityID.String(),
		Credential:        a.Credential,
		State:             a.State.String(),
		CredentialMatches: a.Matches,
		Source:            string(a.Source),
		ConfirmedAt:       a.ConfirmedAt,
	}, nil
}

// maxBatch is the maximum number of queries in a batch.
const maxBatch = 1000

// batchWait is how long all queries of a batch together wait for Kratos: as long as a
// single query does.
const batchWait = 8 * time.Second

// batchResult is an answer or a problem.
type batchResult struct {
	Answer  *api.Answer   `json:"answer,omitempty"`
	Problem *problemError `json:"problem,omitempty"`
}

// resolveBatch resolves many user handles independently; results are in order.
func (s *Server) resolveBatch(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Queries []resolveRequest `json:"queries"`
	}
	if err := readJSON(w, r, maxBatchBody, &body); err != nil {
		return err
	}
	if n := len(body.Queries); n == 0 || n > maxBatch {
		return badRequest(fmt.Sprintf(`"queries" has %d elements; 1 to %d are allowed`, n, maxBatch))
	}
	if err := s.limits.take(r, len(body.Queries)); err != nil {
		return err
	}
	askUntil := time.Now().Add(batchWait)
	results := make([]batchResult, len(body.Queries))
	for n := range body.Queries {
		a, err := s.resolveOne(r.Context(), &body.Queries[n], askUntil)
		switch {
		case err == nil:
			results[n].Answer = &a
		case !errors.As(err, &results[n].Problem):
			return err
		}
	}
	writeJSON(w, typeJSON, http.StatusOK, map[string]any{"results": results})
	return nil
}
