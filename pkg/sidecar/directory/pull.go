package directory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// Notify takes a hook's word that an identity changed. It answers once that is
// stored; the identity is pulled afterwards, so that neither the order of hooks
// nor their number matters.
func (d *Directory) Notify(ctx context.Context, id uuid.UUID, flow index.Flow) error {
	return d.queue.add(ctx, id, flow)
}

// work pulls what waits in the queue until ctx ends.
func (d *Directory) work(ctx context.Context) {
	var g sync.WaitGroup
	defer g.Wait()
	free := make(chan struct{}, d.pulls)
	for {
		jobs, wait := d.queue.take(d.pulls - len(free))
		for _, j := range jobs {
			free <- struct{}{}
			g.Go(func() {
				d.run(ctx, j)
				<-free
				d.queue.signal()
			})
		}
		if len(free) == d.pulls {
			wait = 0 // a job that ends wakes us
		}
		if err := d.queue.sleep(ctx, wait); err != nil {
			return // with ctx
		}
	}
}

// run pulls one identity and settles its job.
func (d *Directory) run(ctx context.Context, j index.Job) {
	p, err := d.pull(ctx, j.Identity)
	if ctx.Err() != nil {
		return // the job stays in the store and is done after the next start
	}
	if err == nil && j.Flow == index.FlowLogin && p.seen != nil {
		err = d.noteLogin(ctx, p.record)
	}
	switch {
	case errors.Is(err, kratosadmin.ErrUnreadable):
		d.warn(pullUnreadable, j.Identity, err)
		err = nil // trying again does not help
	case err != nil:
		d.warn(pullFailed, j.Identity, err)
	}
	waited, err := d.queue.finish(ctx, j.Identity, p.changed, err)
	if err != nil {
		d.log.Error("cannot remove a finished job", "identity_id", j.Identity, "error", err)
	}
	if waited > 0 {
		d.onPulled(waited)
	}
}

// warnEvery is how often failed pulls are worth a line: while Kratos is down
// every one of them fails.
const warnEvery = 10 * time.Second

// What is said of them.
const (
	pullFailed          = "cannot pull identities; retrying"
	pullUnreadable      = "cannot read an identity; its index entry is unchanged"
	pullInRequestFailed = "cannot pull an identity for a request"
)

func (d *Directory) warn(message string, id uuid.UUID, err error) {
	now := d.now().UnixNano()
	last := d.warnedAt.Load()
	if ago := now - last; ago >= 0 && ago < int64(warnEvery) || !d.warnedAt.CompareAndSwap(last, now) {
		return
	}
	hooks, oldest, _ := d.queue.depth()
	d.log.Warn(message, "identity_id", id, "error", err,
		"hooks_waiting", hooks, "oldest_for", oldest.String())
}

// pulled is what came of a pull.
type pulled struct {
	seen    *kratosadmin.Identity // nil: Kratos has no such identity
	record  *index.Identity       // empty where there is nothing to keep
	changed bool                  // the record says something new
}

// pull asks Kratos for an identity and merges the answer.
func (d *Directory) pull(ctx context.Context, id uuid.UUID) (p pulled, err error) {
	if !d.checked.Load() {
		return p, fmt.Errorf("%w: no response since startup", ErrKratos)
	}
	ctx, span := d.tracer.Start(ctx, "pull") // the request to Kratos and the commit, as one
	defer span.End()
	began := d.own()
	p.seen, err = d.kratos.Identity(ctx, id)
	if err != nil && !errors.Is(err, kratosadmin.ErrNotFound) {
		return p, fmt.Errorf("%w: %w", ErrKratos, err)
	}
	err = d.update(ctx, []uuid.UUID{id}, func(_ uuid.UUID, cur *index.Identity) *index.Identity {
		p.record = d.mergePull(cur, id, p.seen, d.lookSince(began))
		p.changed = tellsMore(cur, p.record)
		return p.record
	})
	if err != nil {
		return p, fmt.Errorf("store identity %s: %w", id, err)
	}
	if p.record == nil {
		p.record = &index.Identity{ID: id}
	}
	return p, nil
}

// mergePull merges what Kratos has answered about an identity; seen is nil where it
// has none.
func (d *Directory) mergePull(cur *index.Identity, id uuid.UUID, seen *kratosadmin.Identity, l look) *index.Identity {
	switch {
	case cur == nil && d.erased.since(id, l.asked), seen == nil && d.erased.ever(id):
		return nil
	case seen == nil:
		return mergeDeleted(cur, l)
	}
	return mergePulled(cur, seen, l)
}

// tellsMore tells whether a record says something that another did not, the
// time of the look aside.
func tellsMore(cur, next *index.Identity) bool {
	if cur == nil || next == nil {
		return cur != next
	}
	same := next.Clone()
	same.SeenAt, same.PulledAt = cur.SeenAt, cur.PulledAt
	return !index.Equal(cur, same)
}
