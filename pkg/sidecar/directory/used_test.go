package directory

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// TestLoginTellsTheOnlyKey: a sign-in is recorded as a use if the identity has only
// one key.
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

// TestUsed: the time of use is recorded for the one matching live key. Kratos is asked
// only if the index does not know the key.
func TestUsed(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		stays := w.kratos.add(k.owner, "webauthn")
		w.start()
		w.hook(k.owner, index.FlowSettings)
		usedAt := func(k fakekey) time.Time {
			record, err := w.store.Identity(w.t.Context(), k.owner)
			require.NoError(w.t, err)
			c, ok := record.Credential(userhandle.DigestOf(k.id))
			require.True(w.t, ok)
			return c.UsedAt
		}
		pulls := w.kratos.pulled()
		require.NoError(w.t, w.d.Used(w.t.Context(), k.owner, k.id))
		require.Equal(w.t, pulls, w.kratos.pulled())
		require.Equal(w.t, time.Now().UTC(), usedAt(k))
		require.Zero(w.t, usedAt(stays))

		fresh := w.kratos.add(k.owner, "passkey")
		require.NoError(w.t, w.d.Used(w.t.Context(), k.owner, fresh.id))
		require.Equal(w.t, pulls+1, w.kratos.pulled())
		require.Equal(w.t, time.Now().UTC(), usedAt(fresh))

		before := time.Now().UTC()
		w.kratos.remove(k)
		w.kratos.remove(fresh)
		w.wait(time.Second)
		w.hook(k.owner, index.FlowSettings)
		require.ErrorIs(w.t, w.d.Used(w.t.Context(), k.owner, k.id), ErrNoCredential)
		require.Equal(w.t, before, usedAt(k), "it is gone")

		w.hook(k.owner, index.FlowLogin)
		require.Equal(w.t, before, usedAt(k))
		require.Equal(w.t, time.Now().UTC(), usedAt(stays), "the only key that is left")
	})
}

// TestUseCannotBeNoted: an error of the store is returned, so that Kratos sends the
// login hook again.
func TestUseCannotBeNoted(t *testing.T) {
	inBubble(t, func(w *world) {
		store := newFaultyStore()
		w.store = store
		k := w.kratos.register("passkey")
		w.start()
		store.failCall("Update", store.called("Update")+3) // after the look and the pull
		require.ErrorIs(w.t, w.d.Used(w.t.Context(), k.owner, []byte("another")), errDisk)

		store.failCall("Update", store.called("Update")+2) // after the pull
		w.hook(k.owner, index.FlowLogin)
		require.Len(w.t, w.log.lines("cannot pull identities; retrying"), 1)
		require.Len(w.t, stored(w.t, store), 1)
		w.wait(time.Second)
		require.Empty(w.t, stored(w.t, store))
		got, err := w.d.Credentials(w.t.Context(), k.owner)
		require.NoError(w.t, err)
		require.False(w.t, got[0].UsedAt.IsZero())
	})
}

// TestLoginOfSomebodyWhoIsGone notes nothing.
func TestLoginOfSomebodyWhoIsGone(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.start()
		w.hook(k.owner, index.FlowSettings)
		w.kratos.delete(k.owner)
		w.hook(k.owner, index.FlowLogin)
		record, err := w.store.Identity(w.t.Context(), k.owner)
		require.NoError(w.t, err)
		require.False(w.t, record.DeletedAt.IsZero())
		require.Zero(w.t, record.Credentials[0].UsedAt)
	})
}

// TestOnlyLoginsAreUses: a hook of another flow says nothing about a sign-in.
func TestOnlyLoginsAreUses(t *testing.T) {
	for flow, used := range map[index.Flow]bool{index.FlowRegistration: false, index.FlowSettings: false, index.FlowLogin: true} {
		inBubble(t, func(w *world) {
			k := w.kratos.register("passkey")
			w.start()
			w.hook(k.owner, flow)
			got, err := w.d.Credentials(w.t.Context(), k.owner)
			require.NoError(w.t, err)
			require.Equal(w.t, used, !got[0].UsedAt.IsZero())
			require.NotContains(w.t, w.log.String(), "level=WARN")
			require.NotContains(w.t, w.log.String(), "level=ERROR")
		})
	}
}
