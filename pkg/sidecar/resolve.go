package sidecar

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/directory"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// resolveRequest is the body of POST /v1/resolve.
type resolveRequest struct {
	UserHandle   string  `json:"user_handle"`
	CredentialID *string `json:"credential_id"` // as a browser gives it; null is none
	AllowRemoved bool    `json:"allow_removed"`
	Confirm      bool    `json:"confirm"`
}

// resolveAnswer is its answer.
type resolveAnswer struct {
	IdentityID        uuid.UUID `json:"identity_id"`
	Credential        string    `json:"credential"` // passkey, webauthn or ""
	State             string    `json:"state"`
	CredentialMatches *bool     `json:"credential_matches"`
	Source            string    `json:"source"`
	ConfirmedAt       time.Time `json:"confirmed_at"`
}

// resolve answers whose a user handle is.
func (s *Server) resolve(w http.ResponseWriter, r *http.Request) error {
	var body resolveRequest
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	q := directory.Query{AllowRemoved: body.AllowRemoved, Confirm: body.Confirm}
	var err error
	if q.Readings, err = userhandle.Read(body.UserHandle); err != nil {
		return invalidHandle(err)
	}
	if body.CredentialID != nil {
		if q.CredentialID, err = userhandle.ReadCredentialID(*body.CredentialID); err != nil {
			return badRequest(`"credential_id": ` + err.Error())
		}
	}
	a, err := s.directory.Resolve(r.Context(), q)
	if err != nil {
		return fromResolve(err)
	}
	writeJSON(w, "application/json", http.StatusOK, resolveAnswer{
		IdentityID:        a.IdentityID,
		Credential:        a.Credential,
		State:             a.State.String(),
		CredentialMatches: a.Matches,
		Source:            string(a.Source),
		ConfirmedAt:       a.ConfirmedAt,
	})
	return nil
}
