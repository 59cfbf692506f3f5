package server

import (
	"encoding/base64"
	"net/http"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/directory"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// signals responds with the signals that a page can send to authenticators, one per
// user handle.
func (s *Server) signals(w http.ResponseWriter, r *http.Request) error {
	id, err := identityID(r)
	if err != nil {
		return err
	}
	all, err := s.directory.Signals(r.Context(), id)
	if err != nil {
		return fromDirectory(err)
	}
	list := make([]api.Signal, len(all))
	for n, one := range all {
		list[n] = api.Signal{
			UserID:                   base64.RawURLEncoding.EncodeToString(one.UserHandle),
			AllAcceptedCredentialIDs: encodeAll(one.CredentialIDs),
		}
	}
	writeJSON(w, typeJSON, http.StatusOK, map[string]any{"identity_id": id, "all_accepted_credentials": list})
	return nil
}

func encodeAll(ids [][]byte) []string {
	texts := make([]string, len(ids))
	for n, id := range ids {
		texts[n] = base64.RawURLEncoding.EncodeToString(id)
	}
	return texts
}

// unknownSignal is the argument of PublicKeyCredential.signalUnknownCredential
// without rpId.
type unknownSignal struct {
	CredentialID string `json:"credentialId"`
}

// unknownCredential reports whether a page may tell an authenticator to remove a
// credential that Kratos has just rejected. If not, Doubt is the reason.
func (s *Server) unknownCredential(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		UserHandle   string `json:"user_handle"`
		CredentialID string `json:"credential_id"`
	}
	if err := readJSON(w, r, maxBody, &body); err != nil {
		return err
	}
	if err := s.limits.take(r, 1); err != nil {
		return err
	}
	readings, err := userhandle.Read(body.UserHandle)
	if err != nil {
		return invalidHandle(err)
	}
	credentialID, err := userhandle.ReadCredentialID(body.CredentialID)
	if err != nil {
		return badRequest(`"credential_id": ` + err.Error())
	}
	doubt, err := s.directory.UnknownCredential(r.Context(), readings, credentialID)
	if err != nil {
		return fromDirectory(err)
	}
	var answer struct {
		UnknownCredential *unknownSignal  `json:"unknown_credential"`
		Doubt             directory.Doubt `json:"doubt,omitempty"`
	}
	if answer.Doubt = doubt; doubt == directory.DoubtNone {
		answer.UnknownCredential = &unknownSignal{base64.RawURLEncoding.EncodeToString(credentialID)}
	}
	writeJSON(w, typeJSON, http.StatusOK, answer)
	return nil
}
