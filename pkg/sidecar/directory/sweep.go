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

// tombstoneFor is how long the index remembers a deleted identity.
const tombstoneFor = 30 * 24 * time.Hour

// maxDeletions is how many identities a sweep may find deleted without being
// suspect; above it, more than one in a hundred is.
const maxDeletions = 100

// longestRest bounds the rest after a page.
const longestRest = time.Minute

// maxMissing bounds the identities that one sweep asks Kratos about, and so its
// memory; the next sweep asks about more.
const maxMissing = 1_000_000

// errManyDeleted says that a sweep stopped because too many identities would be deleted.
var errManyDeleted = errors.New("too many identities would be deleted")

// sweep reads the list again, writes what differs and marks what is gone. It
// reads for half of the time at most.
func (d *Directory) sweep(ctx context.Context) error {
	d.progress.start(d.now(), 0)
	defer d.progress.end()
	started := micros(d.now())
	s := sweeper{d: d}
	var alone unread
	resumed := d.now()
	err := d.scan(ctx, func(p *kratosadmin.Page, asked time.Time) error {
		alone.add(p.Unread)
		if err := s.compare(ctx, p, asked); err != nil || p.Next == "" {
			return err
		}
		err := sleep(ctx, min(d.now().Sub(resumed), longestRest))
		resumed = d.now()
		return err
	})
	if err != nil {
		return err
	}
	left, err := d.pullUnread(ctx, &alone)
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

// scan reads the whole list, merges every page and hands it on.
func (d *Directory) scan(ctx context.Context, each func(p *kratosadmin.Page, asked time.Time) error) error {
	for token := ""; ; {
		began := d.own()
		page, err := d.kratos.List(ctx, token)
		if err != nil {
			return err
		}
		if err := d.merge(&batch{identities: page.Identities, began: began}, d.updates(ctx)); err != nil {
			return err
		}
		d.progress.page(page)
		if err := each(page, d.lookSince(began).asked); err != nil || page.Next == "" {
			return err
		}
		token = page.Next
	}
}

// updates is the ordinary way to store what the list has shown.
func (d *Directory) updates(ctx context.Context) func([]uuid.UUID, index.Change) error {
	return func(ids []uuid.UUID, change index.Change) error {
		return d.update(ctx, ids, change)
	}
}

// merge merges what the list has shown into the index, through the given way
// to store it, and asks for the pulls that it takes to know more.
func (d *Directory) merge(b *batch, store func(ids []uuid.UUID, change index.Change) error) error {
	ids := make([]uuid.UUID, len(b.identities))
	seen := make(map[uuid.UUID]*kratosadmin.Identity, len(b.identities))
	for n, i := range b.identities {
		ids[n], seen[i.ID] = i.ID, i
	}
	pulls := map[uuid.UUID]struct{}{}
	err := store(ids, func(id uuid.UUID, cur *index.Identity) *index.Identity {
		l := d.lookSince(b.began)
		if cur == nil && d.erased.since(id, l.asked) {
			return nil
		}
		next := mergeListed(cur, seen[id], l)
		if d.listIsNotEnough(next, l.now) {
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
		d.queue.suggest(id)
	}
	return nil
}

// listIsNotEnough tells whether an identity has several passkeys: which of
// their handles still have a key only a pull can show.
func (d *Directory) listIsNotEnough(i *index.Identity, now time.Time) bool {
	if i == nil || listTells(i.Passkeys()) {
		return false
	}
	for _, h := range i.Handles {
		if h.Kind == index.Passkey && h.State == index.Unknown && !h.Pulled {
			return true
		}
	}
	return d.aged(i.PulledAt, now)
}

// listTells reports whether the list alone shows everything about the passkeys
// of an identity with so many handles: one at most, with its key.
func listTells(passkeys int) bool { return passkeys <= 1 }

// sweeper compares the list with the index, both in the order of the ids.
type sweeper struct {
	d       *Directory
	last    uuid.UUID   // of the last page
	held    int         // identities in the index that are not deleted
	gone    int         // those of them that the list misses
	missing []uuid.UUID // the first of these
	asked   time.Time   // when somebody last said how many deletions to accept
}

// compare walks over the part of the index that a page covers.
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
			seenSince := r.SeenAt.After(asked) && !r.SeenAt.After(s.d.now().Add(slack))
			if err := s.weigh(ctx, r, on[r.ID] || seenSince); err != nil {
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

func (s *sweeper) weigh(ctx context.Context, r *index.Identity, listed bool) error {
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

// confirm asks Kratos for each identity that the list missed, and marks those
// that it does not have as deleted, unless they are suspiciously many.
func (s *sweeper) confirm(ctx context.Context) (deleted int, err error) {
	if err := s.d.readMeta(ctx); err != nil { // another server may have been told
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
			continue // it is there
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

// forgetAccepted forgets what this sweep was told to accept, and nothing that was
// said later: that is for the next one.
func (s *sweeper) forgetAccepted(m *index.Meta) {
	if m.AskedAt.Equal(s.asked) {
		m.Accept = 0
	}
}
