package directory

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/memory"
)

// TestOptionsHaveDefaults: the options have the documented defaults, and given values
// are used.
func TestOptionsHaveDefaults(t *testing.T) {
	d, err := New(t.Context(), Options{Store: memory.New()})
	require.NoError(t, err)
	require.Equal(t, 6*time.Hour, d.reconcileEvery)
	require.Equal(t, 24*time.Hour, d.maxAge)
	require.Equal(t, 8, d.pulls)
	require.WithinDuration(t, time.Now(), d.now(), time.Minute)
	require.NotPanics(t, func() { d.onPulled(time.Second) })

	long := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	d, err = New(t.Context(), Options{Store: memory.New(), ReconcileEvery: 1, MaxAge: 2, Pulls: 3, Now: func() time.Time { return long }})
	require.NoError(t, err)
	require.Equal(t, time.Duration(1), d.reconcileEvery)
	require.Equal(t, time.Duration(2), d.maxAge)
	require.Equal(t, 3, d.pulls)
	require.Equal(t, long, d.now())
}

// TestPullsAreMeasured: each is a span, whatever asked for it, and how long a
// hook waited for its own is told.
func TestPullsAreMeasured(t *testing.T) {
	inBubble(t, func(w *world) {
		spans := tracetest.NewSpanRecorder()
		provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
		var waited []time.Duration
		late := &lateKratos{fakekratos: w.kratos}
		k := w.kratos.register("passkey")
		w.start(func(o *Options) {
			o.Kratos, o.Tracer, o.OnPulled = late, provider.Tracer("test"), func(d time.Duration) { waited = append(waited, d) }
		})
		pulls := func(all []trace.ReadOnlySpan) (pulls []trace.ReadOnlySpan) {
			for _, s := range all {
				if s.Name() == "pull" {
					pulls = append(pulls, s)
				}
			}
			return pulls
		}
		started := func() (n int) {
			for _, s := range spans.Started() {
				if s.Name() == "pull" {
					n++
				}
			}
			return n
		}
		require.Empty(w.t, pulls(spans.Ended()), "the list is no pull")
		late.identity.Store(int64(time.Second))
		w.hook(k.owner, index.FlowLogin)
		require.Equal(w.t, 1, started())
		require.Empty(w.t, pulls(spans.Ended()))
		w.wait(time.Second)
		require.Equal(w.t, []time.Duration{time.Second}, waited)
		_, _, err := w.d.Refresh(w.t.Context(), k.owner)
		require.NoError(w.t, err)
		require.Equal(w.t, []time.Duration{time.Second}, waited, "no hook asked for this one")
		w.d.queue.enqueueLocal(k.owner)
		w.wait(time.Second)
		require.Equal(w.t, []time.Duration{time.Second}, waited, "nor for this one")
		ended := pulls(spans.Ended())
		require.Len(w.t, ended, 3)
		for _, s := range ended {
			require.Equal(w.t, time.Second, s.EndTime().Sub(s.StartTime()))
		}
		late.identity.Store(1)
		w.hook(k.owner, index.FlowLogin)
		w.wait(1)
		require.Equal(w.t, []time.Duration{time.Second, 1}, waited)
	})
}

// TestCommitsAreTraced: every write to the store is a span, which says how many
// records it was about and whether it failed.
func TestCommitsAreTraced(t *testing.T) {
	inBubble(t, func(w *world) {
		spans := tracetest.NewSpanRecorder()
		provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
		k := w.kratos.register("passkey")
		store := newFaultyStore()
		w.startOn(store, func(o *Options) { o.Tracer = provider.Tracer("test") })
		store.failNext("Update", 1)
		w.hook(k.owner, index.FlowLogin)
		w.wait(time.Minute)
		failed, records := map[string]int{}, map[string]int64{}
		for _, s := range spans.Ended() {
			if s.Name() == "pull" {
				continue
			}
			failed[s.Name()] += map[codes.Code]int{codes.Error: 1}[s.Status().Code]
			for _, a := range s.Attributes() {
				require.Equal(w.t, attribute.Key("oly_passkey.records"), a.Key)
				records[s.Name()] = a.Value.AsInt64()
			}
		}
		require.Equal(w.t, map[string]int{"index update": 1, "index update-meta": 0, "index enqueue": 0, "index dequeue": 0}, failed)
		require.Equal(w.t, map[string]int64{"index update": 1, "index update-meta": 0, "index enqueue": 1, "index dequeue": 1}, records)
	})
}

// TestPullsAreBounded: the numbers of pulls for hooks and of pulls that queries wait
// for are limited, and queries wait at most eight seconds.
func TestPullsAreBounded(t *testing.T) {
	inBubble(t, func(w *world) {
		var keys []fakekey
		for range 40 {
			keys = append(keys, w.kratos.register("passkey"))
		}
		slow := &lateKratos{fakekratos: w.kratos}
		w.start(func(o *Options) { o.Kratos, o.Pulls = slow, 3 })
		slow.identity.Store(int64(10 * time.Second))
		pulls := w.kratos.pulled()
		for _, k := range keys[:7] {
			w.hook(k.owner, index.FlowLogin)
		}
		for _, want := range []int{3, 6, 7, 7} {
			require.Equal(w.t, pulls+want, w.kratos.pulled())
			w.wait(10 * time.Second)
		}

		slow.identity.Store(int64(5 * time.Second))
		pulls = w.kratos.pulled()
		answers := make(chan error, len(keys))
		for _, k := range keys {
			go func() {
				_, _, err := w.d.Refresh(context.WithoutCancel(w.t.Context()), k.owner)
				answers <- err
			}()
		}
		w.wait(0)
		require.Equal(w.t, pulls+16, w.kratos.pulled())
		w.wait(5 * time.Second)
		require.Equal(w.t, pulls+32, w.kratos.pulled())
		require.Len(w.t, answers, 16)
		w.wait(3 * time.Second)
		require.Len(w.t, answers, 40, "the others have waited for long enough")
		failed := 0
		for range keys {
			if err := <-answers; err != nil {
				require.ErrorIs(w.t, err, ErrKratos)
				failed++
			}
		}
		require.Equal(w.t, 24, failed)
		slow.identity.Store(0)
		_, _, err := w.d.Refresh(w.t.Context(), keys[0].owner)
		require.NoError(w.t, err)
	})
}
