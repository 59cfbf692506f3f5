package directory

import (
	"context"
	"encoding/base64"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/index/memory"
	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// world is a directory in a bubble of time, beside a fakekratos.
type world struct {
	t      *testing.T
	kratos *fakekratos
	store  index.Store
	d      *Directory
	log    *said
	stop   func() error
}

// said is a log that is read while it is written.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// inBubble runs a test with a clock of its own: sleeping costs no time.
func inBubble(t *testing.T, test func(w *world)) {
	t.Helper()
	inBubbleOn(t, func(*testing.T) index.Store { return memory.New() }, test)
}

// inBubbleOn does so on a store.
func inBubbleOn(t *testing.T, open func(*testing.T) index.Store, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(&world{t: t, kratos: newFakekratos(time.Now), store: open(t), log: &said{}})
	})
}

// start starts a directory on what the store holds.
func (w *world) start(change ...func(*Options)) {
	w.t.Helper()
	o := Options{Store: w.store, Kratos: w.kratos, Log: slog.New(slog.NewTextHandler(w.log, nil))}
	for _, c := range change {
		c(&o)
	}
	d, err := New(w.t.Context(), o)
	require.NoError(w.t, err)
	w.d = d
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	stopped := false
	w.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}
	w.t.Cleanup(func() { require.NoError(w.t, w.stop()) })
	synctest.Wait()
}

// wait lets time pass.
func (w *world) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) hook(id uuid.UUID, flow index.Flow) {
	w.t.Helper()
	require.NoError(w.t, w.d.Notify(w.t.Context(), id, flow))
	synctest.Wait()
}

func (w *world) ask(k fakekey) (Answer, error) {
	w.t.Helper()
	return w.d.Resolve(w.t.Context(), query(k))
}

func query(k fakekey) Query {
	return Query{Readings: []userhandle.Reading{{Handle: k.handle}}, CredentialID: k.id}
}

// requireOwner demands that a key's handle leads to its owner.
func (w *world) requireOwner(k fakekey, state index.State) {
	w.t.Helper()
	a, err := w.ask(k)
	require.NoError(w.t, err)
	require.Equal(w.t, k.owner, a.IdentityID)
	require.Equal(w.t, state.String(), a.State.String())
}

func (w *world) requireError(k fakekey, want error) {
	w.t.Helper()
	_, err := w.ask(k)
	require.ErrorIs(w.t, err, want)
}

func TestBuildAndHooks(t *testing.T) {
	inBubble(t, func(w *world) {
		w.kratos.page = 3
		var keys []fakekey
		for range 10 {
			keys = append(keys, w.kratos.register("passkey"), w.kratos.register("webauthn"))
		}
		w.start()
		for _, k := range keys {
			w.requireOwner(k, index.Active)
		}
		late := w.kratos.register("passkey")
		w.requireError(late, ErrUnknown)
		w.hook(late.owner, index.FlowRegistration)
		w.requireOwner(late, index.Active)
		w.hook(late.owner, index.FlowLogin)
		w.requireOwner(late, index.Active)
		jobs, err := w.store.Jobs(w.t.Context())
		require.NoError(w.t, err)
		require.Empty(w.t, jobs)
	})
}

func TestMissWhileBuilding(t *testing.T) {
	inBubble(t, func(w *world) {
		there, late := w.kratos.register("passkey"), w.kratos.register("passkey")
		w.kratos.setFailure(errDown)
		w.start()
		w.requireError(there, ErrBuilding)
		w.hook(late.owner, index.FlowRegistration)
		w.kratos.setFailure(nil)
		w.wait(2 * time.Minute)
		w.requireOwner(there, index.Active)
		w.requireOwner(late, index.Active)
	})
}

// TestRepull repeats a pull after 1 s and 10 s where a hook promised more than
// the pull showed.
func TestRepull(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.start()
		pulls := w.kratos.pulled()
		w.hook(k.owner, index.FlowSettings) // the first look at its key is news
		require.Equal(w.t, pulls+1, w.kratos.pulled())
		w.wait(time.Minute)
		require.Equal(w.t, pulls+1, w.kratos.pulled())

		w.hook(k.owner, index.FlowSettings) // nothing is new: a replica may be behind
		require.Equal(w.t, pulls+2, w.kratos.pulled())
		w.wait(999 * time.Millisecond)
		require.Equal(w.t, pulls+2, w.kratos.pulled())
		w.wait(time.Millisecond)
		require.Equal(w.t, pulls+3, w.kratos.pulled())
		second := w.kratos.add(k.owner, "passkey")
		w.wait(10 * time.Second)
		require.Equal(w.t, pulls+4, w.kratos.pulled())
		w.requireOwner(second, index.Active)
		w.wait(time.Minute)
		require.Equal(w.t, pulls+4, w.kratos.pulled())

		w.hook(k.owner, index.FlowLogin) // a login changes nothing, so no news is no surprise
		w.wait(time.Minute)
		require.Equal(w.t, pulls+5, w.kratos.pulled())
	})
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

