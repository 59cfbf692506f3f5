package directory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// The errors of Resolve.
var (
	ErrUnknown   = errors.New("no identity is known to have this user handle")
	ErrRemoved   = errors.New("the credential of this user handle was removed, or its identity was deleted")
	ErrAmbiguous = errors.New("the text matches user handles of two identities")
	ErrBuilding  = errors.New("the index is still being built and does not contain this user handle yet")
	ErrKratos    = errors.New("this answer requires Kratos, which is unreachable")
)

// Query is a lookup of a user handle.
type Query struct {
	Readings     []userhandle.Reading // of the user handle, from userhandle.Read
	CredentialID []byte               // nil if unknown
	AllowRemoved bool                 // also resolve removed handles
	Confirm      bool                 // ask Kratos first
	AskUntil     time.Time            // deadline for requests to Kratos; zero for none
}

// Source is the source of an answer.
type Source string

// The sources.
const (
	SourceIndex      Source = "index"
	SourceKratos     Source = "kratos"      // Kratos was asked for this query and listed the handle
	SourceIdentityID Source = "identity_id" // the handle is the ID of an existing identity; nothing else is known
)

// Answer is the identity of a user handle.
type Answer struct {
	IdentityID  uuid.UUID
	Credential  string // passkey, webauthn, or "" if only the ID is known
	State       index.State
	Matches     *bool // whether the credential belongs to the handle; nil if unknown
	Source      Source
	ConfirmedAt time.Time // last time at which Kratos is known to have had this data
}

// Resolve returns the identity of a user handle. It never guesses: if the identity is
// not certain, it returns one of the errors above.
func (d *Directory) Resolve(ctx context.Context, q Query) (Answer, error) {
	h, err := d.find(ctx, q)
	if errors.Is(err, ErrUnknown) {
		return d.resolveMiss(ctx, q)
	}
	var removed *removedError
	if errors.As(err, &removed) {
		return d.resolveRemoved(ctx, q, removed.owners)
	}
	if err != nil {
		return Answer{}, err
	}
	if !q.Confirm {
		a := d.answer(h, q, SourceIndex)
		if d.stale(a.ConfirmedAt, d.now()) {
			d.queue.enqueueLocal(a.IdentityID)
		}
		return a, nil
	}
	if _, err := d.pullFor(ctx, h.ID, q); err != nil {
		return Answer{}, err
	}
	if h, err = d.find(ctx, q); err != nil {
		return Answer{}, err
	}
	return d.answer(h, q, SourceKratos), nil
}

// removedError is ErrRemoved with the former owners of the handle.
type removedError struct{ owners []index.Owner }

func (*removedError) Error() string { return ErrRemoved.Error() }

// Unwrap returns ErrRemoved.
func (*removedError) Unwrap() error { return ErrRemoved }

// resolveRemoved resolves a handle that no identity has any more. Its former owners
// are pulled: before it returns if the query says so, otherwise in the background
// if their records are stale.
func (d *Directory) resolveRemoved(ctx context.Context, q Query, owners []index.Owner) (Answer, error) {
	for _, h := range owners {
		switch {
		case q.Confirm:
			if _, err := d.pullFor(ctx, h.ID, q); err != nil {
				return Answer{}, err
			}
		case d.stale(d.confirmedAt(&h), d.now()):
			d.queue.enqueueLocal(h.ID)
		}
	}
	if !q.Confirm {
		return Answer{}, ErrRemoved
	}
	h, err := d.find(ctx, q)
	if err != nil {
		return Answer{}, err
	}
	return d.answer(h, q, SourceKratos), nil
}

// find looks up all readings. If exactly one identity has the handle, former owners
// do not matter.
func (d *Directory) find(ctx context.Context, q Query) (index.Owner, error) {
	var few [2]index.Owner // on the stack; more owners are rare
	live, removed := few[:0], []index.Owner(nil)
	for _, r := range q.Readings {
		owners, err := d.store.Owners(ctx, userhandle.DigestOf(r.Handle))
		if err != nil {
			return index.Owner{}, err
		}
		for _, o := range owners {
			if o.State == index.Removed {
				removed = add(removed, o)
			} else {
				live = add(live, o)
			}
		}
	}
	switch {
	case len(live) > 1:
		return index.Owner{}, ErrAmbiguous
	case len(live) == 1:
		return live[0], nil
	case len(removed) == 0:
		return index.Owner{}, ErrUnknown
	case !q.AllowRemoved:
		return index.Owner{}, &removedError{removed}
	case len(removed) > 1:
		return index.Owner{}, ErrAmbiguous
	}
	return removed[0], nil
}

