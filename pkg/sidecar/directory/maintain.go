package directory

import (
	"context"
	"errors"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// syncEvery is how often servers that share a store poll for changes by the others.
const syncEvery = 10 * time.Second

// orphanedJobAge is the age from which a job is assumed to belong to a crashed
// server.
const orphanedJobAge = 2 * time.Minute

// askedPollEvery is how often the leader checks whether a sweep was requested from
// another server.
const askedPollEvery = time.Second

// maintain builds and sweeps the index. If several servers share the store, only the
// leader does.
func (d *Directory) maintain(ctx context.Context) {
	l, shared := d.store.(index.Leader)
	if !shared {
		d.buildAndSweep(ctx)
		return
	}
	for ctx.Err() == nil {
		lead, release, err := l.Lead(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			d.log.Error("cannot acquire leadership", "error", err)
		case lead != nil:
			d.log.Info("acquired leadership")
			d.buildAndSweep(lead)
			release()
			if ctx.Err() != nil {
				return
			}
			d.log.Warn("lost leadership")
		}
		_ = sleep(ctx, syncEvery) // the loop ends with ctx
	}
}

// buildAndSweep finishes the first build, then sweeps at once, since hooks may have
// been lost before the start, and from then on periodically.
func (d *Directory) buildAndSweep(ctx context.Context) {
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
		d.waitForSweep(ctx, wait, asked)
	}
}

func (d *Directory) buildOrSweep(ctx context.Context) error {
	if d.meta.Load().BuiltAt.IsZero() {
		return d.build(ctx)
	}
	return d.sweep(ctx)
}

// waitForSweep waits until the next sweep is due or requested: from this server, or
// from another one after the given time.
func (d *Directory) waitForSweep(ctx context.Context, wait time.Duration, asked time.Time) {
	due := time.After(wait)
	var tick <-chan time.Time
	if d.clock != nil {
		tick = time.Tick(askedPollEvery)
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

// syncShared polls for changes written by other replicas until ctx is done.
func (d *Directory) syncShared(ctx context.Context) {
	for d.clock != nil && sleep(ctx, syncEvery) == nil {
		sharing, done := context.WithTimeout(ctx, syncEvery) // others wait for it
		err := d.sync(sharing)
		done()
		if err != nil && ctx.Err() == nil {
			d.log.Error("cannot read the shared store", "error", err)
		}
	}
}

// sync synchronises the clock and the metadata with the store, and takes over jobs
// of crashed servers.
func (d *Directory) sync(ctx context.Context) error {
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
		// Jobs from the future were created while a clock was ahead.
		if at := time.Unix(0, int64(j.Number)); d.now().Sub(at).Abs() > orphanedJobAge { //nolint:gosec // numbers are times, or a little later
			d.queue.restore(j)
		}
	}
	return nil
}
