package directory

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/memory"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

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

// TestBuildFailsAndGoesOn: whatever fails in a first build is told and tried
// again, and nothing is believed before it is stored.
func TestBuildFailsAndGoesOn(t *testing.T) {
	for _, tc := range []struct {
		method string
		nth    int // call of the method that fails
		loads  bool
	}{
		{"Stats", 1, false},
		{"Update", 1, false},
		{"UpdateMeta", 1, false}, // which records the start of the build
		{"UpdateMeta", 2, false}, // which records a page
		{"UpdateMeta", 3, false}, // which records the end
		{"Load", 1, true},
		{"FinishLoad", 1, true},
	} {
		t.Run(fmt.Sprint(tc.method, tc.nth), func(t *testing.T) {
			inBubble(t, func(w *world) {
				store := newFaultyStore()
				k := w.kratos.register("passkey")
				w.kratos.register("passkey")
				store.failCall(tc.method, tc.nth)
				w.startOn(store.as(tc.loads))
				_, err := w.ask(fakekey{handle: []byte("nobody")})
				require.ErrorIs(w.t, err, ErrBuilding)
				require.True(w.t, w.meta(store).BuiltAt.IsZero())
				require.Contains(w.t, w.log.String(), `msg="cannot list identities; retrying" error="`)
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

// TestBuildIsStoredInBatches: batches have 20,000 identities or more if they are
// loads and 4,000 or more if they are updates, and each is stored before the position
// at which the build would resume after it.
func TestBuildIsStoredInBatches(t *testing.T) {
	for _, tc := range []struct {
		total, page int
		loads       bool
		want        []string
	}{
		{8_001, 4_000, false, []string{
			`next "", read false, built false`,
			"4000 identities", `next "4000", read false, built false`,
			"4000 identities", `next "8000", read false, built false`,
			"1 identities", `next "", read true, built false`,
			`next "", read false, built true`,
		}},
		{8_001, 3_999, false, []string{
			`next "", read false, built false`,
			"7998 identities", `next "7998", read false, built false`,
			"3 identities", `next "", read true, built false`,
			`next "", read false, built true`,
		}},
		{40_001, 20_000, true, []string{
			`next "", read false, built false`,
			"20000 identities", `next "20000", read false, built false`,
			"20000 identities", `next "40000", read false, built false`,
			"1 identities", `next "", read true, built false`,
			"finish", `next "", read false, built true`,
		}},
		{40_001, 19_999, true, []string{
			`next "", read false, built false`,
			"39998 identities", `next "39998", read false, built false`,
			"3 identities", `next "", read true, built false`,
			"finish", `next "", read false, built true`,
		}},
	} {
		t.Run(fmt.Sprintf("%d, loads %t", tc.page, tc.loads), func(t *testing.T) {
			inBubble(t, func(w *world) {
				book := &notebook{Store: memory.New()}
				var store index.Store = book
				if tc.loads {
					store = notebookLoader{book}
				}
				w.startOn(store, func(o *Options) { o.Kratos = &crowd{total: tc.total, page: tc.page} })
				require.Equal(w.t, tc.want, book.lines)
			})
		})
	}
}

// TestBuildIsNoted: when it began and ended, which is also what is known of the
// first sweep.
func TestBuildIsNoted(t *testing.T) {
	for _, loads := range []bool{false, true} {
		t.Run(fmt.Sprintf("loads %t", loads), func(t *testing.T) {
			inBubble(t, func(w *world) {
				store := newFaultyStore()
				w.wait(time.Hour)
				began := time.Now().UTC()
				people := &crowd{total: 5, page: 2, wait: time.Second}
				w.startOn(store.as(loads), func(o *Options) { o.Kratos = people })
				w.wait(time.Minute)
				require.Equal(w.t, []string{"", "", "2", "4"}, people.tokens(), "the first is for the owner of the index")
				built := index.Meta{
					BuildStartedAt: began.Add(time.Second), BuiltAt: began.Add(4 * time.Second),
					SweepStartedAt: began.Add(time.Second), SweepEndedAt: began.Add(4 * time.Second),
				}
				require.Equal(w.t, built, w.meta(store))
				s, err := w.d.Status(w.t.Context())
				require.NoError(w.t, err)
				require.Equal(w.t, Status{Complete: true, Meta: built, Read: 5, Fraction: s.Fraction}, s)
			})
		})
	}
}

// TestBuildIsAskedToSweep: a sweep that is requested while a batch is stored is noticed
// before the next batch.
func TestBuildIsAskedToSweep(t *testing.T) {
	inBubble(t, func(w *world) {
		store, asked := newFaultyStore(), 0
		store.before = func(method string, call int) {
			switch {
			case method != "Load":
			case call == 1:
				go func() {
					if err := w.d.Reconcile(w.t.Context(), 7); err != nil {
						w.t.Error(err)
					}
				}()
				time.Sleep(time.Millisecond)
			default:
				require.Equal(w.t, w.meta(store), *w.d.meta.Load())
				asked = w.d.meta.Load().Accept
			}
		}
		w.startOn(store.as(true), func(o *Options) { o.Kratos = &crowd{total: 40_001, page: 20_000} })
		w.wait(time.Second)
		require.Equal(w.t, 7, asked)
	})
}

// TestBuildGoesOn: what was stored is not read again, neither after a failure nor
// by the next process.
func TestBuildGoesOn(t *testing.T) {
	began := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Hour)
	failOnce := func(page string) func(string) error {
		failed := false
		return func(token string) error {
			if token == page && !failed {
				failed = true
				return errDown
			}
			return nil
		}
	}
	for _, tc := range []struct {
		name   string
		stored index.Meta
		fail   string // the page that fails at first
		finish int    // so many FinishLoads fail
		want   []string
	}{
		{"a page fails", index.Meta{}, "20000", 0, []string{"", "", "20000", "20000", "40000"}},
		{"a page fails whose batch is not stored yet", index.Meta{}, "40000", 0, []string{"", "", "20000", "40000", "40000"}},
		{"the end fails", index.Meta{}, "", 1, []string{"", "", "20000", "40000"}},
		{"a new process", index.Meta{BuildStartedAt: began, BuildToken: "20000"}, "", 0, []string{"", "20000", "40000"}},
		{"a new process after the last page", index.Meta{BuildStartedAt: began, BuildRead: true}, "", 0, []string{""}},
	} {
		for _, loads := range []bool{false, true} {
			if tc.finish > 0 && !loads {
				continue
			}
			t.Run(fmt.Sprintf("%s, loads %t", tc.name, loads), func(t *testing.T) {
				inBubble(t, func(w *world) {
					store := newFaultyStore()
					require.NoError(w.t, store.UpdateMeta(w.t.Context(), func(m *index.Meta) { *m = tc.stored }))
					store.failNext("FinishLoad", tc.finish)
					people := &crowd{total: 40_001, page: 20_000}
					if tc.fail != "" {
						people.fail = failOnce(tc.fail)
					}
					w.startOn(store.as(loads), func(o *Options) { o.Kratos = people })
					w.wait(time.Minute)
					require.Equal(w.t, tc.want, people.tokens())
					m := w.meta(store)
					require.False(w.t, m.BuiltAt.IsZero())
					require.Equal(w.t, m.BuildStartedAt, m.SweepStartedAt)
					if !tc.stored.BuildStartedAt.IsZero() {
						require.Equal(w.t, began, m.BuildStartedAt)
					}
				})
			})
		}
	}
}

// TestBuildGoesOnBehindWhatWasStored: if a batch cannot be stored, the build resumes
// after the last one that was.
func TestBuildGoesOnBehindWhatWasStored(t *testing.T) {
	for _, tc := range []struct {
		method string
		nth    int // call of the method that fails
	}{
		{"Load", 2},
		{"Update", 2},
		{"UpdateMeta", 3}, // after the beginning and the first batch
	} {
		t.Run(tc.method, func(t *testing.T) {
			inBubble(t, func(w *world) {
				store, began := newFaultyStore(), time.Now().UTC()
				store.failCall(tc.method, tc.nth)
				store.before = func(method string, call int) {
					if method == tc.method && call == tc.nth {
						time.Sleep(time.Second) // until all is read
					}
				}
				people := &crowd{total: 40_001, page: 20_000}
				w.startOn(store.as(tc.method == "Load"), func(o *Options) { o.Kratos = people })
				w.wait(time.Minute)
				require.Equal(w.t, []string{"", "", "20000", "40000", "20000", "40000"}, people.tokens())
				require.Equal(w.t, began, w.meta(store).SweepStartedAt)
				require.False(w.t, w.meta(store).BuiltAt.IsZero())
			})
		})
	}
}

// TestBuildForgetsAPageThatIsGone: if Kratos rejects the page token, the build starts
// from the beginning; after any other failure it keeps its position.
func TestBuildForgetsAPageThatIsGone(t *testing.T) {
	status := func(code int) error { return fmt.Errorf("list: %w", &kratosadmin.StatusError{Code: code}) }
	again, fromFront := []string{"", "63", "63"}, []string{"", "63", ""}
	for _, tc := range []struct {
		cause error
		want  []string
	}{
		{status(400), fromFront},
		{status(404), fromFront},
		{status(302), again}, // to a page that signs operators in
		{status(401), again},
		{status(403), again},
		{status(429), again},
		{status(500), again},
		{errDown, again},
	} {
		t.Run(tc.cause.Error(), func(t *testing.T) {
			inBubble(t, func(w *world) {
				require.NoError(w.t, w.store.UpdateMeta(w.t.Context(), func(m *index.Meta) { m.BuildToken = "63" }))
				failures := 1
				people := &crowd{total: 127, page: 127, fail: func(token string) error {
					if token == "" || failures == 0 {
						return nil
					}
					failures--
					return tc.cause
				}}
				w.start(func(o *Options) { o.Kratos = people })
				w.wait(time.Second)
				require.Equal(w.t, tc.want, people.tokens())
				require.Contains(w.t, w.log.String(), fmt.Sprintf("retrying\" error=%q", tc.cause))
			})
		})
	}
}

// blockedStore takes a batch only when it is let go.
type blockedStore struct {
	*memory.Store
	let chan struct{}
}

// Update implements index.Store.
func (s *blockedStore) Update(ctx context.Context, ids []uuid.UUID, change index.Change) (int, error) {
	<-s.let
	return s.Store.Update(ctx, ids, change)
}

// TestBuildReadsAhead: a build reads a few pages ahead while it stores, and is not
// complete if it is stopped meanwhile.
func TestBuildReadsAhead(t *testing.T) {
	inBubble(t, func(w *world) {
		store := &blockedStore{Store: memory.New(), let: make(chan struct{})}
		people := &crowd{total: 8 * loadBatch, page: loadBatch}
		w.startOn(store, func(o *Options) { o.Kratos = people })
		require.Equal(w.t, []string{"", "", "20000", "40000", "60000", "80000", "100000"}, people.tokens(),
			"one is stored, four wait, and one has just been read")
		stopped := make(chan error, 1)
		go func() { stopped <- w.stop() }()
		synctest.Wait()
		close(store.let)
		require.NoError(w.t, <-stopped)
		m := w.meta(store)
		require.True(w.t, m.BuiltAt.IsZero())
		require.Equal(w.t, "100000", m.BuildToken, "what was read is stored")
		require.NotContains(w.t, w.log.String(), "index is complete")
	})
}

// TestBuildTells: the build reports its progress on request, and in the log every ten
// seconds.
func TestBuildTells(t *testing.T) {
	inBubble(t, func(w *world) {
		stays := w.kratos.register("passkey")
		w.remember(stays.owner) // an earlier process has read it
		people := &crowd{total: 63, page: 2, wait: 1100 * time.Millisecond}
		w.start(func(o *Options) { o.Kratos = stayingIn{people, w.kratos} })
		w.wait(16 * time.Second)
		require.Equal(w.t, []string{
			`msg="building the index: progress" identities_read=19 percent=28 per_second=1 left=27s`,
		}, w.log.lines("building the index: progress"))
		p, first, reading := w.d.Progress()
		require.Equal(w.t, kratosadmin.Progress{Identities: 29, Resumed: 1, Fraction: 28. / 64, Elapsed: 16 * time.Second}, p)
		require.True(w.t, first)
		require.True(w.t, reading)
		s, err := w.d.Status(w.t.Context())
		require.NoError(w.t, err)
		require.Equal(w.t, Status{Meta: *w.d.meta.Load(), Stats: index.Stats{Identities: 1, Active: 1}, Reading: true, Read: 28, Fraction: 28. / 64}, s)

		w.wait(time.Minute)
		p, first, reading = w.d.Progress()
		require.Equal(w.t, 64, p.Identities)
		require.False(w.t, first)
		require.False(w.t, reading)
		require.Len(w.t, w.log.lines("building the index: progress"), 3, "and no more once it is done")
	})
}

// stayingIn is a crowd that also has the identities of a fakekratos, without listing
// them.
type stayingIn struct {
	*crowd
	kratos *fakekratos
}

// Identity implements Kratos.
func (s stayingIn) Identity(ctx context.Context, id uuid.UUID) (*kratosadmin.Identity, error) {
	return s.kratos.Identity(ctx, id)
}
