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

// Notify enqueues a pull of an identity that a hook reported as changed, and returns
// once that is stored. As the identity is pulled later, neither the order nor the
// number of hooks matters.
func (d *Directory) Notify(ctx context.Context, id uuid.UUID, flow index.Flow) error {
	return d.queue.add(ctx, id, flow)
}

// work pulls the queued identities until ctx is done.
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
			wait = 0 // a finished job signals
		}
		if err := d.queue.sleep(ctx, wait); err != nil {
			return // ctx is done
		}
	}
}

// run pulls an identity and completes its job.
func (d *Directory) run(ctx context.Context, j index.Job) {
	p, err := d.pull(ctx, j.Identity)
	if ctx.Err() != nil {
		return // the job stays in the store and runs after the next start
	}
	if err == nil && j.Flow == index.FlowLogin && p.seen != nil {
		err = d.recordLogin(ctx, p.record)
	}
	switch {
	case errors.Is(err, kratosadmin.ErrUnreadable):
		d.warn(msgUnreadable, j.Identity, err)
		err = nil // a retry would not help
	case err != nil:
		d.warn(msgPullFailed, j.Identity, err)
	}
	waited, err := d.queue.finish(ctx, j.Identity, p.changed, err)
	if err != nil {
		d.log.Error("cannot remove a finished job", "identity_id", j.Identity, "error", err)
	}
	if waited > 0 {
		d.onPulled(waited)
	}
}

// warnEvery limits log lines about failed pulls: while Kratos is down, every pull
// fails.
const warnEvery = 10 * time.Second

// The messages about failed pulls.
const (
	msgPullFailed          = "cannot pull identities; retrying"
	msgUnreadable          = "cannot read an identity; its index entry is unchanged"
	msgPullInRequestFailed = "cannot pull an identity for a request"
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

// pulled is the result of a pull.
type pulled struct {
	seen    *kratosadmin.Identity // nil: Kratos has no such identity
	record  *index.Identity       // empty if there is nothing to store
	changed bool                  // whether the record changed, apart from times
}

// pull reads an identity from Kratos and merges it into the index.
func (d *Directory) pull(ctx context.Context, id uuid.UUID) (p pulled, err error) {
	if !d.checked.Load() {
		return p, fmt.Errorf("%w: no response since startup", ErrKratos)
	}
	ctx, span := d.tracer.Start(ctx, "pull")
	defer span.End()
	began := d.local()
	p.seen, err = d.kratos.Identity(ctx, id)
	if err != nil && !errors.Is(err, kratosadmin.ErrNotFound) {
		return p, fmt.Errorf("%w: %w", ErrKratos, err)
	}
	err = d.update(ctx, []uuid.UUID{id}, func(_ uuid.UUID, cur *index.Identity) *index.Identity {
		p.record = d.mergePull(cur, id, p.seen, d.observedSince(began))
		p.changed = differs(cur, p.record)
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

// mergePull merges a response of Kratos; seen is nil if Kratos has no such identity.
func (d *Directory) mergePull(cur *index.Identity, id uuid.UUID, seen *kratosadmin.Identity, l observation) *index.Identity {
	switch {
	case cur == nil && d.erased.after(id, l.asked), seen == nil && d.erased.contains(id):
		return nil
	case seen == nil:
		return mergeDeleted(cur, l)
	}
	return mergePulled(cur, seen, l)
}

// differs reports whether two records differ, apart from their observation times.
func differs(cur, next *index.Identity) bool {
	if cur == nil || next == nil {
		return cur != next
	}
	same := next.Clone()
	same.SeenAt, same.PulledAt = cur.SeenAt, cur.PulledAt
	return !index.Equal(cur, same)
}
