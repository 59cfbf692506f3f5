package directory

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
)

// TestErrorTexts: servers and people read these.
func TestErrorTexts(t *testing.T) {
	for err, want := range map[error]string{
		ErrUnknown:        "no identity is known to have this user handle",
		ErrRemoved:        "the credential of this user handle was removed, or its identity was",
		ErrAmbiguous:      "the text can be read as user handles of two identities",
		ErrBuilding:       "the index is not complete yet, and this user handle is not in it so far",
		ErrKratos:         "kratos has to be asked and cannot be",
		ErrNoIdentity:     "kratos has no identity with this id",
		ErrNoCredential:   "kratos lists no such credential of this identity",
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

// TestCredentialsAreShown with everything that is known of them.
func TestCredentialsAreShown(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start()
		pass := w.kratos.register("passkey")
		web := w.kratos.add(pass.owner, "webauthn")
		p := w.kratos.people[pass.owner]
		p.Passkey.Config.Keys[0].DisplayName = "phone"
		p.Passkey.Config.Keys[0].Flags = &kratosadmin.Flags{BackupState: true}
		got, err := w.d.Credentials(w.t.Context(), pass.owner)
		require.NoError(w.t, err)
		require.Len(w.t, got, 2)
		require.Equal(w.t, pass.id, got[0].ID)
		require.Equal(w.t, index.Passkey, got[0].Kind)
		require.Equal(w.t, "phone", got[0].Name)
		require.True(w.t, *got[0].Discoverable)
		require.True(w.t, *got[0].Synced)
		require.Equal(w.t, index.Active, got[0].Handle)
		require.True(w.t, got[0].UsedAt.IsZero())
		require.Equal(w.t, web.id, got[1].ID)
		require.Equal(w.t, index.WebAuthn, got[1].Kind)
		require.Nil(w.t, got[1].Discoverable)
		require.Nil(w.t, got[1].Synced)

		bare := w.kratos.register("")
		got, err = w.d.Credentials(w.t.Context(), bare.owner)
		require.NoError(w.t, err)
		require.Empty(w.t, got)
		for _, call := range []func(context.Context, uuid.UUID) error{
			func(ctx context.Context, id uuid.UUID) error { _, err := w.d.Credentials(ctx, id); return err },
			func(ctx context.Context, id uuid.UUID) error { _, err := w.d.Signals(ctx, id); return err },
			func(ctx context.Context, id uuid.UUID) error { _, err := w.d.Advise(ctx, id); return err },
			func(ctx context.Context, id uuid.UUID) error { return w.d.Used(ctx, id, pass.id) },
		} {
			require.ErrorIs(w.t, call(w.t.Context(), uuid.New()), ErrNoIdentity)
			w.kratos.setFailure(errDown)
			err := call(w.t.Context(), bare.owner)
			require.ErrorIs(w.t, err, ErrKratos)
			require.ErrorIs(w.t, err, errDown)
			w.kratos.setFailure(nil)
		}
	})
}

// TestSignalsNameEveryKey of an identity, for each handle that Kratos lists.
func TestSignalsNameEveryKey(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start()
		one := w.kratos.register("passkey")
		two := w.kratos.add(one.owner, "passkey")
		web := w.kratos.add(one.owner, "webauthn")
		got, err := w.d.Signals(w.t.Context(), one.owner)
		require.NoError(w.t, err)
		ids := [][]byte{one.id, two.id, web.id}
		want := map[string][][]byte{string(one.handle): ids, string(two.handle): ids, string(web.handle): ids}
		all := map[string][][]byte{}
		for _, s := range got {
			all[string(s.UserHandle)] = s.CredentialIDs
		}
		require.Equal(w.t, want, all)
		require.Len(w.t, got, 3)

		w.kratos.people[one.owner].WebAuthn.Config.UserHandle = nil
		got, err = w.d.Signals(w.t.Context(), one.owner)
		require.NoError(w.t, err)
		require.Len(w.t, got, 2, "a key without a handle has no signal")
		bare, err := w.d.Signals(w.t.Context(), w.kratos.register("").owner)
		require.NoError(w.t, err)
		require.Empty(w.t, bare)
	})
}

