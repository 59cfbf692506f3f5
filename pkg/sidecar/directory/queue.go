package directory

import (
	"cmp"
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// queue holds the identities to pull, deduplicated. Jobs from hooks are persisted
// before the hook is acknowledged, and run first. Background jobs are in memory only.
type queue struct {
	store     index.Store
	tracer    trace.Tracer
	shared    bool             // whether other servers complete jobs of the store, too
	now       func() time.Time // this server's clock
	sharedNow func() time.Time // the clock of all servers
	wake      chan struct{}    // signals that a job may be due

	mu         sync.Mutex
	jobs       map[uuid.UUID]*job
	hooks      dueHeap // waiting jobs from hooks
	background dueHeap
}

type job struct {
	index.Job
	durable   bool // it is from a hook, and stored
	running   bool // removed from the heap while running
	again     bool // it was requested again while it ran
	due       time.Time
	since     time.Time // arrival of the first hook that it covers
	heapIndex int       // position in its heap
	failures  int
	unchanged int // pulls without a change so far
}

// repulls returns the delays before another pull if a pull showed no change: a
// replica of Kratos' database may lag behind the hook.
func repulls() []time.Duration { return []time.Duration{time.Second, 10 * time.Second} }

func newQueue(ctx context.Context, store index.Store, tracer trace.Tracer, now, sharedNow func() time.Time) (*queue, error) {
	waiting, err := store.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	_, shared := store.(index.Leader)
	q := &queue{store: store, tracer: tracer, shared: shared, now: now, sharedNow: sharedNow, wake: make(chan struct{}, 1), jobs: map[uuid.UUID]*job{}}
	for _, w := range waiting {
		q.restore(w)
	}
	return q, nil
}

// add enqueues a pull for a hook, and returns once the job is stored.
func (q *queue) add(ctx context.Context, id uuid.UUID, flow index.Flow) error {
	stored, coalesced := q.coalesce(id, flow)
	if coalesced {
		return nil
	}
	err := commit(ctx, q.tracer, "enqueue", 1, func(ctx context.Context) (err error) {
		stored.Number, err = q.store.Enqueue(ctx, stored)
		return err
	})
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.jobs[id]
	if j == nil {
		j = &job{}
		q.jobs[id] = j
	}
	q.remove(j)
	if j.since.IsZero() {
		j.since = q.now()
	}
	if repeats(j.Flow) {
		stored.Flow = j.Flow
	}
	if stored.Number > j.Number {
		j.Job = stored
	}
	j.Flow, j.durable, j.unchanged = stored.Flow, true, 0
	if j.running {
		j.again = true
		return nil
	}
	q.push(j, q.now())
	return nil
}

// restore adds a persisted job, unless the identity is already queued.
func (q *queue) restore(stored index.Job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.jobs[stored.Identity] != nil {
		return
	}
	j := &job{Job: stored, durable: true, since: q.now()}
	q.jobs[stored.Identity] = j
	q.push(j, q.now())
}

// coalesce reports whether a waiting stored job covers a new hook, which requires
// that no other server can have completed that job. Otherwise it returns the job to
// store. The number of a job is its time of creation, from which other servers
// derive its age.
func (q *queue) coalesce(id uuid.UUID, flow index.Flow) (j index.Job, coalesced bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	cur := q.jobs[id]
	if cur != nil && cur.durable && !cur.running && !q.shared && (cur.Flow == flow || !repeats(flow)) {
		q.remove(cur)
		cur.unchanged = 0
		q.push(cur, q.now())
		return cur.Job, true
	}
	if cur != nil && repeats(cur.Flow) {
		flow = cur.Flow
	}
	return index.Job{Identity: id, Number: uint64(q.sharedNow().UnixNano()), Flow: flow}, false
}

// repeats reports whether a flow changes credentials, so that a pull that shows no
// change is repeated.
func repeats(f index.Flow) bool { return f == index.FlowRegistration || f == index.FlowSettings }

// maxBackground is the maximum number of waiting background jobs.
const maxBackground = 100_000

// enqueueLocal enqueues a background pull.
func (q *queue) enqueueLocal(id uuid.UUID) { q.enqueueLocalIn(0, id) }

// enqueueLocalIn enqueues a background pull after a delay. If too many are waiting,
// it is dropped, and the next sweep enqueues it again.
func (q *queue) enqueueLocalIn(wait time.Duration, id uuid.UUID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.jobs[id] != nil || len(q.background) >= maxBackground {
		return
	}
	j := &job{Job: index.Job{Identity: id}}
	q.jobs[id] = j
	q.push(j, q.now().Add(wait))
}

// take starts up to n due jobs, those of hooks first. wait is the time until the next
// job is due, 0 if none is waiting.
func (q *queue) take(n int) (started []index.Job, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	for _, l := range []*dueHeap{&q.hooks, &q.background} {
		for len(started) < n && len(*l) > 0 && !(*l)[0].due.After(now) {
			j := (*l)[0]
			q.remove(j)
			j.running, j.again = true, false
			started = append(started, j.Job)
		}
		if len(*l) > 0 {
			left := max((*l)[0].due.Sub(now), 1)
			wait = min(cmp.Or(wait, left), left)
		}
	}
	return started, wait
}

// finish completes a job, and removes it from the store unless it runs again. waited
// is how long the first hook that it covers has waited; 0 for background jobs and
// repeated pulls.
func (q *queue) finish(ctx context.Context, id uuid.UUID, changed bool, failure error) (waited time.Duration, err error) {
	done, forget, waited := q.complete(id, changed, failure)
	if forget {
		err = commit(ctx, q.tracer, "dequeue", 1, func(ctx context.Context) error { return q.store.Dequeue(ctx, done) })
	}
	return waited, err
}

// complete removes or reschedules a job that ran. forget reports whether done must be
// removed from the store.
func (q *queue) complete(id uuid.UUID, changed bool, failure error) (done index.Job, forget bool, waited time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.jobs[id]
	j.running = false
	if failure == nil && !j.since.IsZero() {
		waited, j.since = q.now().Sub(j.since), time.Time{}
	}
	waits := repulls()
	switch {
	case failure != nil:
		q.push(j, q.now().Add(pause(j.failures)))
		j.failures++
	case j.again:
		j.failures = 0
		q.push(j, q.now())
	case !changed && repeats(j.Flow) && j.unchanged < len(waits):
		j.failures = 0
		q.push(j, q.now().Add(waits[j.unchanged]))
		j.unchanged++
	default:
		delete(q.jobs, id)
		return j.Job, j.durable, waited
	}
	return index.Job{}, false, waited
}

// depth returns the number of jobs from hooks, how long the oldest has been waiting,
// and the number of background jobs.
func (q *queue) depth() (hooks int, oldest time.Duration, background int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range q.jobs {
		if !j.durable {
			background++
			continue
		}
		hooks++
		if !j.since.IsZero() {
			oldest = max(oldest, q.now().Sub(j.since))
		}
	}
	return hooks, oldest, background
}

// pause returns the backoff after a number of failures, with a jitter of one half.
func pause(failures int) time.Duration {
	d := longestPause(failures)
	return d - rand.N(d/2) //nolint:gosec // jitter is not a secret
}

// longestPause returns the maximum of pause: from 500 ms to about a minute.
func longestPause(failures int) time.Duration { return 500 * time.Millisecond << min(failures, 7) }
