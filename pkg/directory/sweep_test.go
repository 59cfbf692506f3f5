package directory

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
)

func TestSweepFindsWhatNoHookTold(t *testing.T) {
	inBubble(t, func(w *world) {
		w.kratos.page = 2
		kept, deleted := w.kratos.register("passkey"), w.kratos.register("passkey")
		for range 5 {
			w.kratos.register("webauthn")
		}
		w.start()
		w.kratos.delete(deleted.owner)
		lost := w.kratos.register("passkey")
		second := w.kratos.add(kept.owner, "passkey")
		w.wait(5*time.Hour + 59*time.Minute)
		w.requireOwner(deleted, index.Active)
		w.requireError(lost, ErrUnknown)
		w.wait(2 * time.Minute)
		w.requireError(deleted, ErrRemoved)
		w.requireOwner(lost, index.Active)
		w.requireOwner(second, index.Active)
		w.requireOwner(kept, index.Active)
		a, err := w.ask(lost)
		require.NoError(w.t, err)
		require.WithinDuration(w.t, time.Now(), a.ConfirmedAt, 2*time.Minute)

		removed := query(deleted)
		removed.AllowRemoved = true
		found, err := w.d.Resolve(w.t.Context(), removed)
		require.NoError(w.t, err)
		require.Equal(w.t, deleted.owner, found.IdentityID)
		require.Equal(w.t, index.Removed, found.State)

		w.wait(31 * 24 * time.Hour)
		w.requireError(deleted, ErrUnknown)
	})
}

// TestSweepStops meets a Kratos that lost most of its people.
func TestSweepStops(t *testing.T) {
	inBubble(t, func(w *world) {
		var keys []fakekey
		for range 150 {
			keys = append(keys, w.kratos.register("passkey"))
		}
		w.start()
		for _, k := range keys[:101] {
			w.kratos.delete(k.owner)
		}
		w.wait(7 * time.Hour)
		w.requireOwner(keys[0], index.Active)
		require.Contains(w.t, w.log.String(), "too many identities are gone: kratos does not list 101 of the 150 identities of the index")
		st, err := w.d.Status(w.t.Context())
		require.NoError(w.t, err)
		require.Equal(w.t, 101, st.Meta.Missing)

		require.NoError(w.t, w.d.Reconcile(w.t.Context(), 100))
		w.wait(time.Minute)
		w.requireOwner(keys[0], index.Active)
		require.NoError(w.t, w.d.Reconcile(w.t.Context(), 101))
		w.wait(time.Minute)
		w.requireError(keys[0], ErrRemoved)
		w.requireOwner(keys[101], index.Active)
		st, err = w.d.Status(w.t.Context())
		require.NoError(w.t, err)
		require.Zero(w.t, st.Meta.Missing)
		require.Zero(w.t, st.Meta.Accept, "what was accepted once is not accepted again")
		require.Equal(w.t, index.Stats{Identities: 150, Deleted: 101, Active: 49, Removed: 101}, st.Stats)
	})
}

func TestSweepRemovesFew(t *testing.T) {
	inBubble(t, func(w *world) {
		var keys []fakekey
		for range 150 {
			keys = append(keys, w.kratos.register("passkey"))
		}
		w.start()
		for _, k := range keys[:100] {
			w.kratos.delete(k.owner)
		}
		w.wait(7 * time.Hour)
		w.requireError(keys[0], ErrRemoved)
		w.requireOwner(keys[100], index.Active)
	})
}

// TestListIsNotProof asks for each identity that the list missed.
func TestListIsNotProof(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.start()
		s := sweeper{d: w.d}
		require.NoError(w.t, s.compare(w.t.Context(), &kratosadmin.Page{}, time.Now().Add(time.Second)))
		deleted, err := s.confirm(w.t.Context())
		require.NoError(w.t, err)
		require.Zero(w.t, deleted)
		w.requireOwner(k, index.Active)
	})
}