// TestAdvice: what a page may propose.
func TestAdvice(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start()
		advise := func(id uuid.UUID) Advice {
			a, err := w.d.Advise(w.t.Context(), id)
			require.NoError(w.t, err)
			return a
		}
		require.Equal(w.t, Advice{Propose: ProposePasskey}, advise(w.kratos.register("").owner))
		pass := w.kratos.register("passkey")
		require.Equal(w.t, Advice{Propose: ProposeNothing}, advise(pass.owner))

		web := w.kratos.register("webauthn")
		require.Equal(w.t, ProposePasskey, advise(web.owner).Propose)
		w.kratos.add(web.owner, "webauthn") // overwrites the handle of the first
		require.Equal(w.t, ProposeReEnroll, advise(web.owner).Propose)

		p := w.kratos.people[pass.owner]
		p.ProvedAt = p.Passkey.Config.Keys[0].AddedAt.Add(999 * time.Millisecond)
		require.Empty(w.t, advise(pass.owner).Predating, "within the same second")
		p.ProvedAt = p.Passkey.Config.Keys[0].AddedAt.Add(time.Second)
		require.Equal(w.t, [][]byte{pass.id}, advise(pass.owner).Predating)
	})
}

// TestEraseForgets only whom Kratos has forgotten, and everything about them.
func TestEraseForgets(t *testing.T) {
	inBubble(t, func(w *world) {
		k, other := w.kratos.register("passkey"), w.kratos.register("passkey")
		w.start()
		require.ErrorIs(w.t, w.d.Erase(w.t.Context(), k.owner), ErrIdentityExists)
		w.requireOwner(k, index.Active)
		w.kratos.delete(k.owner)
		w.kratos.setFailure(errDown)
		require.ErrorIs(w.t, w.d.Erase(w.t.Context(), k.owner), ErrKratos)
		w.kratos.setFailure(nil)
		require.NoError(w.t, w.d.Erase(w.t.Context(), k.owner))
		rec, err := w.store.Identity(w.t.Context(), k.owner)
		require.NoError(w.t, err)
		require.Nil(w.t, rec)
		require.NoError(w.t, w.d.Erase(w.t.Context(), k.owner), "there is nothing left")
		w.requireOwner(other, index.Active)
	})
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
}

// TestLoginTellsTheOnlyKey notes a sign-in where there is one key alone.
func TestLoginTellsTheOnlyKey(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.start()
		lastUsed := func() (used []bool) {
			credentials, err := w.d.Credentials(w.t.Context(), k.owner)
			require.NoError(w.t, err)
			for _, c := range credentials {
				used = append(used, c.UsedAt.Equal(time.Now()))
			}
			return used
		}
		require.Equal(w.t, []bool{false}, lastUsed())
		w.hook(k.owner, index.FlowLogin)
		require.Equal(w.t, []bool{true}, lastUsed())
		w.wait(time.Second)
		second := w.kratos.add(k.owner, "webauthn")
		w.hook(k.owner, index.FlowSettings)
		w.hook(k.owner, index.FlowLogin)
		require.Equal(w.t, []bool{false, false}, lastUsed(), "which of two it was, the hook does not say")
		require.NoError(w.t, w.d.Used(w.t.Context(), k.owner, second.id))
		require.Equal(w.t, []bool{false, true}, lastUsed())
		require.ErrorIs(w.t, w.d.Used(w.t.Context(), k.owner, []byte("another")), ErrNoCredential)
		require.ErrorIs(w.t, w.d.Used(w.t.Context(), uuid.New(), second.id), ErrNoIdentity)
	})
}