// TestHooksSurvive stops with hooks that were answered and not yet pulled.
func TestHooksSurvive(t *testing.T) {
	inBubble(t, func(w *world) {
		w.start()
		w.kratos.setFailure(errDown)
		var keys []fakekey
		for range 20 {
			k := w.kratos.register("passkey")
			keys = append(keys, k)
			w.hook(k.owner, index.FlowRegistration)
			w.hook(k.owner, index.FlowLogin)
		}
		jobs, err := w.store.Jobs(w.t.Context())
		require.NoError(w.t, err)
		require.Len(w.t, jobs, 20)
		require.Equal(w.t, index.FlowRegistration, jobs[0].Flow, "a login does not hide a registration")
		require.NoError(w.t, w.stop())
		w.kratos.setFailure(nil)
		w.start()
		for _, k := range keys {
			w.requireOwner(k, index.Active)
		}
	})
}

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

func TestOtherKratos(t *testing.T) {
	inBubble(t, func(w *world) {
		for range 30 {
			w.kratos.register("passkey")
		}
		w.start()
		require.NoError(w.t, w.stop())
		d, err := New(w.t.Context(), Options{Store: w.store, Kratos: newFakekratos(time.Now), Log: slog.New(slog.DiscardHandler)})
		require.NoError(w.t, err)
		err = d.Run(w.t.Context())
		require.EqualError(w.t, err, "index belongs to another kratos: none of its identities that were looked for exists there; use another data directory, or empty this one if kratos was replaced")
	})
}

// TestBuildResumes stops in the middle of the first build.
func TestBuildResumes(t *testing.T) {
	inBubble(t, func(w *world) {
		w.kratos.page = 2
		var keys []fakekey
		for range 9 {
			keys = append(keys, w.kratos.register("passkey"))
		}
		page, err := w.kratos.List(w.t.Context(), "")
		require.NoError(w.t, err)
		require.NoError(w.t, w.store.UpdateMeta(w.t.Context(), func(m *index.Meta) {
			m.BuildStartedAt, m.BuildToken = time.Now().UTC(), page.Next
		}))
		w.start()
		missing := 0
		for _, k := range keys {
			if _, err := w.ask(k); err != nil {
				require.ErrorIs(w.t, err, ErrUnknown)
				missing++
			}
		}
		require.Equal(w.t, 2, missing, "the first page was read before the stop, and is not read again")
	})
}

// sharedStore is a memory store that several directories share.
type sharedStore struct {
	index.Store
	lead *atomic.Pointer[context.CancelFunc] // of the one that leads
}

// Lead implements index.Leader.
func (s sharedStore) Lead(ctx context.Context) (context.Context, func(), error) {
	lead, lose := context.WithCancel(ctx)
	if !s.lead.CompareAndSwap(nil, &lose) {
		lose()
		return nil, nil, nil
	}
	return lead, func() { lose(); s.lead.CompareAndSwap(&lose, nil) }, nil
}

// TestReplicas lets two directories share a store: one builds, hooks reach
// either, and what one did not survive the other takes up.
func TestReplicas(t *testing.T) {
	inBubble(t, func(w *world) {
		shared := sharedStore{w.store, &atomic.Pointer[context.CancelFunc]{}}
		share := func(o *Options) { o.Store = shared }
		first := w.kratos.register("passkey")
		w.start(share)
		other := &world{t: w.t, kratos: w.kratos, store: w.store, log: &said{}}
		other.start(share)
		w.requireOwner(first, index.Active)
		other.requireOwner(first, index.Active)
		require.Contains(w.t, w.log.String(), "this server builds and sweeps")
		require.NotContains(w.t, other.log.String(), "this server builds and sweeps")
		other.wait(shareEvery) // until it has seen that the index is complete
		other.requireError(fakekey{handle: []byte("nobody")}, ErrUnknown)

		second := w.kratos.register("webauthn")
		other.hook(second.owner, index.FlowRegistration)
		w.requireOwner(second, index.Active)

		w.kratos.setFailure(errDown)
		third := w.kratos.register("passkey")
		other.hook(third.owner, index.FlowRegistration)
		require.NoError(w.t, other.stop())
		w.kratos.setFailure(nil)
		w.requireError(third, ErrUnknown)
		w.wait(orphanedJob + 2*shareEvery)
		w.requireOwner(third, index.Active)

		w.kratos.delete(first.owner)
		require.NoError(w.t, other.d.Reconcile(w.t.Context(), 0))
		w.wait(2 * shareEvery)
		w.requireError(first, ErrRemoved)

		other.start(share)
		require.NoError(w.t, w.stop())
		other.wait(2 * shareEvery)
		require.Contains(w.t, other.log.String(), "this server builds and sweeps")

		(*shared.lead.Load())()
		other.wait(2 * shareEvery)
		require.Contains(w.t, other.log.String(), "this server does not lead any more")
		require.NotNil(w.t, shared.lead.Load(), "it leads again, since nobody else does")
	})
}

