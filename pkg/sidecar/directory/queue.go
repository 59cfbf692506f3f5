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

// queue holds the identities that have to be pulled, each at most once. What a
// hook asked for is in the store before the hook is answered, and comes first;
// what the directory asks itself for is not.
type queue struct {
	store  index.Store
	tracer trace.Tracer
	shared bool             // other servers settle jobs of the store, too
	now    func() time.Time // this server's clock
	stamp  func() time.Time // the one of all servers
	wake   chan struct{}    // something may be due

	mu    sync.Mutex
	jobs  map[uuid.UUID]*job
	hooks line // jobs that wait, by what asked for them
	own   line
}

type job struct {
	index.Job
	durable   bool // a hook asked for it, and it is stored
	running   bool // then it is in no line
	again     bool // it was asked for while it ran
	due       time.Time
	since     time.Time // the first hook that it stands for came
	place     int       // in its line
	failures  int
	unchanged int // pulls that showed nothing new
}

// repulls are the waits before a job is pulled again that showed nothing new:
// a replica of Kratos' database may be behind the hook.
func repulls() []time.Duration { return []time.Duration{time.Second, 10 * time.Second} }

func newQueue(ctx context.Context, store index.Store, tracer trace.Tracer, now, stamp func() time.Time) (*queue, error) {
	waiting, err := store.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	_, shared := store.(index.Leader)
	q := &queue{store: store, tracer: tracer, shared: shared, now: now, stamp: stamp, wake: make(chan struct{}, 1), jobs: map[uuid.UUID]*job{}}
	for _, w := range waiting {
		q.adopt(w)
	}
	return q, nil
}

// add asks for a pull because of a hook and answers once that is stored.
func (q *queue) add(ctx context.Context, id uuid.UUID, flow index.Flow) error {
	stored, covered := q.cover(id, flow)
	if covered {
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
	q.leave(j)
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
	q.await(j, q.now())
	return nil
}

// adopt takes up a stored job that is not in this queue.
func (q *queue) adopt(stored index.Job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.jobs[stored.Identity] != nil {
		return
	}
	j := &job{Job: stored, durable: true, since: q.now()}
	q.jobs[stored.Identity] = j
	q.await(j, q.now())
}

// cover lets a job that waits and is stored stand for a new hook, where it does
// and nobody else may have settled it; otherwise it answers the job to store. Its
// number is the time, by which other servers tell how old it is.
func (q *queue) cover(id uuid.UUID, flow index.Flow) (j index.Job, covered bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	cur := q.jobs[id]
	if cur != nil && cur.durable && !cur.running && !q.shared && (cur.Flow == flow || !repeats(flow)) {
		q.leave(cur)
		cur.unchanged = 0
		q.await(cur, q.now())
		return cur.Job, true
	}
	if cur != nil && repeats(cur.Flow) {
		flow = cur.Flow
	}
	return index.Job{Identity: id, Number: uint64(q.stamp().UnixNano()), Flow: flow}, false
}

// repeats tells whether a flow changes credentials, so that a pull without a
// change is worth repeating.
func repeats(f index.Flow) bool { return f == index.FlowRegistration || f == index.FlowSettings }

// maxOwn bounds the jobs that wait without a hook.
const maxOwn = 100_000

// suggest asks for a pull without a hook.
func (q *queue) suggest(id uuid.UUID) { q.suggestIn(0, id) }

// suggestIn does so after a while. Where too many wait it is dropped: the next sweep
// asks again.
func (q *queue) suggestIn(wait time.Duration, id uuid.UUID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.jobs[id] != nil || len(q.own) >= maxOwn {
		return
	}
	j := &job{Job: index.Job{Identity: id}}
	q.jobs[id] = j
	q.await(j, q.now().Add(wait))
}

// take starts up to n jobs that are due, hooks first, and tells how long it is
// to the next one; 0 where none waits.
func (q *queue) take(n int) (started []index.Job, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	for _, l := range []*line{&q.hooks, &q.own} {
		for len(started) < n && len(*l) > 0 && !(*l)[0].due.After(now) {
			j := (*l)[0]
			q.leave(j)
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

// finish tells how a job went and forgets it where nothing is left to do.
// waited is how long the first hook that it stood for has waited; 0 where none
// did, or where this was not the first pull for it.
func (q *queue) finish(ctx context.Context, id uuid.UUID, changed bool, failure error) (waited time.Duration, err error) {
	done, forget, waited := q.settle(id, changed, failure)
	if forget {
		err = commit(ctx, q.tracer, "dequeue", 1, func(ctx context.Context) error { return q.store.Dequeue(ctx, done) })
	}
	return waited, err
}

// settle decides what becomes of a job that ran, and whether the store has to
// forget it.
func (q *queue) settle(id uuid.UUID, changed bool, failure error) (done index.Job, forget bool, waited time.Duration) {
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
		q.await(j, q.now().Add(pause(j.failures)))
		j.failures++
	case j.again:
		j.failures = 0
		q.await(j, q.now())
	case !changed && repeats(j.Flow) && j.unchanged < len(waits):
		j.failures = 0
		q.await(j, q.now().Add(waits[j.unchanged]))
		j.unchanged++
	default:
		delete(q.jobs, id)
		return j.Job, j.durable, waited
	}
	return index.Job{}, false, waited
}

// depth tells how many hooks wait or run, since when the oldest does, and how
// many jobs there are without a hook.
func (q *queue) depth() (hooks int, oldest time.Duration, own int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range q.jobs {
		if !j.durable {
			own++
			continue
		}
		hooks++
		if !j.since.IsZero() {
			oldest = max(oldest, q.now().Sub(j.since))
		}
	}
	return hooks, oldest, own
}

// pause is how long to wait after so many failures, with jitter of one half.
func pause(failures int) time.Duration {
	d := longestPause(failures)
	return d - rand.N(d/2) //nolint:gosec // jitter is no secret
}

// longestPause is half a second at first, and about a minute in the end.
func longestPause(failures int) time.Duration { return 500 * time.Millisecond << min(failures, 7) }
