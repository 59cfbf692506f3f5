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

// Batch sizes of the first build, in identities. A load costs a few disk flushes,
// whatever its size, so it takes large batches. A database works while the next
// pages are read, so smaller batches keep it busy.
const (
	loadBatch   = 20_000
	updateBatch = 4_000
)

// build builds the index from Kratos' list. It resumes where an earlier attempt or
// process stopped.
func (d *Directory) build(ctx context.Context) error {
	meta := d.meta.Load()
	if meta.BuildStartedAt.IsZero() {
		if err := d.updateMeta(ctx, func(m *index.Meta) { m.BuildStartedAt = micros(d.now()) }); err != nil {
			return err
		}
	}
	d.log.Info("building the index", "resumed", meta.BuildToken != "" || meta.BuildRead)
	var unreadable unreadableList
	if !meta.BuildRead {
		if err := d.readAll(ctx, meta.BuildToken, &unreadable); err != nil {
			return d.forgetToken(ctx, err)
		}
	}
	if l, ok := d.store.(index.Loader); ok {
		if err := commit(ctx, d.tracer, "finish-load", 0, l.FinishLoad); err != nil {
			return err
		}
	}
	found := unreadable.count
	left, err := d.pullUnreadable(ctx, &unreadable)
	if err != nil {
		return err
	}
	err = d.updateMeta(ctx, func(m *index.Meta) {
		m.BuildRead, m.BuiltAt = false, micros(d.now())
		m.Unread = max(0, m.Unread-(found-left)) // m.Unread includes those found before a restart
		m.SweepStartedAt, m.SweepEndedAt = m.BuildStartedAt, m.BuiltAt
	})
	if err != nil {
		return err
	}
	d.log.Info("index is complete", "identities_read", d.progress.read.Load())
	return nil
}

// forgetToken resets the build to the start of the list if Kratos no longer accepts
// the page token. Other errors, such as a rate limit, are not about the token.
func (d *Directory) forgetToken(ctx context.Context, cause error) error {
	var status *kratosadmin.StatusError
	if errors.As(cause, &status) && (status.Code == http.StatusBadRequest || status.Code == http.StatusNotFound) {
		return errors.Join(cause, d.updateMeta(ctx, func(m *index.Meta) { m.BuildToken, m.Unread = "", 0 }))
	}
	return cause
}

// readAll reads the list from a page token on and stores it; reading runs ahead of
// storing. Identities that could not be read are added to unreadable.
func (d *Directory) readAll(ctx context.Context, token string, unreadable *unreadableList) error {
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
	go d.logProgress(ctx)
	g.Go(func() error {
		defer close(pages)
		for {
			began := d.local()
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
			unreadable.add(r.page.Unread)
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

// progressEvery is the interval between log lines about the progress of a build.
const progressEvery = 10 * time.Second

// logProgress logs the progress of a build until ctx is done.
func (d *Directory) logProgress(ctx context.Context) {
	for sleep(ctx, progressEvery) == nil {
		p, _, _ := d.Progress()
		d.log.Info("building the index: progress", "identities_read", p.Identities, "percent", int(100*p.Fraction),
			"per_second", int(p.Rate()), "left", p.Left().String())
	}
}

// batch is the content of several pages. began is when the first of them was
// requested, by this server's clock: anything pulled since is newer.
type batch struct {
	identities []*kratosadmin.Identity
	unread     int // number of further ones that could not be read
	began      time.Time
}

// load stores a batch together with the token of the next page, at which the build
// resumes; next is "" after the last page.
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
		return d.setMeta(ctx, func() (meta index.Meta, err error) {
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
