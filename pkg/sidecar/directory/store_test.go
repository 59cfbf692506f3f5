package directory

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/memory"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// faultyStore is a memory store that fails on request and counts its calls.
type faultyStore struct {
	*memory.Store
	mu   sync.Mutex
	fail map[string]int // by method: how many of the next calls
	nth  map[string]int // by method: the call that fails
	// before happens before each call of a method; nil for nothing.
	before func(method string, call int)
	calls  map[string]int
}

func newFaultyStore() *faultyStore {
	return &faultyStore{Store: memory.New(), fail: map[string]int{}, nth: map[string]int{}, calls: map[string]int{}}
}

var errDisk = errors.New("the disk is full")

func (s *faultyStore) call(method string) error {
	n, err := s.count(method)
	if s.before != nil {
		s.before(method, n)
	}
	return err
}

// count counts a call and returns its number, and an error if the call is to fail.
func (s *faultyStore) count(method string) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[method]++
	n = s.calls[method]
	switch {
	case n == s.nth[method]:
		err = errDisk
	case s.fail[method] > 0:
		s.fail[method]--
		err = errDisk
	}
	return n, err
}

func (s *faultyStore) failNext(method string, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail[method] = times
}

// failCall lets the n-th call of a method fail.
func (s *faultyStore) failCall(method string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nth[method] = n
}

func (s *faultyStore) called(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

func (s *faultyStore) Owners(ctx context.Context, d userhandle.Digest) ([]index.Owner, error) {
	if err := s.call("Owners"); err != nil {
		return nil, err
	}
	return s.Store.Owners(ctx, d)
}

func (s *faultyStore) Identity(ctx context.Context, id uuid.UUID) (*index.Identity, error) {
	if err := s.call("Identity"); err != nil {
		return nil, err
	}
	return s.Store.Identity(ctx, id)
}

func (s *faultyStore) After(ctx context.Context, id uuid.UUID, limit int) ([]*index.Identity, error) {
	if err := s.call("After"); err != nil {
		return nil, err
	}
	return s.Store.After(ctx, id, limit)
}

func (s *faultyStore) Update(ctx context.Context, ids []uuid.UUID, change index.Change) (int, error) {
	if err := s.call("Update"); err != nil {
		return 0, err
	}
	return s.Store.Update(ctx, ids, change)
}

func (s *faultyStore) Stats(ctx context.Context) (index.Stats, error) {
	if err := s.call("Stats"); err != nil {
		return index.Stats{}, err
	}
	return s.Store.Stats(ctx)
}

func (s *faultyStore) Meta(ctx context.Context) (index.Meta, error) {
	if err := s.call("Meta"); err != nil {
		return index.Meta{}, err
	}
	return s.Store.Meta(ctx)
}

func (s *faultyStore) UpdateMeta(ctx context.Context, change func(*index.Meta)) error {
	if err := s.call("UpdateMeta"); err != nil {
		return err
	}
	return s.Store.UpdateMeta(ctx, change)
}

func (s *faultyStore) Enqueue(ctx context.Context, job index.Job) (uint64, error) {
	if err := s.call("Enqueue"); err != nil {
		return 0, err
	}
	return s.Store.Enqueue(ctx, job)
}

func (s *faultyStore) Dequeue(ctx context.Context, job index.Job) error {
	if err := s.call("Dequeue"); err != nil {
		return err
	}
	return s.Store.Dequeue(ctx, job)
}

func (s *faultyStore) Jobs(ctx context.Context) ([]index.Job, error) {
	if err := s.call("Jobs"); err != nil {
		return nil, err
	}
	return s.Store.Jobs(ctx)
}

// faultyLoader takes a first build in its own way, as bolt does.
type faultyLoader struct{ *faultyStore }

// as is the store, as one that takes a first build in its own way or as one that
// does not.
func (s *faultyStore) as(loads bool) index.Store {
	if loads {
		return faultyLoader{s}
	}
	return s
}

// Load implements index.Loader.
func (s faultyLoader) Load(ctx context.Context, ids []uuid.UUID, change index.Change, meta func(*index.Meta)) error {
	if err := s.call("Load"); err != nil {
		return err
	}
	if _, err := s.Store.Update(ctx, ids, change); err != nil {
		return err
	}
	return s.Store.UpdateMeta(ctx, meta)
}

// FinishLoad implements index.Loader.
func (s faultyLoader) FinishLoad(context.Context) error { return s.call("FinishLoad") }

// retryingStore calls every change twice, first with another record.
type retryingStore struct {
	index.Store
	first *index.Identity
}

// Update implements index.Store.
func (s *retryingStore) Update(ctx context.Context, ids []uuid.UUID, change index.Change) (int, error) {
	for _, id := range ids {
		change(id, s.first.Clone())
	}
	return s.Store.Update(ctx, ids, change)
}

// notebook is a memory store that writes down what a build stores.
type notebook struct {
	*memory.Store
	lines []string
}

// Update implements index.Store.
func (n *notebook) Update(ctx context.Context, ids []uuid.UUID, change index.Change) (int, error) {
	n.lines = append(n.lines, fmt.Sprintf("%d identities", len(ids)))
	return n.Store.Update(ctx, ids, change)
}

// UpdateMeta implements index.Store.
func (n *notebook) UpdateMeta(ctx context.Context, change func(*index.Meta)) error {
	return n.Store.UpdateMeta(ctx, func(m *index.Meta) {
		change(m)
		n.lines = append(n.lines, fmt.Sprintf("next %q, read %t, built %t", m.BuildToken, m.BuildRead, !m.BuiltAt.IsZero()))
	})
}

// notebookLoader takes the build in its own way.
type notebookLoader struct{ *notebook }

// Load implements index.Loader.
func (n notebookLoader) Load(ctx context.Context, ids []uuid.UUID, change index.Change, meta func(*index.Meta)) error {
	_, err := n.Update(ctx, ids, change)
	if err != nil {
		return err
	}
	return n.UpdateMeta(ctx, meta)
}

// FinishLoad implements index.Loader.
func (n notebookLoader) FinishLoad(context.Context) error {
	n.lines = append(n.lines, "finish")
	return nil
}
