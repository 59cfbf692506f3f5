// Package directory answers whose a user handle is. It builds an index from
// Kratos' list of identities, keeps it by pulling every identity that a hook
// names, and corrects it by sweeping over the list again.
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

// Kratos is what the directory needs of the admin API; *kratosadmin.Client is
// one. Identity returns kratosadmin.ErrNotFound for one that does not exist, and
// kratosadmin.ErrUnreadable for one that exists and cannot be read.
type Kratos interface {
	Identity(ctx context.Context, id uuid.UUID) (*kratosadmin.Identity, error)
	List(ctx context.Context, token string) (*kratosadmin.Page, error)
}

// IdentityIDs says when the 16 bytes of an identity's id, though not in the
// index, are its user handle.
type IdentityIDs string

// The ways to treat 16 bytes that the index does not hold.
const (
	IdentityIDsWebAuthn IdentityIDs = "webauthn" // Kratos is asked, and must show a webauthn key with that handle
	IdentityIDsAny      IdentityIDs = "any"      // Kratos is asked, and the identity must exist
	IdentityIDsOff      IdentityIDs = "off"      // Kratos is not asked
)

// ParseIdentityIDs reads the name of a mode.
func ParseIdentityIDs(name string) (IdentityIDs, error) {
	switch m := IdentityIDs(name); m {
	case IdentityIDsWebAuthn, IdentityIDsAny, IdentityIDsOff:
		return m, nil
	}
	return "", fmt.Errorf("unknown mode %q, want webauthn, any or off", name)
}

// Options make a Directory. Store, Kratos and Log are required.
type Options struct {
	Store          index.Store
	Kratos         Kratos
	Log            *slog.Logger
	IdentityIDs    IdentityIDs      // webauthn where it is empty
	ReconcileEvery time.Duration    // 6 h where it is 0
	MaxAge         time.Duration    // 24 h where it is 0: older entries are confirmed
	Pulls          int              // 8 where it is 0: identities pulled at the same time
	Now            func() time.Time // time.Now where it is nil
	Tracer         trace.Tracer     // makes a span of every pull and every write to the store, nil for none
	// OnPulled is told how long a hook waited for its pull; nil for nobody.
	OnPulled func(waited time.Duration)
}

// Directory answers whose a user handle is.
type Directory struct {
	store          index.Store
	kratos         Kratos
	log            *slog.Logger
	identityIDs    IdentityIDs
	reconcileEvery time.Duration
	maxAge         time.Duration
	pulls          int
	own            func() time.Time // this server's clock: for how long something takes
	now            func() time.Time // of servers that share a store: for when something was
	clock          *sharedClock     // behind now, nil where no other server shares the store
	onPulled       func(waited time.Duration)
	tracer         trace.Tracer
	queue          *queue
	inRequest      chan struct{}              // bounds the pulls that answers wait for
	checked        atomic.Bool                // the index belongs to this Kratos
	meta           atomic.Pointer[index.Meta] // as stored
	metaTurn       chan struct{}              // holds one: who reads or writes meta in the store

	progress  progress
	presented presented
	erased    erased
	warnedAt  atomic.Int64 // Unix nanoseconds of the last warning about pulls
	sweepNow  chan struct{}
}

// ErrOtherKratos says that the index was made from another Kratos.
var ErrOtherKratos = errors.New("index belongs to another Kratos")

// maxInRequest is how many pulls answers may wait for at the same time.
const maxInRequest = 16

// New takes up the store. It does not call Kratos; Run does.
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
		metaTurn:       make(chan struct{}, 1),
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
	d.own = d.now
	if d.tracer == nil {
		d.tracer = noop.Tracer{}
	}
	if d.onPulled == nil {
		d.onPulled = func(time.Duration) {}
	}
	if l, shared := o.Store.(index.Leader); shared {
		d.clock = &sharedClock{store: l, own: d.own}
		d.now = d.clock.now
		if err := d.clock.set(ctx); err != nil {
			return nil, err
		}
	}
	if err := d.readMeta(ctx); err != nil {
		return nil, err
	}
	var err error
	if d.queue, err = newQueue(ctx, o.Store, d.tracer, d.own, d.now); err != nil {
		return nil, err
	}
	return d, nil
}

