package directory

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/index/memory"
	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// faultyStore is a memory store that fails when it is told to, and counts what
// is asked of it.
type faultyStore struct {
	*memory.Store
	mu    sync.Mutex
	fail  map[string]int // by method: so many of the next calls
	calls map[string]int
}

func newFaultyStore() *faultyStore {
	return &faultyStore{Store: memory.New(), fail: map[string]int{}, calls: map[string]int{}}
}

var errDisk = errors.New("the disk is full")

func (s *faultyStore) call(method string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[method]++
	if s.fail[method] > 0 {
		s.fail[method]--
		return errDisk
	}
	return nil
}

func (s *faultyStore) failNext(method string, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail[method] = times
}

func (s *faultyStore) called(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

func (s *faultyStore) Owners(ctx context.Context, d userhandle.Digest) ([]*index.Identity, error) {
	if err := s.call("Owners"); err != nil {
		return nil, err
	}
	return s.Store.Owners(ctx, d)
}

func (s *faultyStore) Identity(ctx context.Context, id uuid.UUID) (*index.Identity, error) {
	if err := s.call("Identity"); err != nil {
		return nil, err
	}
	return s.Store.Identity(ctx, id)
}

func (s *faultyStore) After(ctx context.Context, id uuid.UUID, limit int) ([]*index.Identity, error) {
	if err := s.call("After"); err != nil {
		return nil, err
	}
	return s.Store.After(ctx, id, limit)
}

func (s *faultyStore) Update(ctx context.Context, ids []uuid.UUID, change index.Change) (int, error) {
	if err := s.call("Update"); err != nil {
		return 0, err
	}
	return s.Store.Update(ctx, ids, change)
}

func (s *faultyStore) Stats(ctx context.Context) (index.Stats, error) {
	if err := s.call("Stats"); err != nil {
		return index.Stats{}, err
	}
	return s.Store.Stats(ctx)
}

func (s *faultyStore) Meta(ctx context.Context) (index.Meta, error) {
	if err := s.call("Meta"); err != nil {
		return index.Meta{}, err
	}
	return s.Store.Meta(ctx)
}

func (s *faultyStore) UpdateMeta(ctx context.Context, change func(*index.Meta)) error {
	if err := s.call("UpdateMeta"); err != nil {
		return err
	}
	return s.Store.UpdateMeta(ctx, change)
}

func (s *faultyStore) Enqueue(ctx context.Context, job index.Job) error {
	if err := s.call("Enqueue"); err != nil {
		return err
	}
	return s.Store.Enqueue(ctx, job)
}

func (s *faultyStore) Dequeue(ctx context.Context, job index.Job) error {
	if err := s.call("Dequeue"); err != nil {
		return err
	}
	return s.Store.Dequeue(ctx, job)
}

func (s *faultyStore) Jobs(ctx context.Context) ([]index.Job, error) {
	if err := s.call("Jobs"); err != nil {
		return nil, err
	}
	return s.Store.Jobs(ctx)
}

// faultyLoader takes a first build in its own way, as bolt does.
type faultyLoader struct{ *faultyStore }

// Load implements index.Loader.
func (s faultyLoader) Load(ctx context.Context, ids []uuid.UUID, change index.Change, meta func(*index.Meta)) error {
	if err := s.call("Load"); err != nil {
		return err
	}
	if _, err := s.Store.Update(ctx, ids, change); err != nil {
		return err
	}
	return s.Store.UpdateMeta(ctx, meta)
}

// FinishLoad implements index.Loader.
func (s faultyLoader) FinishLoad(context.Context) error { return s.call("FinishLoad") }

// startOn starts a directory on a store of its own.
func (w *world) startOn(store index.Store, change ...func(*Options)) {
	w.t.Helper()
	w.start(append(change, func(o *Options) { o.Store = store })...)
}

func (w *world) meta(store index.Store) index.Meta {
	w.t.Helper()
	m, err := store.Meta(w.t.Context())
	require.NoError(w.t, err)
	return m
}

// TestBuildFailsAndGoesOn: whatever fails in a first build is told and tried
// again, and nothing is believed before it is stored.
func TestBuildFailsAndGoesOn(t *testing.T) {
	for _, method := range []string{"Stats", "Update", "UpdateMeta", "UpdateMeta 2", "UpdateMeta 3", "Load", "FinishLoad"} {
		t.Run(method, func(t *testing.T) {
			inBubble(t, func(w *world) {
				faulty := newFaultyStore()
				var store index.Store = faulty
				if method == "Load" || method == "FinishLoad" {
					store = faultyLoader{faulty}
				}
				k := w.kratos.register("passkey")
				w.kratos.register("passkey")
				switch method {
				case "UpdateMeta 2", "UpdateMeta 3": // where a page, and where the end of the build is noted
					nth := int(method[len(method)-1] - '0')
					store = &nthFails{Store: faulty.Store, nth: nth}
				default:
					faulty.failNext(method, 1)
				}
				w.startOn(store)
				_, err := w.ask(fakekey{handle: []byte("nobody")})
				require.ErrorIs(w.t, err, ErrBuilding)
				require.True(w.t, w.meta(w.d.store).BuiltAt.IsZero())
				require.Contains(w.t, w.log.String(), `msg="cannot read the list of identities; trying again" error="`)
				require.Contains(w.t, w.log.String(), "the disk is full")
				require.NotContains(w.t, w.log.String(), "index is complete")
				w.wait(time.Second)
				w.requireOwner(k, index.Active)
				w.requireError(fakekey{handle: []byte("nobody")}, ErrUnknown)
				require.Contains(w.t, w.log.String(), `msg="index is complete"`)
			})
		})
	}
}

// nthFails is a memory store whose n-th UpdateMeta fails.
type nthFails struct {
	*memory.Store
	nth int
}

// UpdateMeta implements index.Store.
func (s *nthFails) UpdateMeta(ctx context.Context, change func(*index.Meta)) error {
	if s.nth--; s.nth == 0 {
		return errDisk
	}
	return s.Store.UpdateMeta(ctx, change)
}

// TestBuildIsNoted: how far a build is, and when it began and ended.
func TestBuildIsNoted(t *testing.T) {
	for name, as := range map[string]func(*faultyStore) index.Store{
		"updates": func(s *faultyStore) index.Store { return s },
		"loads":   func(s *faultyStore) index.Store { return faultyLoader{s} },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				faulty := newFaultyStore()
				store := as(faulty)
				w.kratos.page = 2
				var keys []fakekey
				for range 5 {
					keys = append(keys, w.kratos.register("passkey"))
				}
				began := time.Now()
				slow := &slowKratos{fakekratos: w.kratos, wait: time.Second}
				w.startOn(store, func(o *Options) { o.Kratos = slow })
				w.wait(time.Minute)
				for _, k := range keys {
					w.requireOwner(k, index.Active)
				}
				m := w.meta(store)
				require.Equal(w.t, *w.d.meta.Load(), m, "what is known is what is stored")
				require.WithinDuration(w.t, began, m.BuildStartedAt, 2*time.Second)
				require.True(w.t, m.BuiltAt.After(m.BuildStartedAt))
				require.Equal(w.t, m.BuildStartedAt, m.SweepStartedAt)
				require.False(w.t, m.SweepEndedAt.IsZero())
				require.False(w.t, m.BuildRead)
				require.Empty(w.t, m.BuildToken)
				s, err := w.d.Status(w.t.Context())
				require.NoError(w.t, err)
				require.True(w.t, s.Complete)
				require.False(w.t, s.Reading)
				if name == "loads" {
					require.Equal(w.t, 1, faulty.called("Load"), "several pages are one batch")
					require.Equal(w.t, 1, faulty.called("FinishLoad"))
				}
			})
		})
	}
}