func TestConfirm(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.start()
		q := query(k)
		q.Confirm = true
		a, err := w.d.Resolve(w.t.Context(), q)
		require.NoError(w.t, err)
		require.Equal(w.t, SourceKratos, a.Source)
		require.True(w.t, *a.Matches)

		w.kratos.setFailure(errDown)
		_, err = w.d.Resolve(w.t.Context(), q)
		require.ErrorIs(w.t, err, ErrKratos)
		w.requireOwner(k, index.Active)

		w.kratos.setFailure(nil)
		w.kratos.delete(k.owner)
		_, err = w.d.Resolve(w.t.Context(), q)
		require.ErrorIs(w.t, err, ErrRemoved)
	})
}

// TestOldEntriesAreConfirmed answers from the index and asks Kratos afterwards.
func TestOldEntriesAreConfirmed(t *testing.T) {
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		w.start(func(o *Options) { o.ReconcileEvery = 1000 * time.Hour })
		w.wait(23 * time.Hour)
		pulls := w.kratos.pulled()
		w.requireOwner(k, index.Active)
		synctest.Wait()
		require.Equal(w.t, pulls, w.kratos.pulled())
		w.kratos.delete(k.owner)
		w.wait(2 * time.Hour)
		w.requireOwner(k, index.Active)
		synctest.Wait()
		require.Equal(w.t, pulls+1, w.kratos.pulled())
		w.requireError(k, ErrRemoved)
	})
}

func TestIdentityIDs(t *testing.T) {
	for _, tc := range []struct {
		mode              IdentityIDs
		key, bare, nobody error
	}{
		{IdentityIDsWebAuthn, nil, ErrUnknown, ErrUnknown},
		{IdentityIDsAny, nil, nil, ErrUnknown},
		{IdentityIDsOff, ErrUnknown, ErrUnknown, ErrUnknown},
	} {
		t.Run(string(tc.mode), func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.start(func(o *Options) { o.IdentityIDs = tc.mode })
				bare := w.kratos.register("")
				key := w.kratos.add(w.kratos.register("").owner, "webauthn")
				nobody := uuid.New()
				for name, c := range map[string]struct {
					k    fakekey
					want error
				}{
					"key":    {key, tc.key},
					"bare":   {fakekey{owner: bare.owner, handle: bare.owner[:]}, tc.bare},
					"nobody": {fakekey{handle: nobody[:]}, tc.nobody},
					"nil":    {fakekey{handle: make([]byte, 16)}, ErrUnknown},
				} {
					a, err := w.ask(c.k)
					require.ErrorIs(w.t, err, c.want, name)
					if c.want == nil {
						require.Equal(w.t, c.k.owner, a.IdentityID, name)
					}
				}
				if tc.mode == IdentityIDsAny {
					a, err := w.ask(fakekey{handle: bare.owner[:]})
					require.NoError(w.t, err)
					require.Equal(w.t, Answer{
						IdentityID: bare.owner, State: index.Unknown, Source: SourceIdentityID, ConfirmedAt: time.Now().UTC(),
					}, a)
				}
				if tc.mode != IdentityIDsOff {
					w.kratos.setFailure(errDown)
					_, err := w.ask(fakekey{handle: nobody[:]})
					require.ErrorIs(w.t, err, ErrKratos)
				}
			})
		})
	}
}

// TestTwoReadings asks for a text that is somebody's handle as it stands and
// somebody else's once it is decoded.
func TestTwoReadings(t *testing.T) {
	inBubble(t, func(w *world) {
		a, b := w.kratos.register("passkey"), w.kratos.register("passkey")
		text := string(a.handle)
		inner, err := base64.RawURLEncoding.DecodeString(text)
		require.NoError(w.t, err)
		w.kratos.people[b.owner].Passkey.Identifiers = []string{string(inner)}
		w.start()
		readings, err := userhandle.Read(text)
		require.NoError(w.t, err)
		_, err = w.d.Resolve(w.t.Context(), Query{Readings: readings})
		require.ErrorIs(w.t, err, ErrAmbiguous)

		w.kratos.delete(b.owner)
		w.hook(b.owner, index.FlowLogin)
		found, err := w.d.Resolve(w.t.Context(), Query{Readings: readings})
		require.NoError(w.t, err)
		require.Equal(w.t, a.owner, found.IdentityID, "a removed handle is in nobody's way")

		w.kratos.delete(a.owner)
		w.hook(a.owner, index.FlowLogin)
		_, err = w.d.Resolve(w.t.Context(), Query{Readings: readings})
		require.ErrorIs(w.t, err, ErrRemoved)
		_, err = w.d.Resolve(w.t.Context(), Query{Readings: readings, AllowRemoved: true})
		require.ErrorIs(w.t, err, ErrAmbiguous)
	})
}

func TestParseIdentityIDs(t *testing.T) {
	m, err := ParseIdentityIDs("any")
	require.NoError(t, err)
	require.Equal(t, IdentityIDsAny, m)
	_, err = ParseIdentityIDs("all")
	require.EqualError(t, err, `unknown mode "all", want webauthn, any or off`)
}
