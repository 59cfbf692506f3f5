package ui

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A hook tells the sidecar about a new passkey after Kratos has answered: the
// first one after Kratos' start takes up to 310 ms. So an unknown handle is
// asked about again before the page says so, after waits that double.
const (
	lookAgainAfter = 50 * time.Millisecond
	lookAgainFor   = 2 * time.Second
)

// identityIDLen is the length of a handle that may be an identity's id: the
// sidecar asks Kratos about one that it does not know, so nothing is gained by
// asking again.
const identityIDLen = 16

// accountView is the page of somebody signed in.
type accountView struct {
	Session *Session
	Name    string
	Method  string // how they signed in, as a text
	// Directory is false where nobody can be asked about credentials, Explain
	// where nobody is told about handles.
	Directory, Explain bool
	Handles            []handleView
	Failed             bool // the directory could not be asked
	// Invitation is the key of a sentence that invites to add a passkey, ""
	// for none; AnotherDevice asks the script to invite whoever signed in with a
	// phone.
	Invitation    string
	AnotherDevice bool
	Predating     bool // there are passkeys older than the proof of the address
}

type handleView struct {
	Handle
	Answer Answer
	Mine   bool // the answer is this account
}

func (s *Server) accountPage(w http.ResponseWriter, r *http.Request) {
	session, err := s.kratos.whoami(r.Context(), r.Header.Get("Cookie"))
	var answer *answerError
	switch {
	case errors.As(err, &answer) && answer.RedirectTo != "":
		http.Redirect(w, r, answer.RedirectTo, http.StatusSeeOther)
	case errors.As(err, &answer) && answer.Status < 500:
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	case err != nil:
		s.kratosFailed(w, r, err)
	default:
		s.render(w, r, http.StatusOK, "account", s.accountView(r, session))
	}
}

func (s *Server) accountView(r *http.Request, session *Session) *accountView {
	view := &accountView{Session: session, Name: session.Identity.name()}
	speaker := s.speaker(r)
	for _, m := range session.Methods {
		if text, ok := speaker.look("account.method." + m.Method); ok {
			view.Method = text
		}
	}
	if s.config.Directory == nil {
		return view
	}
	view.Directory, view.Explain = true, s.config.Explain
	view.advise(r, s.config.Directory)
	if view.Explain {
		s.explain(r.Context(), view)
	}
	return view
}

// explain looks up every handle that Kratos has for the account.
func (s *Server) explain(ctx context.Context, view *accountView) {
	id := view.Session.Identity.ID
	handles, err := s.config.Directory.Handles(ctx, id)
	view.Failed = err != nil
	for _, h := range handles {
		a, err := s.lookUp(ctx, h.Value, "")
		if err != nil {
			view.Failed = true
		}
		view.Handles = append(view.Handles, handleView{Handle: h, Answer: a, Mine: a.IdentityID == id})
	}
}

// advise invites people without a passkey to add one, and those with one to add
// another on this device when they came from elsewhere; and it warns of passkeys
// that may be somebody else's.
func (v *accountView) advise(r *http.Request, d Directory) {
	advice, err := d.Advice(r.Context(), v.Session.Identity.ID)
	if err != nil {
		return
	}
	v.Predating = len(advice.Predating) > 0
	if snoozed(r) {
		return
	}
	switch advice.Propose {
	case "add-passkey":
		v.Invitation = "account.add-passkey"
		if slices.ContainsFunc(v.Session.Methods, func(m method) bool { return m.Method == "webauthn" }) {
			v.Invitation = "account.replace-key"
		}
	case "re-enroll":
		v.Invitation = "account.re-enroll"
	default:
		v.AnotherDevice = true
		byCode := slices.ContainsFunc(v.Session.Methods, func(m method) bool { return m.Method == "code" || m.Method == "code_recovery" })
		if byCode && !v.Predating && v.Session.Identity.provedSometime() {
			v.Invitation = "account.check-passkeys"
		}
	}
}

