package directory

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// How many identities are stored together during the first build: a load has to
// wait for the disk a few times, whatever is in it; a database works meanwhile, and
// better all the time than now and then.
const (
	loadBatch   = 20_000
	updateBatch = 4_000
)

// build reads the list for the first time. It goes on where an earlier try or
// process stopped.
func (d *Directory) build(ctx context.Context) error {
	meta := d.meta.Load()
	if meta.BuildStartedAt.IsZero() {
		if err := d.updateMeta(ctx, func(m *index.Meta) { m.BuildStartedAt = micros(d.now()) }); err != nil {
			return err
		}
	}
	d.log.Info("building the index", "resumed", meta.BuildToken != "" || meta.BuildRead)
	var alone unread
	if !meta.BuildRead {
		if err := d.readAll(ctx, meta.BuildToken, &alone); err != nil {
			return d.forgetToken(ctx, err)
		}
	}
	if l, ok := d.store.(index.Loader); ok {
		if err := commit(ctx, d.tracer, "finish-load", 0, l.FinishLoad); err != nil {
			return err
		}
	}
	found := alone.count
	left, err := d.pullUnread(ctx, &alone)
	if err != nil {
		return err
	}
	err = d.updateMeta(ctx, func(m *index.Meta) {
		m.BuildRead, m.BuiltAt = false, micros(d.now())
		m.Unread = max(0, m.Unread-(found-left)) // and what was found before a restart
		m.SweepStartedAt, m.SweepEndedAt = m.BuildStartedAt, m.BuiltAt
	})
	if err != nil {
		return err
	}
	d.log.Info("index is complete", "identities_read", d.progress.read.Load())
	return nil
}

// forgetToken starts from the front where Kratos does not take the token of the
// page any more. Other refusals, such as of a rate limit, are not about the page.
func (d *Directory) forgetToken(ctx context.Context, cause error) error {
	var status *kratosadmin.StatusError
	if errors.As(cause, &status) && (status.Code == http.StatusBadRequest || status.Code == http.StatusNotFound) {
		return errors.Join(cause, d.updateMeta(ctx, func(m *index.Meta) { m.BuildToken, m.Unread = "", 0 }))
	}
	return cause
}

// readAll reads the list from a page on and stores it, one page ahead of the
// storing. What the list has shown and could not be read is left in alone.
func (d *Directory) readAll(ctx context.Context, token string, alone *unread) error {
	stored, err := d.store.Stats(ctx)
	if err != nil {
		return err
	}
	d.progress.start(d.now(), stored.Identities)
	defer d.progress.end()
	type read struct {
		page  *kratosadmin.Page
		began time.Time
	}
	size := updateBatch
	if _, ok := d.store.(index.Loader); ok {
		size = loadBatch
	}
	pages := make(chan read, 4)
	g, ctx := errgroup.WithContext(ctx)
	go d.sayProgress(ctx)
	g.Go(func() error {
		defer close(pages)
		for {
			began := d.own()
			page, err := d.kratos.List(ctx, token)
			if err != nil {
				return err
			}
			select {
			case pages <- read{page, began}:
			case <-ctx.Done():
				return ctx.Err()
			}
			if token = page.Next; token == "" {
				return nil
			}
		}
	})
	g.Go(func() error {
		var b batch
		for r := range pages {
			if len(b.identities) == 0 {
				b.began = r.began
			}
			b.identities = append(b.identities, r.page.Identities...)
			b.unread += len(r.page.Unread)
			alone.add(r.page.Unread)
			d.progress.page(r.page)
			if len(b.identities) < size && r.page.Next != "" {
				continue
			}
			if err := d.load(ctx, &b, r.page.Next); err != nil {
				return err
			}
			b = batch{}
		}
		return nil
	})
	return g.Wait()
}

// progressEvery is how often a build says how far it is.
const progressEvery = 10 * time.Second

// sayProgress says how far a build is until ctx ends.
func (d *Directory) sayProgress(ctx context.Context) {
	for sleep(ctx, progressEvery) == nil {
		p, _, _ := d.Progress()
		d.log.Info("building the index: progress", "identities_read", p.Identities, "percent", int(100*p.Fraction),
			"per_second", int(p.Rate()), "left", p.Left().String())
	}
}

// batch is what several pages have shown. The first of them was asked for when it
// began, by this server's clock: whatever was pulled since is newer.
type batch struct {
	identities []*kratosadmin.Identity
	unread     int // further ones, which could not be read
	began      time.Time
}

// load stores a batch, and where the build goes on after it; next is "" after
// the last one.
func (d *Directory) load(ctx context.Context, b *batch, next string) error {
	advance := func(m *index.Meta) {
		m.BuildToken, m.BuildRead = next, next == ""
		m.Unread += b.unread
	}
	l, ok := d.store.(index.Loader)
	if !ok {
		if err := d.merge(b, d.updates(ctx)); err != nil {
			return err
		}
		return d.updateMeta(ctx, advance)
	}
	return d.merge(b, func(ids []uuid.UUID, change index.Change) error {
		return d.takeMeta(ctx, func() (meta index.Meta, err error) {
			err = commit(ctx, d.tracer, "load", len(ids), func(ctx context.Context) error {
				return l.Load(ctx, ids, change, func(m *index.Meta) {
					advance(m)
					meta = *m
				})
			})
			return meta, err
		})
	})
}
