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

// Kratos' hook reports a new passkey to the sidecar after Kratos has responded;
// the first hook after Kratos starts takes up to 310 ms. So an unknown handle is
// looked up again, after waits that double, before the page says that it is
// unknown.
const (
	retryAfter = 50 * time.Millisecond
	retryFor   = 2 * time.Second
)

// identityIDLen is the length of a handle that may be an identity id: the
// sidecar asks Kratos about one that it does not know, so asking again gains
// nothing.
const identityIDLen = 16

// accountView is the page of a signed-in user.
type accountView struct {
	Session *Session
	Name    string
	Method  string // the sentence that says how they signed in
	// Directory is set when there is a directory to ask about credentials,
	// Explain when the page also shows user handles.
	Directory, Explain bool
	Handles            []handleView
	Failed             bool // the directory did not respond
	// Invitation is the key of a text that invites the user to add a passkey, or
	// "". AnotherDevice asks the script to invite users who signed in with a phone.
	Invitation    string
	AnotherDevice bool
	Predating     bool // some passkeys are older than the verification of the address
}

type handleView struct {
	Handle
	Answer Answer
	Mine   bool // the handle belongs to this account
}

func (s *Server) accountPage(w http.ResponseWriter, r *http.Request) {
	session, err := s.kratos.whoami(r.Context(), r.Header.Get("Cookie"))
	var answer *kratosError
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
		if text, ok := speaker.lookup("account.method." + m.Method); ok {
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

// explain looks up every user handle that Kratos lists for the account.
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

// advise invites users without a passkey to add one, and users who signed in
// with another device to add one here. It also warns of passkeys that may be a
// stranger's.
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
		usedCode := slices.ContainsFunc(v.Session.Methods, func(m method) bool { return m.Method == "code" || m.Method == "code_recovery" })
		if usedCode && !v.Predating && v.Session.Identity.verifiedAtUnknownTime() {
			v.Invitation = "account.check-passkeys"
		}
	}
}

// A declined invitation is not repeated for a month.
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

// lookUp resolves a user handle, and tries again for a while if it is unknown.
func (s *Server) lookUp(ctx context.Context, handle, credentialID string) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, retryFor)
	defer cancel()
	raw, err := base64.RawURLEncoding.DecodeString(handle)
	again := err == nil && len(raw) != identityIDLen
	var last Answer
	for wait := retryAfter; ; wait *= 2 {
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

// verdict is what a signed-in user may know about a user handle. It reveals
// nothing about other accounts.
type verdict struct {
	Whose      string `json:"whose"` // "mine", "other" or "unknown"
	IdentityID string `json:"identity_id,omitempty"`
	State      string `json:"state,omitempty"`
	// CredentialMatches is true if the credential is known to be the account's,
	// and null if that is unknown.
	CredentialMatches *bool `json:"credential_matches"`
}

// used records which credential the user has just signed in with, because
// Kratos' hook names only the account. Trusting the browser is fine here: all it
// can change is a date on the settings page of the same account.
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
		http.Error(w, "the body must be a JSON object with a credential_id", http.StatusBadRequest)
		return
	}
	if err := s.config.Directory.Used(r.Context(), session.Identity.ID, credential.ID); err != nil {
		s.config.Log.Warn("the sidecar did not record the use of a credential", "error", err)
	}
	w.WriteHeader(http.StatusNoContent)
}

// resolve looks up the user handle that the browser returned at sign-in, for the
// account page. Only signed-in users may ask.
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
		http.Error(w, "the body must be a JSON object with a user_handle", http.StatusBadRequest)
		return
	}
	if b, err := base64.RawURLEncoding.DecodeString(question.UserHandle); err != nil || len(b) == 0 || len(b) > 64 {
		http.Error(w, "user_handle must be base64url of 1 to 64 bytes", http.StatusBadRequest)
		return
	}
	answer, err := s.lookUp(r.Context(), question.UserHandle, question.CredentialID)
	if err != nil {
		s.config.Log.Error("the sidecar did not respond", "error", err)
		http.Error(w, "the sidecar did not respond", http.StatusBadGateway)
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
