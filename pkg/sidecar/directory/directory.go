// Package directory resolves user handles to identities. It builds an index from
// Kratos' list of identities, updates it by pulling every identity that a hook
// names, and corrects it with periodic sweeps over the list.
package directory

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// Kratos is the part of the admin API that the directory uses. *kratosadmin.Client
// implements it. Identity returns kratosadmin.ErrNotFound for an identity that does
// not exist, and kratosadmin.ErrUnreadable for one that exists but cannot be read.
type Kratos interface {
	Identity(ctx context.Context, id uuid.UUID) (*kratosadmin.Identity, error)
	List(ctx context.Context, token string) (*kratosadmin.Page, error)
}

// IdentityIDs is the mode for 16-byte user handles that are not in the index: when
// they are accepted as the ID of an identity.
type IdentityIDs string

// The modes.
const (
	IdentityIDsWebAuthn IdentityIDs = "webauthn" // Kratos is asked, and must show a webauthn key with that handle
	IdentityIDsAny      IdentityIDs = "any"      // Kratos is asked, and the identity must exist
	IdentityIDsOff      IdentityIDs = "off"      // Kratos is not asked
)

// ParseIdentityIDs returns the mode with the given name.
func ParseIdentityIDs(name string) (IdentityIDs, error) {
	switch m := IdentityIDs(name); m {
	case IdentityIDsWebAuthn, IdentityIDsAny, IdentityIDsOff:
		return m, nil
	}
	return "", fmt.Errorf("unknown mode %q, want webauthn, any or off", name)
}

// Options are the options of a Directory. Store, Kratos and Log are required.
type Options struct {
	Store          index.Store
	Kratos         Kratos
	Log            *slog.Logger
	IdentityIDs    IdentityIDs      // default webauthn
	ReconcileEvery time.Duration    // time between sweeps; default 6 h
	MaxAge         time.Duration    // age from which entries are confirmed with Kratos; default 24 h
	Pulls          int              // concurrent pulls; default 8
	Now            func() time.Time // default time.Now
	Tracer         trace.Tracer     // traces pulls and writes to the store; nil for no spans
	// OnPulled is called with the time that a hook waited for its pull, unless it is nil.
	OnPulled func(waited time.Duration)
}

// Directory resolves user handles to identities.
type Directory struct {
	store          index.Store
	kratos         Kratos
	log            *slog.Logger
	identityIDs    IdentityIDs
	reconcileEvery time.Duration
	maxAge         time.Duration
	pulls          int
	local          func() time.Time // this server's clock, for durations
	now            func() time.Time // the clock shared by all servers of a store, for timestamps
	clock          *sharedClock     // the source of now; nil if the store is not shared
	onPulled       func(waited time.Duration)
	tracer         trace.Tracer
	queue          *queue
	inRequest      chan struct{}              // limits the pulls that requests wait for
	checked        atomic.Bool                // the index belongs to this Kratos
	meta           atomic.Pointer[index.Meta] // as stored
	metaLock       chan struct{}              // a mutex that respects contexts: serialises access to meta in the store

	progress  progress
	firstSeen firstSeen
	erased    erased
	warnedAt  atomic.Int64 // Unix nanoseconds of the last warning about pulls
	sweepNow  chan struct{}
}

// ErrOtherKratos is returned if the index was built from another Kratos.
var ErrOtherKratos = errors.New("index belongs to another Kratos")

// maxInRequest is the number of concurrent pulls that requests wait for.
const maxInRequest = 16

// New opens a Directory on a store. It does not call Kratos; Run does.
func New(ctx context.Context, o Options) (*Directory, error) {
	d := &Directory{
		store:          o.Store,
		kratos:         o.Kratos,
		log:            o.Log,
		identityIDs:    o.IdentityIDs,
		reconcileEvery: o.ReconcileEvery,
		maxAge:         o.MaxAge,
		pulls:          o.Pulls,
		now:            o.Now,
		onPulled:       o.OnPulled,
		tracer:         o.Tracer,
		inRequest:      make(chan struct{}, maxInRequest),
		metaLock:       make(chan struct{}, 1),
		sweepNow:       make(chan struct{}, 1),
	}
	if d.reconcileEvery == 0 {
		d.reconcileEvery = 6 * time.Hour
	}
	if d.maxAge == 0 {
		d.maxAge = 24 * time.Hour
	}
	if d.pulls == 0 {
		d.pulls = 8
	}
	if d.now == nil {
		d.now = time.Now
	}
	d.local = d.now
	if d.tracer == nil {
		d.tracer = noop.Tracer{}
	}
	if d.onPulled == nil {
		d.onPulled = func(time.Duration) {}
	}
	if l, shared := o.Store.(index.Leader); shared {
		d.clock = &sharedClock{store: l, local: d.local}
		d.now = d.clock.now
		if err := d.clock.set(ctx); err != nil {
			return nil, err
		}
	}
	if err := d.readMeta(ctx); err != nil {
		return nil, err
	}
	var err error
	if d.queue, err = newQueue(ctx, o.Store, d.tracer, d.local, d.now); err != nil {
		return nil, err
	}
	return d, nil
}