// Run keeps the index until ctx ends, and answers nil then. It ends early with
// ErrOtherKratos where the index belongs to another Kratos. While Kratos cannot
// be reached it waits; what the index holds is answered meanwhile.
func (d *Directory) Run(ctx context.Context) error {
	if ours, err := d.awaitKratos(ctx); !ours {
		return err
	}
	d.checked.Store(true)
	var g sync.WaitGroup
	g.Go(func() { d.work(ctx) })
	g.Go(func() { d.maintain(ctx) })
	g.Go(func() { d.keepSharing(ctx) })
	g.Wait()
	return nil
}

// awaitKratos waits until Kratos answers and tells whether the index is its. It
// is not, without an error, where ctx ends before.
func (d *Directory) awaitKratos(ctx context.Context) (ours bool, err error) {
	for tries := 0; ctx.Err() == nil; tries++ {
		err := d.checkOwner(ctx)
		if err == nil || errors.Is(err, ErrOtherKratos) {
			return err == nil, err
		}
		wait := pause(tries)
		if ctx.Err() == nil { // its end is no trouble with kratos
			d.log.Error("cannot reach Kratos; responding from the index", "error", err, "again_in", wait.String())
		}
		_ = sleep(ctx, wait) // the loop ends with ctx
	}
	return false, nil
}

// ownerSample is in how many places of the index, and how many identities in
// each, are looked for at the start; the first that exists ends it.
const ownerSample = 8

// checkOwner looks for a sample of the index in Kratos, and for the first page
// of Kratos' list in the index. Where neither finds anything the index was made
// from another Kratos, and every answer would be wrong.
func (d *Directory) checkOwner(ctx context.Context) error {
	sample, err := d.sample(ctx)
	if err != nil {
		return err
	}
	for _, id := range sample {
		switch _, err := d.kratos.Identity(ctx, id); {
		case errors.Is(err, kratosadmin.ErrUnreadable):
			return nil // there is one
		case !errors.Is(err, kratosadmin.ErrNotFound):
			return err // nil if there is one
		}
	}
	page, err := d.kratos.List(ctx, "")
	if err != nil || len(sample) == 0 { // an empty index is anybody's
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

// sample answers identities of the index that are not deleted: those at its
// front, and of an index that is larger some from anywhere.
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

// metaTimeout is how long a store that does not answer is waited for, and everybody
// else with it who wants the turn.
const metaTimeout = 10 * time.Second

// updateMeta changes what is stored about the index as a whole.
func (d *Directory) updateMeta(ctx context.Context, change func(*index.Meta)) error {
	ctx, cancel := context.WithTimeout(ctx, metaTimeout)
	defer cancel()
	return d.takeMeta(ctx, func() (meta index.Meta, err error) {
		err = commit(ctx, d.tracer, "update-meta", 0, func(ctx context.Context) error {
			return d.store.UpdateMeta(ctx, func(m *index.Meta) {
				change(m)
				meta = *m
			})
		})
		return meta, err
	})
}

// readMeta takes over what is stored about the index as a whole.
func (d *Directory) readMeta(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, metaTimeout)
	defer cancel()
	return d.takeMeta(ctx, func() (index.Meta, error) { return d.store.Meta(ctx) })
}

// takeMeta keeps what is stored now, one caller after the other, so that nothing
// older takes its place. A turn that is free is taken also where ctx has ended: what
// was read is stored.
func (d *Directory) takeMeta(ctx context.Context, stored func() (index.Meta, error)) error {
	select {
	case d.metaTurn <- struct{}{}:
	default:
		select {
		case d.metaTurn <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer func() { <-d.metaTurn }()
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
