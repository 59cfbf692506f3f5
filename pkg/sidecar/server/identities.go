package server

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/directory"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// parseUUID parses a UUID of 36 characters, or 32 without hyphens. uuid.Parse also
// accepts braces, URNs and any two enclosing characters.
func parseUUID(text string) (id uuid.UUID, ok bool) {
	if len(text) != 36 && len(text) != 32 {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, false // uuid.Parse returns the part it parsed
	}
	return id, true
}

// identityID returns the identity ID in a request's path.
func identityID(r *http.Request) (uuid.UUID, error) {
	id, ok := parseUUID(r.PathValue("id"))
	if !ok || id == uuid.Nil {
		return uuid.Nil, badRequest("the identity ID in the path is not a UUID")
	}
	return id, nil
}

// passkeys responds with the keys of an identity, as Kratos currently has them.
func (s *Server) passkeys(w http.ResponseWriter, r *http.Request) error {
	id, err := identityID(r)
	if err != nil {
		return err
	}
	credentials, err := s.directory.Credentials(r.Context(), id)
	if err != nil {
		return fromDirectory(err)
	}
	list := make([]api.Passkey, len(credentials))
	for n, c := range credentials {
		list[n] = api.Passkey{
			CredentialID: base64.RawURLEncoding.EncodeToString(c.ID),
			Kind:         c.Kind.String(),
			Name:         c.Name,
			Provider:     c.Provider,
			Discoverable: c.Discoverable,
			Synced:       c.Synced,
			HandleState:  c.Handle.String(),
		}
		list[n].CreatedAt, list[n].LastUsed = timeOrNil(c.CreatedAt), timeOrNil(c.UsedAt)
	}
	writeJSON(w, typeJSON, http.StatusOK, map[string]any{"identity_id": id, "passkeys": list})
	return nil
}

// timeOrNil returns nil for the zero time.
func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// used records a sign-in with a credential, as reported by the server that verified
// the assertion.
func (s *Server) used(w http.ResponseWriter, r *http.Request) error {
	id, err := identityID(r)
	if err != nil {
		return err
	}
	var body struct {
		CredentialID string `json:"credential_id"`
	}
	if err := readJSON(w, r, maxBody, &body); err != nil {
		return err
	}
	credentialID, err := userhandle.ReadCredentialID(body.CredentialID)
	if err != nil {
		return badRequest(`"credential_id": ` + err.Error())
	}
	if err := s.directory.Used(r.Context(), id, credentialID); err != nil {
		return fromDirectory(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// advice responds with a suggestion to a user who has signed in.
func (s *Server) advice(w http.ResponseWriter, r *http.Request) error {
	id, err := identityID(r)
	if err != nil {
		return err
	}
	a, err := s.directory.Advise(r.Context(), id)
	if err != nil {
		return fromDirectory(err)
	}
	writeJSON(w, typeJSON, http.StatusOK, struct {
		IdentityID uuid.UUID `json:"identity_id"`
		api.Advice
	}{id, api.Advice{Propose: a.Propose, Predating: encodeAll(a.Predating)}})
	return nil
}

// refresh pulls an identity.
func (s *Server) refresh(w http.ResponseWriter, r *http.Request) error {
	id, err := identityID(r)
	if err != nil {
		return err
	}
	exists, changed, err := s.directory.Refresh(r.Context(), id)
	if err != nil {
		return fromDirectory(err)
	}
	writeJSON(w, typeJSON, http.StatusOK, map[string]any{"identity_id": id, "exists": exists, "changed": changed})
	return nil
}

// erase erases an identity that Kratos has deleted.
func (s *Server) erase(w http.ResponseWriter, r *http.Request) error {
	id, err := identityID(r)
	if err != nil {
		return err
	}
	if err := s.directory.Erase(r.Context(), id); err != nil {
		return fromDirectory(err)
	}
	s.log.Info("identity erased", "identity_id", id)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// indexAnswer is what is known about the index as a whole.
type indexAnswer struct {
	Complete       bool           `json:"complete"`
	BuiltAt        *time.Time     `json:"built_at"`
	SweepStartedAt *time.Time     `json:"sweep_started_at"` // of the last complete one
	SweepEndedAt   *time.Time     `json:"sweep_ended_at"`
	Missing        int            `json:"missing"` // identities because of which the last sweep stopped, 0 if it did not stop
	Unread         int            `json:"unread"`  // identities that Kratos lists and that cannot be read
	Reading        bool           `json:"reading"` // a build or a sweep is under way
	Read           int64          `json:"read"`    // identities that it has read
	Identities     int            `json:"identities"`
	Deleted        int            `json:"deleted"`
	Handles        map[string]int `json:"handles"` // by state
	Hooks          int            `json:"hooks_waiting"`
	OldestHook     float64        `json:"oldest_hook_seconds"`
	Pulls          int            `json:"pulls_waiting"` // that no hook asked for
}

func newIndexAnswer(st directory.Status) indexAnswer {
	return indexAnswer{
		Complete:       st.Complete,
		BuiltAt:        timeOrNil(st.Meta.BuiltAt),
		SweepStartedAt: timeOrNil(st.Meta.SweepStartedAt),
		SweepEndedAt:   timeOrNil(st.Meta.SweepEndedAt),
		Missing:        st.Meta.Missing,
		Unread:         st.Meta.Unread,
		Reading:        st.Reading,
		Read:           st.Read,
		Identities:     st.Stats.Identities,
		Deleted:        st.Stats.Deleted,
		Handles: map[string]int{
			"active": st.Stats.Active, "orphaned": st.Stats.Orphaned, "removed": st.Stats.Removed, "unknown": st.Stats.Unknown,
		},
		Hooks:      st.Hooks,
		OldestHook: st.OldestFor.Seconds(),
		Pulls:      st.Background,
	}
}

func (s *Server) indexStatus(w http.ResponseWriter, r *http.Request) error {
	st, err := s.directory.Status(r.Context())
	if err != nil {
		return err
	}
	writeJSON(w, typeJSON, http.StatusOK, newIndexAnswer(st))
	return nil
}

// reconcile requests a sweep.
func (s *Server) reconcile(w http.ResponseWriter, r *http.Request) error {
	accept, err := acceptDeletions(r.URL.RawQuery)
	if err != nil {
		return err
	}
	if err := s.directory.Reconcile(r.Context(), accept); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// acceptDeletions parses the query of a request for a sweep. It is strict, because a
// sweep without the intended number would behave differently.
func acceptDeletions(query string) (int, error) {
	const name = "accept_deletions"
	values, err := url.ParseQuery(query)
	if err != nil {
		return 0, badRequest("invalid query string")
	}
	given := values[name]
	delete(values, name)
	switch {
	case len(values) > 0 || len(given) > 1:
		return 0, badRequest("the only query parameter is " + name + ", at most once")
	case len(given) == 0:
		return 0, nil
	}
	n, err := strconv.Atoi(given[0])
	if err != nil || n < 0 {
		return 0, badRequest(name + " must be a number of identities")
	}
	return n, nil
}