// add appends an owner, unless its identity is already in the list.
func add(owners []index.Owner, o index.Owner) []index.Owner {
	for _, have := range owners {
		if have.ID == o.ID {
			return owners
		}
	}
	return append(owners, o)
}

func (d *Directory) answer(o index.Owner, q Query, source Source) Answer {
	return Answer{
		IdentityID:  o.ID,
		Credential:  o.Kind.String(),
		State:       o.State,
		Matches:     matches(&o, q.CredentialID, source == SourceKratos),
		Source:      source,
		ConfirmedAt: d.confirmedAt(&o),
	}
}

// confirmedAt returns the last time at which Kratos is known to have had the data of
// a record. A complete sweep confirms all data that the list contains.
func (d *Directory) confirmedAt(o *index.Owner) time.Time {
	if !listSuffices(o.Passkeys) {
		if o.PulledAt.IsZero() {
			return o.SeenAt
		}
		return o.PulledAt
	}
	if swept := d.meta.Load().SweepStartedAt; swept.After(o.SeenAt) && !swept.After(d.now().Add(maxSkew)) {
		return swept
	}
	return o.SeenAt
}

// stale reports whether a time is older than maxAge, or in the future, from a clock
// that was ahead.
func (d *Directory) stale(at, now time.Time) bool {
	age := now.Sub(at)
	return age > d.maxAge || age < -maxSkew
}

// matches reports whether a credential belongs to a handle: it does if it is one
// of the identity's now and nothing says that it was registered with another
// handle. The result is nil if the index cannot tell.
func matches(o *index.Owner, credentialID []byte, justPulled bool) *bool {
	if credentialID == nil {
		return nil
	}
	belongs, known := o.Credential(userhandle.DigestOf(credentialID))
	if !known && !justPulled {
		return nil
	}
	return &belongs
}

// resolveMiss resolves a handle that is not in the index: 16 bytes may be the ID of
// an identity in Kratos.
func (d *Directory) resolveMiss(ctx context.Context, q Query) (Answer, error) {
	if d.identityIDs != IdentityIDsOff {
		for _, r := range q.Readings {
			if userhandle.KindOf(r.Handle) != userhandle.KindUUID {
				continue
			}
			a, err := d.resolveIdentityID(ctx, uuid.UUID(r.Handle), q)
			if !errors.Is(err, ErrUnknown) {
				return a, err
			}
		}
	}
	if d.meta.Load().BuiltAt.IsZero() {
		return Answer{}, ErrBuilding
	}
	return Answer{}, ErrUnknown
}

func (d *Directory) resolveIdentityID(ctx context.Context, id uuid.UUID, q Query) (Answer, error) {
	if id == uuid.Nil {
		return Answer{}, ErrUnknown
	}
	asked := d.now()
	p, err := d.pullFor(ctx, id, q)
	if err != nil {
		return Answer{}, err
	}
	if p.seen == nil {
		return Answer{}, ErrUnknown
	}
	h, err := d.find(ctx, q)
	if err == nil {
		return d.answer(h, q, SourceKratos), nil
	}
	if d.identityIDs != IdentityIDsAny || !errors.Is(err, ErrUnknown) {
		return Answer{}, err
	}
	return Answer{IdentityID: id, State: index.Unknown, Source: SourceIdentityID, ConfirmedAt: micros(asked)}, nil
}

// pullFor is pullInRequest with the deadline of a query.
func (d *Directory) pullFor(ctx context.Context, id uuid.UUID, q Query) (pulled, error) {
	if q.AskUntil.IsZero() {
		return d.pullInRequest(ctx, id)
	}
	ctx, cancel := context.WithDeadline(ctx, q.AskUntil)
	defer cancel()
	return d.pullInRequest(ctx, id)
}

// inRequestTimeout limits how long a request waits for Kratos. It is less than the
// time that a server gives in-flight requests when it stops.
const inRequestTimeout = 8 * time.Second

// pullInRequest is pull for a waiting request, with limits on concurrency and time.
func (d *Directory) pullInRequest(ctx context.Context, id uuid.UUID) (pulled, error) {
	ctx, cancel := context.WithTimeout(ctx, inRequestTimeout)
	defer cancel()
	if err := ctx.Err(); err != nil { // avoids a request that fails immediately
		return pulled{}, fmt.Errorf("%w: %w", ErrKratos, err)
	}
	select {
	case d.inRequest <- struct{}{}:
		defer func() { <-d.inRequest }()
	case <-ctx.Done():
		return pulled{}, fmt.Errorf("%w: too many requests are waiting for it: %w", ErrKratos, ctx.Err())
	}
	p, err := d.pull(ctx, id)
	if err != nil && !errors.Is(ctx.Err(), context.Canceled) { // not because the client disconnected
		d.warn(msgPullInRequestFailed, id, err)
	}
	return p, err
}
