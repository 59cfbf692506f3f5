package directory

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// TestQueueRepeats: a pull is repeated after a failure and if it does not show the
// flow's change. The queue reports how long the oldest hook has waited.
func TestQueueRepeats(t *testing.T) {
	inQueue(t, func(t *testing.T, q *queue, store *faultyStore) {
		id := uuid.UUID{1}
		require.NoError(t, q.add(t.Context(), id, index.FlowRegistration))
		time.Sleep(time.Second)
		_, _ = q.take(1)
		waited, err := q.finish(t.Context(), id, false, errors.New("down"))
		require.NoError(t, err)
		require.Zero(t, waited, "it still waits")
		require.Len(t, stored(t, store), 1)
		none, wait := q.take(1)
		require.Empty(t, none)
		require.GreaterOrEqual(t, wait, 250*time.Millisecond)
		require.LessOrEqual(t, wait, 500*time.Millisecond)
		time.Sleep(wait)
		for _, pause := range []time.Duration{time.Second, 10 * time.Second} {
			jobs, _ := q.take(1)
			require.Len(t, jobs, 1)
			waited, err = q.finish(t.Context(), id, false, nil)
			require.NoError(t, err)
			require.Equal(t, pause == time.Second, waited >= time.Second, "only the first pull is news: %s", waited)
			none, wait = q.take(1)
			require.Empty(t, none)
			require.Equal(t, pause, wait)
			time.Sleep(pause - 1)
			none, _ = q.take(1)
			require.Empty(t, none)
			time.Sleep(time.Nanosecond)
		}
		jobs, _ := q.take(1)
		require.Len(t, jobs, 1)
		_, err = q.finish(t.Context(), id, false, nil)
		require.NoError(t, err)
		require.Empty(t, stored(t, store))
	})
}

// TestQueueRepeatsFromTheNewest: the waits of one and of ten seconds count from
// the last hook, whether it replaces the one before or is covered by it.
func TestQueueRepeatsFromTheNewest(t *testing.T) {
	for name, flow := range map[string]index.Flow{"covered": index.FlowSettings, "replaced": index.FlowRegistration} {
		t.Run(name, func(t *testing.T) {
			inQueue(t, func(t *testing.T, q *queue, _ *faultyStore) {
				id := uuid.UUID{1}
				require.NoError(t, q.add(t.Context(), id, index.FlowSettings))
				for _, next := range []index.Flow{flow, index.FlowNone} {
					_, _ = q.take(1)
					_, err := q.finish(t.Context(), id, false, nil)
					require.NoError(t, err)
					_, wait := q.take(1)
					require.Equal(t, time.Second, wait)
					time.Sleep(time.Second / 2)
					if next != index.FlowNone {
						require.NoError(t, q.add(t.Context(), id, next))
					}
				}
			})
		})
	}
}

// TestQueueBacksOff: the waits after failures grow, whatever fails, and start over
// after a successful pull. A new hook is pulled at once.
func TestQueueBacksOff(t *testing.T) {
	inQueue(t, func(t *testing.T, q *queue, store *faultyStore) {
		id := uuid.UUID{1}
		pull := func(failure error) (wait time.Duration) {
			t.Helper()
			jobs, _ := q.take(1)
			require.Len(t, jobs, 1)
			_, err := q.finish(t.Context(), id, false, failure)
			require.NoError(t, err)
			jobs, wait = q.take(1)
			require.Empty(t, jobs)
			return wait
		}
		failing := func() {
			t.Helper()
			for _, most := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second} {
				wait := pull(errDisk)
				require.GreaterOrEqual(t, wait, most/2)
				require.LessOrEqual(t, wait, most)
				time.Sleep(wait)
			}
		}
		require.NoError(t, q.add(t.Context(), id, index.FlowSettings))
		failing()
		require.Equal(t, time.Second, pull(nil), "nothing is new yet")
		time.Sleep(time.Second)
		failing()

		jobs, _ := q.take(1)
		require.Len(t, jobs, 1)
		require.NoError(t, q.add(t.Context(), id, index.FlowSettings))
		_, err := q.finish(t.Context(), id, false, nil)
		require.NoError(t, err)
		failing()

		pull(errDisk)
		require.NoError(t, q.add(t.Context(), id, index.FlowSettings))
		jobs, _ = q.take(1)
		require.Len(t, jobs, 1)
		require.Zero(t, store.called("Dequeue"))
	})
}

// TestQueueWaitsForTheNext in either line.
func TestQueueWaitsForTheNext(t *testing.T) {
	for name, tc := range map[string]struct{ hook, own, want time.Duration }{
		"a hook":              {time.Second, 10 * time.Second, time.Second},
		"a pull without hook": {10 * time.Second, time.Second, time.Second},
		"only a hook":         {time.Minute, 0, time.Minute},
		"only the other":      {0, time.Minute, time.Minute},
		"neither":             {0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inQueue(t, func(t *testing.T, q *queue, _ *faultyStore) {
				if tc.hook > 0 {
					q.push(&job{durable: true}, time.Now().Add(tc.hook))
				}
				if tc.own > 0 {
					q.push(&job{}, time.Now().Add(tc.own))
				}
				jobs, wait := q.take(5)
				require.Empty(t, jobs)
				require.Equal(t, tc.want, wait)
			})
		})
	}
}

// TestQueueSleeps until a signal, a time or the end.
func TestQueueSleeps(t *testing.T) {
	inQueue(t, func(t *testing.T, q *queue, _ *faultyStore) {
		began := time.Now()
		require.NoError(t, q.sleep(t.Context(), time.Second-1))
		require.NoError(t, q.sleep(t.Context(), 1))
		require.Equal(t, time.Second, time.Since(began))
		q.signal()
		q.signal()
		require.NoError(t, q.sleep(t.Context(), 0))
		require.Equal(t, time.Second, time.Since(began), "a signal wakes at once")
		done := make(chan error, 1)
		go func() { done <- q.sleep(t.Context(), 0) }()
		synctest.Wait()
		require.Empty(t, done, "two signals are one")
		q.signal()
		require.NoError(t, <-done)
	})
}

// TestPauses: pauses grow from 500 ms to about a minute, with a jitter of one half.
func TestPauses(t *testing.T) {
	for failures, most := range map[int]time.Duration{0: 500 * time.Millisecond, 1: time.Second, 4: 8 * time.Second, 7: 64 * time.Second, 8: 64 * time.Second, 1000: 64 * time.Second} {
		require.Equal(t, most, longestPause(failures))
		least := most
		for range 200 {
			got := pause(failures)
			require.Greater(t, got, most/2)
			require.LessOrEqual(t, got, most)
			least = min(least, got)
		}
		require.Less(t, least, most*6/10, "it has jitter")
	}
}
