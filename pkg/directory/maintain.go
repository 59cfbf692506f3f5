package directory

import (
	"context"
	"errors"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/index"
)

// shareEvery is how often servers that share a store look at what the others
// wrote into it.
const shareEvery = 10 * time.Second

// orphanedJob is the age of a job that its server has probably not survived.
const orphanedJob = 2 * time.Minute

// maintain keeps the index; of servers that share a store one does at a time.
func (d *Directory) maintain(ctx context.Context) {
	l, shared := d.store.(index.Leader)
	if !shared {
		d.keep(ctx)
		return
	}
	for ctx.Err() == nil {
		lead, release, err := l.Lead(ctx)
		switch {
		case err != nil:
			d.log.Error("cannot ask who leads", "error", err)
		case lead != nil:
			d.log.Info("this server builds and sweeps")
			d.keep(lead)
			release()
			if ctx.Err() != nil {
				return
			}
			d.log.Warn("this server does not lead any more")
		}
		if err := d.share(ctx); err != nil {
			d.log.Error("cannot read the shared store", "error", err)
		}
		_ = sleep(ctx, shareEvery) // the loop ends with ctx
	}
}

// keep builds the index where that is not finished and then sweeps at once,
// since hooks may have been lost before the start, and at intervals.
func (d *Directory) keep(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		began := d.now()
		err := d.share(ctx)
		if err == nil {
			err = d.buildOrSweep(ctx)
		}
		wait := d.reconcileEvery
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errManyDeleted):
			d.log.Error("sweep stopped, and nothing was marked as deleted; POST /v1/index/reconcile?accept_deletions=N goes on", "error", err)
			failures = 0
		case err != nil:
			wait = pause(failures)
			failures++
			d.log.Error("cannot read the list of identities; trying again", "error", err, "again_in", wait.String())
		default:
			failures = 0
		}
		d.rest(ctx, wait, began)
	}
}

func (d *Directory) buildOrSweep(ctx context.Context) error {
	if d.meta.Load().BuiltAt.IsZero() {
		return d.build(ctx)
	}
	return d.sweep(ctx)
}

// rest waits until the next sweep is due, or is asked for, here or at a server
// that shares the store, since the last one began.
func (d *Directory) rest(ctx context.Context, wait time.Duration, began time.Time) {
	due := time.After(wait)
	var tick <-chan time.Time
	if _, shared := d.store.(index.Leader); shared {
		tick = time.Tick(shareEvery)
	}
	for {
		select {
		case <-due:
			return
		case <-d.sweepNow:
			return
		case <-tick:
			if err := d.share(ctx); err != nil {
				d.log.Error("cannot read the shared store", "error", err)
			}
			if d.meta.Load().AskedAt.After(began) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// share takes over what other servers wrote into a shared store: how far the
// index is, and hooks whose server did not survive them.
func (d *Directory) share(ctx context.Context) error {
	l, shared := d.store.(index.Leader)
	if !shared {
		return nil
	}
	meta, err := l.Meta(ctx)
	if err != nil {
		return err
	}
	d.meta.Store(&meta)
	jobs, err := l.Jobs(ctx)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if at := time.Unix(0, int64(j.Number)); d.now().Sub(at) > orphanedJob { //nolint:gosec // numbers start at a time
			d.queue.adopt(j)
		}
	}
	return nil
}
