//go:build realkratos

package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// signalled is what a page gets to signal to authenticators.
type signalled struct {
	All []struct {
		UserID string   `json:"userId"`
		IDs    []string `json:"allAcceptedCredentialIds"`
	} `json:"all_accepted_credentials"`
}

func signalsOf(t *testing.T, s *running, id string) (got signalled) {
	t.Helper()
	status, _, body := call(t, http.MethodGet, s.URL()+"/v1/identities/"+id+"/signals", "read-key", "")
	require.Equal(t, http.StatusOK, status, body)
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	return got
}

// obey drops the keys that authenticators drop: those of a handle whose signal
// does not name them.
func obey(keys []key, s signalled) []key {
	return slices.DeleteFunc(slices.Clone(keys), func(k key) bool {
		for _, one := range s.All {
			if one.UserID == b64(k.handle) && !slices.Contains(one.IDs, b64(k.credential.ID)) {
				return true
			}
		}
		return false
	})
}

// doubtAbout asks whether a key is unknown and returns the doubt, "" with a signal to
// remove it.
func doubtAbout(t *testing.T, s *running, k key) string {
	t.Helper()
	status, _, body := call(t, http.MethodPost, s.URL()+"/v1/signals/unknown-credential", "resolve-key",
		fmt.Sprintf(`{"user_handle":%q,"credential_id":%q}`, b64(k.handle), b64(k.credential.ID)))
	require.Equal(t, http.StatusOK, status, body)
	conforms(t, http.MethodPost, "/v1/signals/unknown-credential", status, "application/json", body)
	var got struct {
		Unknown *struct {
			CredentialID string `json:"credentialId"`
		} `json:"unknown_credential"`
		Doubt string `json:"doubt"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	require.Equal(t, got.Doubt == "", got.Unknown != nil)
	if got.Unknown != nil {
		require.Equal(t, b64(k.credential.ID), got.Unknown.CredentialID)
	}
	return got.Doubt
}

// TestRealSignals lets authenticators obey every signal while a user adds and removes
// passkeys and webauthn keys: no key that signs in is dropped, whether Kratos knows its
// handle, has overwritten it, or shares it between keys.
func TestRealSignals(t *testing.T) {
	s, k := withHooks(t)
	p := newPerson(t, k, "sigrid")
	var live []key
	obeyed := func() {
		t.Helper()
		require.Equal(t, live, obey(live, signalsOf(t, s, p.id)))
		for _, k := range live {
			require.Equal(t, "held", doubtAbout(t, s, k))
		}
	}
	first := p.signUp("webauthn")
	live = append(live, first)
	becomes(t, s, about(first), answer{id: p.id, credential: "webauthn", state: "active", matches: "true"})
	obeyed()
	for _, method := range []string{"webauthn", "passkey", "passkey", "webauthn", "passkey"} {
		k := p.add(method)
		live = append(live, k)
		becomes(t, s, about(k), answer{id: p.id, credential: method, state: "active", matches: "true"})
		obeyed()
	}
	// One goes: its authenticator may drop it, all others stay.
	gone := live[3]
	live = slices.Delete(live, 3, 4)
	p.remove("passkey", gone)
	obeyed()
	require.Equal(t, live, obey(append(slices.Clone(live), gone), signalsOf(t, s, p.id)), "the removed one is dropped")
	require.Equal(t, "not-swept-since", doubtAbout(t, s, gone))
	status, raw := p.signIn(gone)
	require.Equal(t, http.StatusBadRequest, status, "%s", raw)
	status, raw = p.signIn(live[2])
	require.Equal(t, http.StatusOK, status, "%s", raw)

	// A passkey whose sign-up Kratos never finished is on the device alone.
	orphan := newPerson(t, k, "orphan")
	stillborn, _ := orphan.create(optionsOf(orphan.begin("registration").value(t, "passkey_create_data")))
	require.Equal(t, "not-swept-since", doubtAbout(t, s, stillborn))
	if os.Getenv("OLY_PASSKEY_PROOF") == "" {
		return
	}
	time.Sleep(65 * time.Second) // a sweep has to begin a minute after the first question
	status, _, body := call(t, http.MethodPost, s.URL()+"/v1/index/reconcile", "admin-key", "")
	require.Equal(t, http.StatusAccepted, status, body)
	eventually(t, "both are nobody's", func() bool { return doubtAbout(t, s, gone) == "" && doubtAbout(t, s, stillborn) == "" })
	obeyed()
}
