package directory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// tombstoneFor is how long the index keeps a deleted identity.
const tombstoneFor = 30 * 24 * time.Hour

// maxDeletions is the number of deletions that a sweep may apply without
// confirmation; above it, up to 1 % of the index.
const maxDeletions = 100

// maxPause limits the pause after a page.
const maxPause = time.Minute

// maxMissing limits the deletions that a single sweep checks with Kratos, and so its
// memory; the next sweep checks more.
const maxMissing = 1_000_000

// errManyDeleted is returned by a sweep that stopped because too many identities
// would be deleted.
var errManyDeleted = errors.New("too many identities would be deleted")

// sweep reads the list again, updates records that differ and marks deleted
// identities. It pauses after each page for as long as the page took.
func (d *Directory) sweep(ctx context.Context) error {
	d.progress.start(d.now(), 0)
	defer d.progress.end()
	started := micros(d.now())
	s := sweeper{d: d}
	var unreadable unreadableList
	resumed := d.now()
	err := d.scan(ctx, func(p *kratosadmin.Page, asked time.Time) error {
		unreadable.add(p.Unread)
		if err := s.compare(ctx, p, asked); err != nil || p.Next == "" {
			return err
		}
		err := sleep(ctx, min(d.now().Sub(resumed), maxPause))
		resumed = d.now()
		return err
	})
	if err != nil {
		return err
	}
	left, err := d.pullUnreadable(ctx, &unreadable)
	if err != nil {
		return err
	}
	deleted, err := s.confirm(ctx)
	if errors.Is(err, errManyDeleted) {
		return errors.Join(err, d.updateMeta(ctx, func(m *index.Meta) {
			m.Missing, m.Unread = s.gone, left
			s.forgetAccepted(m)
		}))
	}
	if err != nil {
		return err
	}
	err = d.updateMeta(ctx, func(m *index.Meta) {
		m.SweepStartedAt, m.SweepEndedAt = started, micros(d.now())
		m.Missing, m.Unread = 0, left
		s.forgetAccepted(m)
	})
	if err != nil {
		return err
	}
	d.log.Info("sweep is complete", "identities_listed", d.progress.read.Load(), "deleted", deleted)
	return nil
}

// scan reads the whole list, merges every page and calls each with it.
func (d *Directory) scan(ctx context.Context, each func(p *kratosadmin.Page, asked time.Time) error) error {
	for token := ""; ; {
		began := d.local()
		page, err := d.kratos.List(ctx, token)
		if err != nil {
			return err
		}
		if err := d.merge(&batch{identities: page.Identities, began: began}, d.updates(ctx)); err != nil {
			return err
		}
		d.progress.page(page)
		if err := each(page, d.observedSince(began).asked); err != nil || page.Next == "" {
			return err
		}
		token = page.Next
	}
}

// updates returns the function that stores listed identities with plain updates.
func (d *Directory) updates(ctx context.Context) func([]uuid.UUID, index.Change) error {
	return func(ids []uuid.UUID, change index.Change) error {
		return d.update(ctx, ids, change)
	}
}

// merge merges a batch of listed identities into the index with the given store
// function, and enqueues pulls of identities for which the list is not sufficient.
func (d *Directory) merge(b *batch, store func(ids []uuid.UUID, change index.Change) error) error {
	ids := make([]uuid.UUID, len(b.identities))
	seen := make(map[uuid.UUID]*kratosadmin.Identity, len(b.identities))
	for n, i := range b.identities {
		ids[n], seen[i.ID] = i.ID, i
	}
	pulls := map[uuid.UUID]struct{}{}
	err := store(ids, func(id uuid.UUID, cur *index.Identity) *index.Identity {
		l := d.observedSince(b.began)
		if cur == nil && d.erased.after(id, l.asked) {
			return nil
		}
		next := mergeListed(cur, seen[id], l)
		if d.needsPull(next, l.now) {
			pulls[id] = struct{}{}
		} else {
			delete(pulls, id)
		}
		return next
	})
	if err != nil {
		return fmt.Errorf("store a page: %w", err)
	}
	for id := range pulls {
		d.queue.enqueueLocal(id)
	}
	return nil
}

