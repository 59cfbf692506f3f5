package directory

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/memory"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// world is a directory in a bubble of time, beside a fakekratos.
type world struct {
	t      *testing.T
	kratos *fakekratos
	store  index.Store
	d      *Directory
	log    *said
	stop   func() error // and what Run answered
	ends   error        // what it may answer besides nil

	options []func(*Options) // of its last start
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

// lines returns the log lines with a message, without the time and the level.
func (s *said) lines(message string) (lines []string) {
	for dueHeap := range strings.Lines(s.String()) {
		if at := strings.Index(dueHeap, fmt.Sprintf("msg=%q", message)); at >= 0 {
			lines = append(lines, strings.TrimSuffix(dueHeap[at:], "\n"))
		}
	}
	return lines
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
	w.options = change
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
	w.stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	stop := w.stop
	w.t.Cleanup(func() {
		if err := stop(); err != nil {
			require.ErrorIs(w.t, err, w.ends)
		}
	})
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

// requireOwner requires that a key's handle resolves to its owner.
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

// remember stores what a pull of an identity shows now, as an earlier process
// would have.
func (w *world) remember(id uuid.UUID) {
	w.t.Helper()
	seen, err := w.kratos.Identity(w.t.Context(), id)
	require.NoError(w.t, err)
	now := time.Now()
	_, err = w.store.Update(w.t.Context(), []uuid.UUID{id}, func(_ uuid.UUID, cur *index.Identity) *index.Identity {
		return mergePulled(cur, seen, observation{now, now})
	})
	require.NoError(w.t, err)
}
