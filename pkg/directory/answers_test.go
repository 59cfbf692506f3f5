package directory

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
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

// TestRefreshTells whether the identity exists and whether anything was new.
func TestRefreshTells(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start()
		k := w.kratos.register("passkey")
		for _, want := range [][2]bool{{true, true}, {true, false}} {
			exists, changed, err := w.d.Refresh(w.t.Context(), k.owner)
			require.NoError(w.t, err)
			require.Equal(w.t, want, [2]bool{exists, changed})
		}
		exists, changed, err := w.d.Refresh(w.t.Context(), uuid.New())
		require.NoError(w.t, err)
		require.Equal(w.t, [2]bool{}, [2]bool{exists, changed})
		w.kratos.setFailure(errDown)
		_, _, err = w.d.Refresh(w.t.Context(), k.owner)
		require.ErrorIs(w.t, err, errDown)
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

// TestMatches: whether a credential belongs to a handle, as far as that is known.
func TestMatches(t *testing.T) {
	yes, no := true, false
	for name, tc := range map[string]struct {
		handle     index.Handle
		credential *index.Credential // nil: the index does not know it
		given      string
		pulled     bool
		want       *bool
	}{
		"none is given":          {index.Handle{Kind: index.Passkey, Pulled: true}, nil, "", true, nil},
		"unknown, pulled before": {index.Handle{Kind: index.Passkey, Pulled: true}, nil, "K", false, &no},
		"unknown, never pulled":  {index.Handle{Kind: index.Passkey}, nil, "K", false, nil},
		"unknown, of webauthn":   {index.Handle{Kind: index.WebAuthn, Pulled: true}, nil, "K", false, nil},
		"unknown, just pulled":   {index.Handle{Kind: index.WebAuthn}, nil, "K", true, &no},
		"its own":                {index.Handle{Kind: index.Passkey}, &index.Credential{Kind: index.Passkey, Handle: digest("H"), Live: true}, "K", false, &yes},
		"of nobody knows which":  {index.Handle{Kind: index.Passkey}, &index.Credential{Kind: index.Passkey, Live: true}, "K", false, &yes},
		"of another handle":      {index.Handle{Kind: index.Passkey}, &index.Credential{Kind: index.Passkey, Handle: digest("X"), Live: true}, "K", false, &no},
		"of the other method":    {index.Handle{Kind: index.Passkey}, &index.Credential{Kind: index.WebAuthn, Live: true}, "K", false, &no},
		"gone":                   {index.Handle{Kind: index.Passkey, State: index.Active}, &index.Credential{Kind: index.Passkey, Handle: digest("H")}, "K", false, &no},
		"gone as the handle has": {index.Handle{Kind: index.Passkey, State: index.Removed}, &index.Credential{Kind: index.Passkey, Handle: digest("H")}, "K", false, &yes},
	} {
		tc.handle.Digest = digest("H")
		owner := &index.Identity{ID: mergeID, Handles: []index.Handle{tc.handle}}
		if tc.credential != nil {
			tc.credential.Digest = digest("K")
			owner.Credentials = []index.Credential{*tc.credential}
		}
		var given []byte
		if tc.given != "" {
			given = []byte(tc.given)
		}
		require.Equal(t, tc.want, matches(hit{owner, tc.handle}, given, tc.pulled), name)
	}
}

// TestAmbiguous: two readings of one text that lead to two identities are no
// answer, two that lead to one are.
func TestAmbiguous(t *testing.T) {
	inBubble(t, func(w *world) {
		one, other := w.kratos.register("passkey"), w.kratos.register("passkey")
		second := w.kratos.add(one.owner, "passkey")
		w.start()
		both := func(a, b fakekey, removed bool) (Answer, error) {
			return w.d.Resolve(w.t.Context(), Query{AllowRemoved: removed, Readings: []userhandle.Reading{{Handle: a.handle}, {Handle: b.handle}}})
		}
		_, err := both(one, other, false)
		require.ErrorIs(w.t, err, ErrAmbiguous)
		a, err := both(one, second, false)
		require.NoError(w.t, err)
		require.Equal(w.t, one.owner, a.IdentityID)
		require.Equal(w.t, SourceIndex, a.Source)
		require.Equal(w.t, "passkey", a.Credential)
		w.kratos.delete(one.owner)
		_, _, err = w.d.Refresh(w.t.Context(), one.owner)
		require.NoError(w.t, err)
		a, err = both(one, other, true)
		require.NoError(w.t, err)
		require.Equal(w.t, other.owner, a.IdentityID, "one that stands is meant rather than one that is gone")
		w.kratos.delete(other.owner)
		_, _, err = w.d.Refresh(w.t.Context(), other.owner)
		require.NoError(w.t, err)
		_, err = both(one, other, false)
		require.ErrorIs(w.t, err, ErrRemoved)
		_, err = both(one, other, true)
		require.ErrorIs(w.t, err, ErrAmbiguous)
	})
}

// TestTooManyWait: answers that wait for Kratos are bounded in number and time.
func TestTooManyWait(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.start()
		for range maxInRequest {
			w.d.inRequest <- struct{}{}
		}
		began := time.Now()
		_, _, err := w.d.Refresh(w.t.Context(), k.owner)
		require.EqualError(w.t, err, "kratos has to be asked and cannot be: too many answers wait for it: context deadline exceeded")
		require.Equal(w.t, 15*time.Second, time.Since(began))
		for range maxInRequest {
			<-w.d.inRequest
		}
		synctest.Wait()
		_, _, err = w.d.Refresh(w.t.Context(), k.owner)
		require.NoError(w.t, err)
	})
}
