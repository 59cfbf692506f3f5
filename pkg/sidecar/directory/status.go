package directory

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// Status is the state of the index.
type Status struct {
	Complete   bool // whether the first build is finished
	Meta       index.Meta
	Stats      index.Stats
	Reading    bool          // whether a build or a sweep is running
	Read       int64         // number of identities that it has read
	Fraction   float64       // fraction of all identities, estimated from the last ID
	Hooks      int           // number of hooks waiting for their pull
	OldestFor  time.Duration // how long the oldest of them has been waiting
	Background int           // number of background pulls
}

// progress is the progress of a build or sweep.
type progress struct {
	reading atomic.Bool
	read    atomic.Int64
	resumed atomic.Int64 // identities that earlier runs have read
	began   atomic.Int64 // Unix nanoseconds
	last    atomic.Pointer[uuid.UUID]
}

func (p *progress) start(now time.Time, resumed int) {
	p.read.Store(0)
	p.last.Store(nil)
	p.resumed.Store(int64(resumed))
	p.began.Store(now.UnixNano())
	p.reading.Store(true)
}

// page counts the identities of a page.
func (p *progress) page(page *kratosadmin.Page) {
	p.read.Add(int64(page.Len()))
	if last := page.Last(); last != uuid.Nil {
		p.last.Store(&last)
	}
}

func (p *progress) end() { p.reading.Store(false) }

// Progress returns the progress of the running build or sweep. first reports whether
// the first build is unfinished, and reading whether a build or sweep is running.
func (d *Directory) Progress() (p kratosadmin.Progress, first, reading bool) {
	p.Resumed = int(d.progress.resumed.Load())
	p.Identities = p.Resumed + int(d.progress.read.Load())
	p.Elapsed = d.now().Sub(time.Unix(0, d.progress.began.Load()))
	if last := d.progress.last.Load(); last != nil {
		p.Fraction = kratosadmin.Position(*last)
	}
	return p, d.meta.Load().BuiltAt.IsZero(), d.progress.reading.Load()
}

// Status returns the state of the index.
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
	p, _, _ := d.Progress()
	s.Fraction = p.Fraction
	s.Complete = !s.Meta.BuiltAt.IsZero()
	s.Hooks, s.OldestFor, s.Background = d.queue.depth()
	return s, nil
}

// Reconcile requests a sweep, which may mark up to accept identities as deleted even
// if that number is suspiciously large. If several servers share a store, the leader
// starts the sweep within seconds.
func (d *Directory) Reconcile(ctx context.Context, accept int) error {
	err := d.updateMeta(ctx, func(m *index.Meta) { m.AskedAt, m.Accept = micros(d.now()), accept })
	select {
	case d.sweepNow <- struct{}{}:
	default: // already requested
	}
	return err
}