// slowKratos takes its time for every page.
type slowKratos struct {
	*fakekratos
	wait time.Duration
	fail func(token string) error
}

// List implements Kratos.
func (s *slowKratos) List(ctx context.Context, token string) (*kratosadmin.Page, error) {
	if err := sleep(ctx, s.wait); err != nil {
		return nil, err
	}
	if s.fail != nil {
		if err := s.fail(token); err != nil {
			return nil, err
		}
	}
	return s.fakekratos.List(ctx, token)
}

// TestBuildForgetsAPageThatIsGone: where Kratos does not know the page any more
// the build starts from the front; any other trouble keeps its place.
func TestBuildForgetsAPageThatIsGone(t *testing.T) {
	for _, tc := range []struct {
		name    string
		cause   error
		token   string
		forgets bool
	}{
		{"not found", &kratosadmin.StatusError{Code: 404}, "stale", true},
		{"bad request", &kratosadmin.StatusError{Code: 499}, "stale", true},
		{"server error", &kratosadmin.StatusError{Code: 500}, "stale", false},
		{"no answer", errDown, "stale", false},
		{"from the front", &kratosadmin.StatusError{Code: 404}, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inBubble(t, func(w *world) {
				w.start()
				require.NoError(w.t, w.stop())
				require.NoError(w.t, w.d.updateMeta(w.t.Context(), func(m *index.Meta) { *m = index.Meta{BuildStartedAt: micros(time.Now()), BuildToken: tc.token} }))
				err := w.d.forgetToken(w.t.Context(), tc.cause)
				require.ErrorIs(w.t, err, tc.cause)
				want := tc.token
				if tc.forgets {
					want = ""
				}
				require.Equal(w.t, want, w.meta(w.store).BuildToken)
				require.Equal(w.t, want, w.d.meta.Load().BuildToken)
			})
		})
	}
	inBubble(t, func(w *world) {
		k := w.kratos.register("passkey")
		require.NoError(w.t, w.store.UpdateMeta(w.t.Context(), func(m *index.Meta) {
			m.BuildStartedAt, m.BuildToken = time.Now().UTC(), "ffffffff"
		}))
		gone := &slowKratos{fakekratos: w.kratos, fail: func(token string) error {
			if token != "" {
				return &kratosadmin.StatusError{Code: 404}
			}
			return nil
		}}
		w.start(func(o *Options) { o.Kratos = gone })
		w.requireError(k, ErrBuilding)
		w.wait(time.Minute)
		w.requireOwner(k, index.Active)
	})
}

