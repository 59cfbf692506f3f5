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
func (d *Directory) maintain(ctx context.Context) error {
	l, shared := d.store.(index.Leader)
	if !shared {
		return d.keep(ctx)
	}
	for {
		lead, release, err := l.Lead(ctx)
		switch {
		case err != nil:
			d.log.Error("cannot ask who leads", "error", err)
		case lead != nil:
			d.log.Info("this server builds and sweeps")
			err := d.keep(lead)
			release()
			if ctx.Err() != nil {
				return err
			}
			d.log.Warn("this server does not lead any more", "error", err)
		}
		if err := d.share(ctx); err != nil {
			d.log.Error("cannot read the shared store", "error", err)
		}
		if err := sleep(ctx, shareEvery); err != nil {
			return err
		}
	}
}

// keep builds the index where that is not finished and then sweeps at once,
// since hooks may have been lost before the start, and at intervals.
func (d *Directory) keep(ctx context.Context) error {
	for failures := 0; ; {
		began := d.now()
		err := d.share(ctx)
		if err == nil {
			err = d.buildOrSweep(ctx)
		}
		wait := d.reconcileEvery
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
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
		if err := d.rest(ctx, wait, began); err != nil {
			return err
		}
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
func (d *Directory) rest(ctx context.Context, wait time.Duration, began time.Time) error {
	due := time.NewTimer(wait)
	defer due.Stop()
	var tick <-chan time.Time
	if _, shared := d.store.(index.Leader); shared {
		t := time.NewTicker(shareEvery)
		defer t.Stop()
		tick = t.C
	}
	for {
		select {
		case <-due.C:
			return nil
		case <-d.sweepNow:
			return nil
		case <-tick:
			if err := d.share(ctx); err != nil {
				d.log.Error("cannot read the shared store", "error", err)
			}
			if d.meta.Load().AskedAt.After(began) {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
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
