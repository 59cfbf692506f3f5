// Package memory is an in-memory index store for tests and temporary servers.
package memory

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

var _ index.Store = (*Store)(nil)

// Store keeps everything in maps.
type Store struct {
	mu         sync.RWMutex
	identities map[uuid.UUID]*index.Identity
	owners     map[userhandle.Digest][]index.Owner // in the order of their ids
	jobs       map[uuid.UUID]index.Job
	meta       index.Meta
	stats      index.Stats
}

// New returns an empty store.
func New() *Store {
	return &Store{
		identities: map[uuid.UUID]*index.Identity{},
		owners:     map[userhandle.Digest][]index.Owner{},
		jobs:       map[uuid.UUID]index.Job{},
	}
}

// Owners implements index.Store.
func (s *Store) Owners(_ context.Context, handle userhandle.Digest) ([]index.Owner, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	owners := slices.Clone(s.owners[handle])
	for n := range owners {
		owners[n] = owners[n].Clone()
	}
	return owners, nil
}

// Identity implements index.Store.
func (s *Store) Identity(_ context.Context, id uuid.UUID) (*index.Identity, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.identities[id].Clone(), nil
}

// After implements index.Store.
func (s *Store) After(_ context.Context, id uuid.UUID, limit int) ([]*index.Identity, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	ids := sorted(s.identities)
	from, found := slices.BinarySearchFunc(ids, id, compare)
	if found {
		from++
	}
	var page []*index.Identity
	for _, id := range ids[from:min(len(ids), from+limit)] {
		page = append(page, s.identities[id].Clone())
	}
	return page, nil
}

// Update implements index.Store.
func (s *Store) Update(_ context.Context, ids []uuid.UUID, change index.Change) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := 0
	for _, id := range ids {
		cur := s.identities[id]
		next := change(id, cur.Clone())
		if index.Equal(cur, next) {
			continue
		}
		changed++
		s.replace(id, cur, next.Clone())
		s.stats.Replace(cur, next)
	}
	return changed, nil
}

func (s *Store) replace(id uuid.UUID, cur, next *index.Identity) {
	byID := func(o index.Owner, id uuid.UUID) int { return compare(o.ID, id) }
	if cur != nil {
		for _, h := range cur.Handles {
			owners := s.owners[h.Digest]
			if n, ok := slices.BinarySearchFunc(owners, id, byID); ok {
				s.owners[h.Digest] = slices.Delete(owners, n, n+1)
			}
			if len(s.owners[h.Digest]) == 0 {
				delete(s.owners, h.Digest)
			}
		}
		delete(s.identities, id)
	}
	if next == nil {
		return
	}
	s.identities[id] = next
	for _, h := range next.Handles {
		o, _ := next.Owner(h.Digest)
		owners := s.owners[h.Digest]
		if n, ok := slices.BinarySearchFunc(owners, id, byID); !ok {
			s.owners[h.Digest] = slices.Insert(owners, n, o)
		}
	}
}

// Stats implements index.Store.
func (s *Store) Stats(context.Context) (index.Stats, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.stats, nil
}

// Meta implements index.Store.
func (s *Store) Meta(context.Context) (index.Meta, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.meta, nil
}

// UpdateMeta implements index.Store.
func (s *Store) UpdateMeta(_ context.Context, change func(*index.Meta)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.meta)
	return nil
}

// Enqueue implements index.Store.
func (s *Store) Enqueue(_ context.Context, job index.Job) (number uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	job.Number = max(job.Number, s.jobs[job.Identity].Number+1)
	s.jobs[job.Identity] = job
	return job.Number, nil
}

// Dequeue implements index.Store.
func (s *Store) Dequeue(_ context.Context, job index.Job) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.jobs[job.Identity].Number == job.Number {
		delete(s.jobs, job.Identity)
	}
	return nil
}

// Jobs implements index.Store.
func (s *Store) Jobs(context.Context) ([]index.Job, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var jobs []index.Job
	for _, id := range sorted(s.jobs) {
		jobs = append(jobs, s.jobs[id])
	}
	return jobs, nil
}

// Close implements index.Store.
func (s *Store) Close() error { return nil }

func sorted[V any](m map[uuid.UUID]V) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(m), compare)
}

func compare(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }
