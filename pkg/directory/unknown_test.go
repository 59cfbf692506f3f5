package directory

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// TestUnknownCredential: only a sweep that began after a credential was first
// presented can make it nobody's.
func TestUnknownCredential(t *testing.T) {
	inBubble(t, func(w *world) {
		t := w.t
		doubt := func(want Doubt, handle, credential []byte) {
			t.Helper()
			got, err := w.d.UnknownCredential(t.Context(), []userhandle.Reading{{Handle: handle}}, credential)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		stays := w.kratos.register("passkey")
		two := w.kratos.add(stays.owner, "passkey")
		removed := w.kratos.add(stays.owner, "passkey")
		old := w.kratos.register("webauthn")
		gone := w.kratos.register("passkey")
		alone := w.kratos.register("passkey")
		never := []byte("sY6NOda7WGXT2Bsl4muMt4g4YBJzHttJi0wOr7f9QJVUPnOVD6K7j4eqz3vNAFTj")
		w.kratos.setFailure(errDown)
		w.start()
		doubt(DoubtIncomplete, never, []byte("refused sign-up"))
		w.kratos.setFailure(nil)
		w.wait(time.Minute)
		w.kratos.remove(removed)
		w.hook(stays.owner, index.FlowSettings)
		w.hook(alone.owner, index.FlowLogin)
		w.kratos.delete(gone.owner)
		w.wait(time.Minute)

		for range 2 { // however often it is asked
			doubt(DoubtNotSwept, never, []byte("refused sign-up"))
			doubt(DoubtNotSwept, removed.handle, removed.id)
			doubt(DoubtNotSwept, gone.handle, gone.id)
		}
		w.wait(7 * time.Hour) // the next sweep
		doubt(DoubtNone, never, []byte("refused sign-up"))
		doubt(DoubtNotSwept, never, []byte("another one"))
		doubt(DoubtNone, removed.handle, removed.id)
		doubt(DoubtNone, gone.handle, gone.id)
		doubt(DoubtHeld, stays.handle, stays.id)
		doubt(DoubtHeld, two.handle, stays.id)
		doubt(DoubtPair, alone.handle, removed.id)
		doubt(DoubtHeld, old.handle, old.id)
		stranger := uuid.New()
		doubt(DoubtHandle, stranger[:], old.id) // it may be his name's
		doubt(DoubtHandle, []byte("no handle of kratos"), removed.id)

		w.kratos.setFailure(errDown)
		_, err := w.d.UnknownCredential(t.Context(), []userhandle.Reading{{Handle: removed.handle}}, removed.id)
		require.ErrorIs(t, err, ErrKratos)
		doubt(DoubtNone, never, []byte("refused sign-up"))
		w.wait(14 * time.Hour)
		doubt(DoubtStale, never, []byte("refused sign-up"))
	})
}

func TestPresentedIsBounded(t *testing.T) {
	var p presented
	from := time.Unix(1, 0)
	first := userhandle.DigestOf([]byte("first"))
	require.Equal(t, from, p.since(first, from))
	require.Equal(t, from, p.since(first, from.Add(time.Hour)))
	for n := range maxPresented {
		p.since(userhandle.DigestOf([]byte{byte(n), byte(n >> 8)}), from)
	}
	require.LessOrEqual(t, len(p.at), maxPresented)
	require.Equal(t, from.Add(time.Hour), p.since(first, from.Add(time.Hour)), "forgotten, so its question begins anew")
}
