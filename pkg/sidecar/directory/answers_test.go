package directory

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// TestErrorTexts: the texts appear in responses and in the log.
func TestErrorTexts(t *testing.T) {
	for err, want := range map[error]string{
		ErrUnknown:        "no identity is known to have this user handle",
		ErrRemoved:        "the credential of this user handle was removed, or its identity was deleted",
		ErrAmbiguous:      "the text matches user handles of two identities",
		ErrBuilding:       "the index is still being built and does not contain this user handle yet",
		ErrKratos:         "this answer requires Kratos, which is unreachable",
		ErrNoIdentity:     "kratos has no identity with this ID",
		ErrNoCredential:   "this identity has no such credential in Kratos",
		ErrIdentityExists: "kratos still has this identity",
	} {
		require.EqualError(t, err, want)
	}
	require.Equal(t, []Source{"index", "kratos", "identity_id"}, []Source{SourceIndex, SourceKratos, SourceIdentityID})
	require.Equal(t, []string{"none", "add-passkey", "re-enroll"}, []string{ProposeNothing, ProposePasskey, ProposeReEnroll})
	for _, mode := range []IdentityIDs{"webauthn", "any", "off"} {
		got, err := ParseIdentityIDs(string(mode))
		require.NoError(t, err)
		require.Equal(t, mode, got)
	}
	_, err := ParseIdentityIDs("on")
	require.EqualError(t, err, `unknown mode "on", want webauthn, any or off`)
}

// TestStoreFailures are handed on, and are no answer.
func TestStoreFailures(t *testing.T) {
	inBubble(t, func(w *world) {
		faulty := newFaultyStore()
		k := w.kratos.register("passkey")
		w.startOn(faulty)
		faulty.failNext("Owners", 1)
		_, err := w.ask(k)
		require.ErrorIs(w.t, err, errDisk)
		faulty.failNext("Stats", 1)
		_, err = w.d.Status(w.t.Context())
		require.ErrorIs(w.t, err, errDisk)
		faulty.failNext("Update", 1)
		_, _, err = w.d.Refresh(w.t.Context(), k.owner)
		require.ErrorIs(w.t, err, errDisk)
		require.NotErrorIs(w.t, err, ErrKratos)
		require.Len(w.t, w.log.lines("cannot pull an identity for a request"), 1)
		gone, leave := context.WithCancel(w.t.Context())
		leave()
		w.wait(warnEvery)
		_, _, err = w.d.Refresh(gone, k.owner)
		require.ErrorIs(w.t, err, context.Canceled)
		require.Len(w.t, w.log.lines(msgPullInRequestFailed), 1, "that is no failure")
		faulty.failNext("Update", 1)
		require.ErrorIs(w.t, w.d.Used(w.t.Context(), k.owner, k.id), errDisk)
		faulty.failNext("Enqueue", 1)
		require.ErrorIs(w.t, w.d.Notify(w.t.Context(), k.owner, index.FlowLogin), errDisk)
		faulty.failNext("UpdateMeta", 1)
		require.ErrorIs(w.t, w.d.Reconcile(w.t.Context(), 0), errDisk)
		w.requireOwner(k, index.Active)
	})
	faulty := newFaultyStore()
	faulty.failNext("Meta", 1)
	_, err := New(t.Context(), Options{Store: faulty})
	require.ErrorIs(t, err, errDisk)
	faulty.failNext("Jobs", 1)
	_, err = New(t.Context(), Options{Store: faulty})
	require.ErrorIs(t, err, errDisk)
	faulty.failNext("Clock", 1)
	_, err = New(t.Context(), Options{Store: share(faulty)})
	require.ErrorIs(t, err, errDisk)
}
