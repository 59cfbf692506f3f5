package directory

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/memory"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// TestCredentialsAreShown with everything that is known of them.
func TestCredentialsAreShown(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start()
		pass := w.kratos.register("passkey")
		web := w.kratos.add(pass.owner, "webauthn")
		p := w.kratos.people[pass.owner]
		phone := &p.Passkey.Config.Keys[0]
		phone.DisplayName, phone.Flags = "phone", &kratosadmin.Flags{BackupState: true}
		apple := uuid.MustParse("fbfc3007-154e-4ecc-8c0b-6e020557d7bd")
		phone.Authenticator.AAGUID = apple[:]
		got, err := w.d.Credentials(w.t.Context(), pass.owner)
		require.NoError(w.t, err)
		require.Equal(w.t, []Credential{
			{
				ID: pass.id, Kind: index.Passkey, Name: "phone", Provider: "Apple Passwords",
				Discoverable: new(true), Synced: new(true), CreatedAt: phone.AddedAt, Handle: index.Active,
			},
			{ID: web.id, Kind: index.WebAuthn, CreatedAt: phone.AddedAt, Handle: index.Unknown}, // it may be from the registration
		}, got)

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

		w.kratos.people[one.owner].WebAuthn.Config.UserHandle = []byte("w") // imported
		got, err = w.d.Signals(w.t.Context(), one.owner)
		require.NoError(w.t, err)
		require.Equal(w.t, Signal{UserHandle: []byte("w"), CredentialIDs: ids}, got[2])

		alone := w.kratos.register("passkey")
		got, err = w.d.Signals(w.t.Context(), alone.owner)
		require.NoError(w.t, err)
		require.Equal(w.t, []Signal{{UserHandle: alone.handle, CredentialIDs: [][]byte{alone.id}}}, got)

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

// TestEraseForgets: only identities that Kratos does not have are erased, and with all
// their data.
func TestEraseForgets(t *testing.T) {
	inBubble(t, func(w *world) {
		k, other := w.kratos.register("passkey"), w.kratos.register("passkey")
		w.start()
		pulls := w.kratos.pulled()
		require.ErrorIs(w.t, w.d.Erase(w.t.Context(), k.owner), ErrIdentityExists)
		require.Equal(w.t, pulls+1, w.kratos.pulled())
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

// TestKeysWithoutAHandle, as second factors from before Kratos kept one and as
// imports have them, are shown as well: what they were registered with cannot be
// told.
func TestKeysWithoutAHandle(t *testing.T) {
	for name, tc := range map[string]struct {
		shown *kratosadmin.Identity
		want  []Credential
	}{
		"of webauthn":     {&kratosadmin.Identity{WebAuthn: credentials("", nil, keys("K")...)}, []Credential{{ID: []byte("K"), Kind: index.WebAuthn, CreatedAt: mergeTime, Handle: index.Unknown}}},
		"of passkey":      {&kratosadmin.Identity{Passkey: credentials("", nil, keys("K")...)}, []Credential{{ID: []byte("K"), Kind: index.Passkey, Discoverable: new(true), CreatedAt: mergeTime, Handle: index.Unknown}}},
		"without its key": {&kratosadmin.Identity{Passkey: &kratosadmin.Credentials{Identifiers: []string{"A"}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.start()
				tc.shown.ID = mergeID
				w.kratos.people[mergeID] = tc.shown
				got, err := w.d.Credentials(w.t.Context(), mergeID)
				require.NoError(w.t, err)
				require.Equal(w.t, tc.want, got)
				_, err = w.d.Advise(w.t.Context(), mergeID)
				require.NoError(w.t, err)
				w.hook(mergeID, index.FlowLogin)
				require.NotContains(w.t, w.log.String(), "cannot")
			})
		})
	}
}

// TestChangesAreMadeAgain: a store may call a change twice, with different records. The
// last call counts.
func TestChangesAreMadeAgain(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		store := &retryingStore{Store: memory.New()}
		w.startOn(store)
		record := recordOf(nil, []kept{{name: string(k.id), kind: index.Passkey}})
		store.first = record
		require.ErrorIs(w.t, w.d.Used(w.t.Context(), uuid.New(), k.id), ErrNoIdentity)
		noted, err := w.d.recordUse(w.t.Context(), k.owner, func(index.Credential) bool { return true })
		require.NoError(w.t, err)
		require.False(w.t, noted, "the key is not in the record that was stored")

		two := w.kratos.add(k.owner, "passkey")
		_, _, err = w.d.Refresh(w.t.Context(), k.owner)
		require.NoError(w.t, err)
		store.first = recordOf([]kept{{name: string(k.handle), kind: index.Passkey}, {name: string(two.handle), kind: index.Passkey}}, nil)
		store.first.PulledAt = time.Time{}
		page, err := w.kratos.List(w.t.Context(), "")
		require.NoError(w.t, err)
		now := time.Now()
		require.NoError(w.t, w.d.merge(&batch{identities: page.Identities, began: now}, w.d.updates(w.t.Context())))
		_, _, background := w.d.queue.depth()
		require.Zero(w.t, background, "of the record that was stored the list is enough")
	})
}

// TestEraseMeansTheDeleted: an identity that reappears during the erase is kept, and
// an error of the store is returned.
func TestEraseMeansTheDeleted(t *testing.T) {
	inBubble(t, func(w *world) {
		store := newFaultyStore()
		w.store = store
		k := w.kratos.register("passkey")
		person := w.kratos.people[k.owner]
		w.start()
		w.kratos.delete(k.owner)
		var back *index.Identity
		erase := store.called("Update") + 2 // after the pull
		store.before = func(method string, call int) {
			if method == "Update" && call == erase {
				w.wait(time.Second)
				w.kratos.people[k.owner] = person
				_, _, err := w.d.Refresh(w.t.Context(), k.owner)
				require.NoError(w.t, err)
				back, err = w.store.Identity(w.t.Context(), k.owner)
				require.NoError(w.t, err)
			}
		}
		require.ErrorIs(w.t, w.d.Erase(w.t.Context(), k.owner), ErrIdentityExists)
		w.requireOwner(k, index.Active)
		kept, err := w.store.Identity(w.t.Context(), k.owner)
		require.NoError(w.t, err)
		require.Equal(w.t, back.Handles, kept.Handles, "since when it is known is not forgotten")

		w.wait(time.Second)
		w.kratos.delete(k.owner)
		store.failCall("Update", store.called("Update")+2)
		require.ErrorIs(w.t, w.d.Erase(w.t.Context(), k.owner), errDisk)
		require.NoError(w.t, w.d.Erase(w.t.Context(), k.owner))
		w.requireError(k, ErrUnknown)
	})
}

// TestEraseGivesUp: erase fails if another server keeps storing an identity that
// Kratos does not have.
func TestEraseGivesUp(t *testing.T) {
	inBubble(t, func(w *world) {
		store := newFaultyStore()
		w.store = store
		k := w.kratos.register("passkey")
		w.start()
		record, err := store.Identity(w.t.Context(), k.owner)
		require.NoError(w.t, err)
		w.kratos.delete(k.owner)
		store.before = func(method string, _ int) {
			if method != "Update" {
				return
			}
			record.SeenAt = time.Now().Add(maxSkew)
			_, err := store.Store.Update(w.t.Context(), []uuid.UUID{k.owner}, func(uuid.UUID, *index.Identity) *index.Identity { return record.Clone() })
			require.NoError(w.t, err)
		}
		pulls := w.kratos.pulled()
		require.ErrorIs(w.t, w.d.Erase(w.t.Context(), k.owner), ErrIdentityExists)
		require.Equal(w.t, pulls+3, w.kratos.pulled())
		short, cancel := context.WithTimeout(w.t.Context(), maxSkew/2)
		defer cancel()
		require.ErrorIs(w.t, w.d.Erase(short, k.owner), context.DeadlineExceeded)
		require.Equal(w.t, pulls+4, w.kratos.pulled())
	})
}
