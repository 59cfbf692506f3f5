package directory

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/index"
)

// Status is what is known about the index as a whole.
type Status struct {
	Complete  bool // the first build is finished
	Meta      index.Meta
	Stats     index.Stats
	Reading   bool          // a build or a sweep reads the list now
	Read      int64         // identities that it has read so far
	Hooks     int           // hooks that wait for their pull
	OldestFor time.Duration // how long the oldest of them has waited
	Own       int           // pulls that the directory gave itself
}

// progress counts what a build or sweep does.
type progress struct {
	reading atomic.Bool
	read    atomic.Int64
}

func (p *progress) start() {
	p.read.Store(0)
	p.reading.Store(true)
}

func (p *progress) end() { p.reading.Store(false) }

// Status answers what is known about the index as a whole.
func (d *Directory) Status(ctx context.Context) (Status, error) {
	stats, err := d.store.Stats(ctx)
	if err != nil {
		return Status{}, err
	}
	s := Status{
		Meta:    *d.meta.Load(),
		Stats:   stats,
		Reading: d.progress.reading.Load(),
		Read:    d.progress.read.Load(),
	}
	s.Complete = !s.Meta.BuiltAt.IsZero()
	s.Hooks, s.OldestFor, s.Own = d.queue.depth()
	return s, nil
}

// Reconcile asks for a sweep now. It may mark up to accept identities as
// deleted even where they are suspiciously many. Where several servers share a
// store, the one that leads does it, within seconds.
func (d *Directory) Reconcile(ctx context.Context, accept int) error {
	err := d.updateMeta(ctx, func(m *index.Meta) { m.AskedAt, m.Accept = micros(d.now()), accept })
	select {
	case d.sweepNow <- struct{}{}:
	default: // one is asked for already
	}
	return err
}