// needsPull reports whether an identity has several passkeys and no recent pull: only
// a pull shows which of the handles still have a key.
func (d *Directory) needsPull(i *index.Identity, now time.Time) bool {
	if i == nil || listSuffices(i.Passkeys()) {
		return false
	}
	for _, h := range i.Handles {
		if h.Kind == index.Passkey && h.State == index.Unknown && !h.Pulled {
			return true
		}
	}
	return d.stale(i.PulledAt, now)
}

// listSuffices reports whether the list shows everything about the passkeys of an
// identity with that many handles. A single handle always has its key.
func listSuffices(passkeys int) bool { return passkeys <= 1 }

// sweeper compares the list with the index, both sorted by ID.
type sweeper struct {
	d       *Directory
	last    uuid.UUID   // of the last page
	held    int         // identities in the index that are not deleted
	gone    int         // those of them that are not on the list
	missing []uuid.UUID // the first maxMissing of these
	asked   time.Time   // when a sweep with a number of accepted deletions was last requested
}

// compare compares a page with the part of the index that it covers.
func (s *sweeper) compare(ctx context.Context, p *kratosadmin.Page, asked time.Time) error {
	on := make(map[uuid.UUID]bool, p.Len())
	for _, i := range p.Identities {
		on[i.ID] = true
	}
	for _, id := range p.Unread {
		on[id] = true
	}
	end := uuid.Max
	if p.Next != "" {
		end = p.Last()
	}
	for from := s.last; ; {
		records, err := s.d.store.After(ctx, from, p.Len()+1)
		if err != nil {
			return err
		}
		for _, r := range records {
			if bytes.Compare(r.ID[:], end[:]) > 0 {
				records = nil
				break
			}
			seenSince := r.SeenAt.After(asked) && !r.SeenAt.After(s.d.now().Add(maxSkew))
			if err := s.checkDeletions(ctx, r, on[r.ID] || seenSince); err != nil {
				return err
			}
			from = r.ID
		}
		if len(records) == 0 {
			s.last = end
			return nil
		}
	}
}

func (s *sweeper) checkDeletions(ctx context.Context, r *index.Identity, listed bool) error {
	switch {
	case r.DeletedAt.IsZero():
		s.held++
		if !listed {
			if s.gone++; len(s.missing) < maxMissing {
				s.missing = append(s.missing, r.ID)
			}
		}
	case !listed && s.d.now().Sub(r.DeletedAt) > tombstoneFor:
		err := s.d.update(ctx, []uuid.UUID{r.ID}, func(_ uuid.UUID, cur *index.Identity) *index.Identity {
			if cur == nil || cur.DeletedAt.IsZero() {
				return cur
			}
			return nil
		})
		return err
	}
	return nil
}

// confirm pulls each identity that is not on the list, which marks it as deleted if
// Kratos does not have it. If there are suspiciously many, it returns errManyDeleted
// instead.
func (s *sweeper) confirm(ctx context.Context) (deleted int, err error) {
	if err := s.d.readMeta(ctx); err != nil { // the sweep may have been requested from another server
		return 0, err
	}
	s.asked = s.d.meta.Load().AskedAt
	suspect := s.gone > maxDeletions && s.gone*100 > s.held
	if suspect && s.gone > s.d.meta.Load().Accept {
		return 0, fmt.Errorf("%w: Kratos does not list %d of the %d identities in the index", errManyDeleted, s.gone, s.held)
	}
	for _, id := range s.missing {
		p, err := s.d.pull(ctx, id)
		if errors.Is(err, kratosadmin.ErrUnreadable) {
			continue // it exists
		}
		if err != nil {
			return deleted, err
		}
		if p.seen == nil {
			deleted++
		}
	}
	return deleted, nil
}

// forgetAccepted resets the number of accepted deletions, unless it was set after
// this sweep read it.
func (s *sweeper) forgetAccepted(m *index.Meta) {
	if m.AskedAt.Equal(s.asked) {
		m.Accept = 0
	}
}
