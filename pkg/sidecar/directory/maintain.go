package directory

import (
	"context"
	"errors"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// shareEvery is how often servers that share a store look at what the others
// wrote into it.
const shareEvery = 10 * time.Second

// orphanedJob is the age of a job that its server has probably not survived.
const orphanedJob = 2 * time.Minute

// askedEvery is how often the one that leads looks whether another server was
// asked for a sweep.
const askedEvery = time.Second

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
		case err != nil && ctx.Err() == nil:
			d.log.Error("cannot acquire leadership", "error", err)
		case lead != nil:
			d.log.Info("acquired leadership")
			d.keep(lead)
			release()
			if ctx.Err() != nil {
				return
			}
			d.log.Warn("lost leadership")
		}
		_ = sleep(ctx, shareEvery) // the loop ends with ctx
	}
}

// keep builds the index where that is not finished and then sweeps at once,
// since hooks may have been lost before the start, and at intervals.
func (d *Directory) keep(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		err := d.readMeta(ctx)
		asked := d.meta.Load().AskedAt
		if err == nil {
			err = d.buildOrSweep(ctx)
		}
		wait := d.reconcileEvery
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errManyDeleted):
			d.log.Error("sweep stopped without marking any identity as deleted; continue with POST /v1/index/reconcile?accept_deletions=N", "error", err)
			failures = 0
		case err != nil:
			wait = pause(failures)
			failures++
			d.log.Error("cannot list identities; retrying", "error", err, "again_in", wait.String())
		default:
			failures = 0
		}
		d.rest(ctx, wait, asked)
	}
}

func (d *Directory) buildOrSweep(ctx context.Context) error {
	if d.meta.Load().BuiltAt.IsZero() {
		return d.build(ctx)
	}
	return d.sweep(ctx)
}

// rest waits until the next sweep is due, or is asked for: here, or at a server
// that shares the store, later than when this was.
func (d *Directory) rest(ctx context.Context, wait time.Duration, asked time.Time) {
	due := time.After(wait)
	var tick <-chan time.Time
	if d.clock != nil {
		tick = time.Tick(askedEvery)
	}
	for {
		select {
		case <-due:
			return
		case <-d.sweepNow:
			return
		case <-tick:
			if !d.meta.Load().AskedAt.Equal(asked) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// keepSharing takes over what other servers write into a shared store until ctx
// ends, also while a build or a sweep is under way here.
func (d *Directory) keepSharing(ctx context.Context) {
	for d.clock != nil && sleep(ctx, shareEvery) == nil {
		sharing, done := context.WithTimeout(ctx, shareEvery) // others wait for it
		err := d.share(sharing)
		done()
		if err != nil && ctx.Err() == nil {
			d.log.Error("cannot read the shared store", "error", err)
		}
	}
}

// share takes over how far the index is, what time it is, and hooks whose server
// did not survive them.
func (d *Directory) share(ctx context.Context) error {
	if err := d.clock.set(ctx); err != nil {
		return err
	}
	if err := d.readMeta(ctx); err != nil {
		return err
	}
	jobs, err := d.store.Jobs(ctx)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		// A clock that was ahead has made those from the future.
		if at := time.Unix(0, int64(j.Number)); d.now().Sub(at).Abs() > orphanedJob { //nolint:gosec // numbers are times, or a little later
			d.queue.adopt(j)
		}
	}
	return nil
}
