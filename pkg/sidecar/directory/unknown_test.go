package directory

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// TestUnknownCredential: a credential is unknown only after a sweep that began after
// it was first presented.
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

// TestPresentedIsBounded: ten thousand credentials are remembered; the next
// makes all of them new again.
func TestPresentedIsBounded(t *testing.T) {
	var p firstSeen
	from, later := time.Unix(1, 0), time.Unix(2, 0)
	credential := func(n int) userhandle.Digest { return userhandle.DigestOf([]byte{byte(n), byte(n >> 8)}) }
	for n := range 9_999 {
		require.Equal(t, from, p.of(credential(n), from))
	}
	require.Equal(t, from, p.of(credential(0), later))
	require.Equal(t, from, p.of(credential(9_999), from))
	require.Len(t, p.at, 10_000)
	require.Equal(t, later, p.of(credential(10_000), later))
	require.Len(t, p.at, 1)
	require.Equal(t, later, p.of(credential(0), later))
}

// TestUnknownCredentialOfAHandle, of readings that say different things, and of
// handles that keys share.
func TestUnknownCredentialOfAHandle(t *testing.T) {
	inBubble(t, func(w *world) {
		passkey := []byte("sY6NOda7WGXT2Bsl4muMt4g4YBJzHttJi0wOr7f9QJVUPnOVD6K7j4eqz3vNAFTj")
		store := newFaultyStore()
		web := w.kratos.register("webauthn")
		w.startOn(store)
		stranger := numbered(1)
		for name, tc := range map[string]struct {
			handles [][]byte
			want    Doubt
		}{
			"a passkey's":                      {[][]byte{passkey}, DoubtNone},
			"a passkey's, or no handle":        {[][]byte{passkey, []byte("no handle of kratos")}, DoubtNone},
			"no handle, or a passkey's":        {[][]byte{[]byte("no handle of kratos"), passkey}, DoubtNone},
			"a passkey's, or an identity's id": {[][]byte{passkey, stranger[:]}, DoubtHandle},
			"an identity's id":                 {[][]byte{stranger[:]}, DoubtHandle},
			"no handle":                        {[][]byte{[]byte("no handle of kratos")}, DoubtHandle},
			"none":                             {nil, DoubtHandle},
			"somebody's of webauthn":           {[][]byte{web.handle}, DoubtNone},
		} {
			var readings []userhandle.Reading
			for _, h := range tc.handles {
				readings = append(readings, userhandle.Reading{Handle: h})
			}
			for _, want := range []Doubt{DoubtNotSwept, tc.want} {
				if tc.want != DoubtNone {
					want = tc.want
				}
				got, err := w.d.UnknownCredential(w.t.Context(), readings, []byte(name))
				require.NoError(w.t, err)
				require.Equal(w.t, want, got, name)
				w.wait(time.Minute)
				require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
				w.wait(time.Second)
			}
		}
		for _, method := range []string{"Owners", "Update"} {
			store.failNext(method, 1)
			_, err := w.d.UnknownCredential(w.t.Context(), query(web).Readings, web.id)
			require.ErrorIs(w.t, err, errDisk)
		}
	})
}

// TestUnknownCredentialMargins: the sweep has to begin a minute after the first
// question, and to have ended an hour and two intervals ago at most.
func TestUnknownCredentialMargins(t *testing.T) {
	inBubble(t, func(w *world) {
		never := []userhandle.Reading{{Handle: []byte("sY6NOda7WGXT2Bsl4muMt4g4YBJzHttJi0wOr7f9QJVUPnOVD6K7j4eqz3vNAFTj")}}
		doubt := func(want Doubt) {
			w.t.Helper()
			got, err := w.d.UnknownCredential(w.t.Context(), never, []byte("K"))
			require.NoError(w.t, err)
			require.Equal(w.t, want, got)
		}
		sweep := func() {
			w.t.Helper()
			require.NoError(w.t, w.d.Reconcile(w.t.Context(), 0))
			w.wait(0)
		}
		w.start()
		doubt(DoubtNotSwept)
		w.wait(time.Minute - time.Microsecond)
		sweep()
		doubt(DoubtNotSwept)
		w.wait(time.Microsecond)
		sweep()
		doubt(DoubtNone)
		w.kratos.setFailure(errDown)
		w.wait(13 * time.Hour)
		doubt(DoubtNone)
		w.wait(1)
		doubt(DoubtStale)
	})
}

// TestDoubtsAreNamed: servers and pages read these.
func TestDoubtsAreNamed(t *testing.T) {
	require.Equal(t,
		[]Doubt{"", "held", "index-incomplete", "index-stale", "not-swept-since", "handle-does-not-tell", "not-registered-together"},
		[]Doubt{DoubtNone, DoubtHeld, DoubtIncomplete, DoubtStale, DoubtNotSwept, DoubtHandle, DoubtPair})
}
