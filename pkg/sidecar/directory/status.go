package directory

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// Status is what is known about the index as a whole.
type Status struct {
	Complete  bool // the first build is finished
	Meta      index.Meta
	Stats     index.Stats
	Reading   bool          // a build or a sweep reads the list now
	Read      int64         // identities that it has read so far
	Fraction  float64       // of all identities, estimated from the last id
	Hooks     int           // hooks that wait for their pull
	OldestFor time.Duration // how long the oldest of them has waited
	Own       int           // pulls that the directory gave itself
}

// progress counts what a build or sweep does.
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

// page counts what a page has shown.
func (p *progress) page(page *kratosadmin.Page) {
	p.read.Add(int64(page.Len()))
	if last := page.Last(); last != uuid.Nil {
		p.last.Store(&last)
	}
}

func (p *progress) end() { p.reading.Store(false) }

// Progress tells how far the reading of the list has come, where a build or a
// sweep is under way; the first build is the one that people wait for.
func (d *Directory) Progress() (p kratosadmin.Progress, first, reading bool) {
	p.Resumed = int(d.progress.resumed.Load())
	p.Identities = p.Resumed + int(d.progress.read.Load())
	p.Elapsed = d.now().Sub(time.Unix(0, d.progress.began.Load()))
	if last := d.progress.last.Load(); last != nil {
		p.Fraction = kratosadmin.Position(*last)
	}
	return p, d.meta.Load().BuiltAt.IsZero(), d.progress.reading.Load()
}

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
	p, _, _ := d.Progress()
	s.Fraction = p.Fraction
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