// An invitation is not repeated for a month once it was declined.
const (
	snoozeCookie = "passkey_snooze"
	snoozeFor    = 30 * 24 * time.Hour
)

func snoozed(r *http.Request) bool {
	_, err := r.Cookie(snoozeCookie)
	return err == nil
}

func (s *Server) snooze(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever the page is
		Name: snoozeCookie, Value: "1", Path: "/", MaxAge: int(snoozeFor.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(pageURL(r), "https:"),
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// lookUp asks whose handle it is, and again for a moment if nobody knows it.
func (s *Server) lookUp(ctx context.Context, handle, credentialID string) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, lookAgainFor)
	defer cancel()
	raw, err := base64.RawURLEncoding.DecodeString(handle)
	again := err == nil && len(raw) != identityIDLen
	var last Answer
	for wait := lookAgainAfter; ; wait *= 2 {
		a, err := s.config.Directory.Resolve(ctx, handle, credentialID)
		if err == nil {
			last = a
		}
		switch {
		case ctx.Err() != nil:
			return last, nil
		case err != nil:
			return last, err
		case a.IdentityID != "" || !again:
			return a, nil
		}
		select {
		case <-ctx.Done():
			return last, nil
		case <-time.After(wait):
		}
	}
}

// verdict is what somebody signed in is told about a user handle: nothing of
// other people's accounts.
type verdict struct {
	Whose      string `json:"whose"` // "mine", "other" or "unknown"
	IdentityID string `json:"identity_id,omitempty"`
	State      string `json:"state,omitempty"`
	// CredentialMatches is true where the credential is known to be the account's
	// own, and null where that is not known.
	CredentialMatches *bool `json:"credential_matches"`
}

// used notes which credential somebody has just signed in with: Kratos' hook
// names the account only. The browser's word is enough, for it changes nothing
// but a date on the settings page of the same account.
func (s *Server) used(w http.ResponseWriter, r *http.Request) {
	session, err := s.kratos.whoami(r.Context(), r.Header.Get("Cookie"))
	if err != nil {
		http.Error(w, "sign in first", http.StatusUnauthorized)
		return
	}
	var credential struct {
		ID string `json:"credential_id"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 8<<10)).Decode(&credential); err != nil {
		http.Error(w, "the body is no JSON object with a credential_id", http.StatusBadRequest)
		return
	}
	if err := s.config.Directory.Used(r.Context(), session.Identity.ID, credential.ID); err != nil {
		s.config.Log.Warn("the sidecar did not note the use of a credential", "error", err)
	}
	w.WriteHeader(http.StatusNoContent)
}

// resolve answers the account page's question about the handle that the browser
// returned at sign-in. Only users who are signed in may ask.
func (s *Server) resolve(w http.ResponseWriter, r *http.Request) {
	session, err := s.kratos.whoami(r.Context(), r.Header.Get("Cookie"))
	if err != nil {
		http.Error(w, "sign in first", http.StatusUnauthorized)
		return
	}
	var question struct {
		UserHandle   string `json:"user_handle"`
		CredentialID string `json:"credential_id"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 8<<10)).Decode(&question); err != nil {
		http.Error(w, "the body is no JSON object with a user_handle", http.StatusBadRequest)
		return
	}
	if b, err := base64.RawURLEncoding.DecodeString(question.UserHandle); err != nil || len(b) == 0 || len(b) > 64 {
		http.Error(w, "user_handle is no base64url of 1 to 64 bytes", http.StatusBadRequest)
		return
	}
	answer, err := s.lookUp(r.Context(), question.UserHandle, question.CredentialID)
	if err != nil {
		s.config.Log.Error("the sidecar did not answer", "error", err)
		http.Error(w, "the sidecar did not answer", http.StatusBadGateway)
		return
	}
	v := verdict{Whose: "unknown"}
	switch answer.IdentityID {
	case "":
	case session.Identity.ID:
		v = verdict{Whose: "mine", IdentityID: answer.IdentityID, State: answer.State, CredentialMatches: answer.CredentialMatches}
	default:
		v.Whose = "other"
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v)
}