// Run maintains the index until ctx is done, and then returns nil. It returns
// ErrOtherKratos if the index was built from another Kratos. While Kratos is
// unreachable, Run waits, and the index is served as it is.
func (d *Directory) Run(ctx context.Context) error {
	if ours, err := d.awaitKratos(ctx); !ours {
		return err
	}
	d.checked.Store(true)
	var g sync.WaitGroup
	g.Go(func() { d.work(ctx) })
	g.Go(func() { d.maintain(ctx) })
	g.Go(func() { d.syncShared(ctx) })
	g.Wait()
	return nil
}

// awaitKratos waits until Kratos responds, and reports whether the index was built
// from it. If ctx is done before, it returns false and no error.
func (d *Directory) awaitKratos(ctx context.Context) (ours bool, err error) {
	for tries := 0; ctx.Err() == nil; tries++ {
		err := d.checkOwner(ctx)
		if err == nil || errors.Is(err, ErrOtherKratos) {
			return err == nil, err
		}
		wait := pause(tries)
		if ctx.Err() == nil {
			d.log.Error("cannot reach Kratos; responding from the index", "error", err, "again_in", wait.String())
		}
		_ = sleep(ctx, wait) // the loop ends with ctx
	}
	return false, nil
}

// ownerSample is the number of places in the index from which the startup check
// takes samples, and the number of identities from each.
const ownerSample = 8

// checkOwner returns ErrOtherKratos if Kratos has none of a sample of the index, and
// the index has none of the first page of Kratos' list. Serving such an index would
// give wrong results only.
func (d *Directory) checkOwner(ctx context.Context) error {
	sample, err := d.sample(ctx)
	if err != nil {
		return err
	}
	for _, id := range sample {
		switch _, err := d.kratos.Identity(ctx, id); {
		case errors.Is(err, kratosadmin.ErrUnreadable):
			return nil // the identity exists
		case !errors.Is(err, kratosadmin.ErrNotFound):
			return err // nil if the identity exists
		}
	}
	page, err := d.kratos.List(ctx, "")
	if err != nil || len(sample) == 0 { // an empty index fits every Kratos
		return err
	}
	listed := slices.Clone(page.Unread)
	for _, i := range page.Identities {
		listed = append(listed, i.ID)
	}
	for _, id := range listed {
		known, err := d.store.Identity(ctx, id)
		if err != nil || known != nil {
			return err
		}
	}
	return fmt.Errorf("%w: none of the sampled identities exist there; use another data directory, or empty this one if Kratos was replaced", ErrOtherKratos)
}

// sample returns identities of the index that are not deleted: the first ones, and
// some from random places if the index is larger.
func (d *Directory) sample(ctx context.Context) ([]uuid.UUID, error) {
	var sample []uuid.UUID
	var from uuid.UUID
	for range ownerSample {
		page, err := d.store.After(ctx, from, ownerSample)
		if err != nil {
			return nil, err
		}
		for _, i := range page {
			if i.DeletedAt.IsZero() {
				sample = append(sample, i.ID)
			}
		}
		if len(page) < ownerSample && from == uuid.Nil {
			break // that was all of it
		}
		_, _ = rand.Read(from[:]) // documented never to fail
	}
	return sample, nil
}

// metaTimeout limits access to the metadata, including the wait for metaLock.
const metaTimeout = 10 * time.Second

// updateMeta changes the metadata in the store and updates the cached copy.
func (d *Directory) updateMeta(ctx context.Context, change func(*index.Meta)) error {
	ctx, cancel := context.WithTimeout(ctx, metaTimeout)
	defer cancel()
	return d.setMeta(ctx, func() (meta index.Meta, err error) {
		err = commit(ctx, d.tracer, "update-meta", 0, func(ctx context.Context) error {
			return d.store.UpdateMeta(ctx, func(m *index.Meta) {
				change(m)
				meta = *m
			})
		})
		return meta, err
	})
}

// readMeta refreshes the cached metadata from the store.
func (d *Directory) readMeta(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, metaTimeout)
	defer cancel()
	return d.setMeta(ctx, func() (index.Meta, error) { return d.store.Meta(ctx) })
}

// setMeta replaces the cached metadata with the result of stored. Calls are
// serialised, so that an older value never replaces a newer one. If the lock is
// free, it is taken even if ctx is done, so that progress made before is saved.
func (d *Directory) setMeta(ctx context.Context, stored func() (index.Meta, error)) error {
	select {
	case d.metaLock <- struct{}{}:
	default:
		select {
		case d.metaLock <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer func() { <-d.metaLock }()
	meta, err := stored()
	if err == nil {
		d.meta.Store(&meta)
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