// TestBuildThatWasRead only ends: the list is not read again.
func TestBuildThatWasRead(t *testing.T) {
	inBubble(t, func(w *world) {
		began := time.Now().UTC().Add(-time.Hour)
		k := w.kratos.register("passkey")
		faulty := newFaultyStore()
		require.NoError(w.t, faulty.UpdateMeta(w.t.Context(), func(m *index.Meta) { m.BuildStartedAt, m.BuildRead = began, true }))
		w.startOn(faultyLoader{faulty})
		w.requireError(k, ErrUnknown)
		require.Zero(w.t, faulty.called("Load"))
		require.Equal(w.t, 1, faulty.called("FinishLoad"))
		require.Equal(w.t, began, w.meta(faulty).BuildStartedAt)
		require.Equal(w.t, began, w.meta(faulty).SweepStartedAt)
	})
}

// TestLongBuild is stored in batches, says how far it is, and believes a pull
// that is newer than its batch.
func TestLongBuild(t *testing.T) {
	inBubble(t, func(w *world) {
		w.kratos.page = 500
		first := w.kratos.register("passkey")
		for range loadBatch {
			w.kratos.register("")
		}
		faulty := newFaultyStore()
		slow := &slowKratos{fakekratos: w.kratos, wait: time.Second}
		w.startOn(faultyLoader{faulty}, func(o *Options) { o.Kratos = slow })
		w.wait(30 * time.Second)
		st, err := w.d.Status(w.t.Context())
		require.NoError(w.t, err)
		require.True(w.t, st.Reading)
		require.False(w.t, st.Complete)
		require.Zero(w.t, faulty.called("Load"))
		require.Contains(w.t, w.log.String(), `msg="still building"`)
		w.wait(time.Minute)
		require.Equal(w.t, 2, faulty.called("Load"), "20,000 and the rest")
		w.requireOwner(first, index.Active)
		said := w.log.String()
		w.wait(time.Minute)
		require.Equal(w.t, said, w.log.String(), "whoever is done says no more")
	})
}
