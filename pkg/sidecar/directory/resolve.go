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

// Why a handle leads to no identity.
var (
	ErrUnknown   = errors.New("no identity is known to have this user handle")
	ErrRemoved   = errors.New("the credential of this user handle was removed, or its identity was deleted")
	ErrAmbiguous = errors.New("the text matches user handles of two identities")
	ErrBuilding  = errors.New("the index is still being built and does not contain this user handle yet")
	ErrKratos    = errors.New("this answer requires Kratos, which is unreachable")
)

// Query asks whose a handle is.
type Query struct {
	Readings     []userhandle.Reading // of the handle, as userhandle.Read gives them
	CredentialID []byte               // nil where the caller has none
	AllowRemoved bool                 // answer removed handles, too
	Confirm      bool                 // ask Kratos before answering
	AskUntil     time.Time            // Kratos is not waited for any longer; the zero time for no such bound
}

// Source says what an answer rests on.
type Source string

// The sources of answers.
const (
	SourceIndex      Source = "index"
	SourceKratos     Source = "kratos"      // Kratos was asked just now and showed the handle
	SourceIdentityID Source = "identity_id" // the handle is an existing identity's id, nothing more
)

// Answer says whose a handle is.
type Answer struct {
	IdentityID  uuid.UUID
	Credential  string // passkey, webauthn, or "" where nothing but the id is known
	State       index.State
	Matches     *bool // whether the credential belongs to the handle; nil where it cannot be told
	Source      Source
	ConfirmedAt time.Time // the last time Kratos is known to have had it so
}

// Resolve answers whose a handle is, or one of the errors above: never a guess.
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
		if d.aged(a.ConfirmedAt, d.now()) {
			d.queue.suggest(a.IdentityID)
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

// removedError is ErrRemoved, with those who had the handle.
type removedError struct{ owners []index.Owner }

func (*removedError) Error() string { return ErrRemoved.Error() }

// Unwrap returns ErrRemoved.
func (*removedError) Unwrap() error { return ErrRemoved }

// resolveRemoved answers for a handle that nobody has any more. That is asked
// about again like everything else: at once if the query says so, and otherwise
// once it is old.
func (d *Directory) resolveRemoved(ctx context.Context, q Query, owners []index.Owner) (Answer, error) {
	for _, h := range owners {
		switch {
		case q.Confirm:
			if _, err := d.pullFor(ctx, h.ID, q); err != nil {
				return Answer{}, err
			}
		case d.aged(d.confirmedAt(&h), d.now()):
			d.queue.suggest(h.ID)
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

// find looks every reading up. Where a handle that stands leads to one
// identity, removed handles of others do not matter.
func (d *Directory) find(ctx context.Context, q Query) (index.Owner, error) {
	var few [2]index.Owner // on the stack, where nearly always all have room
	standing, removed := few[:0], []index.Owner(nil)
	for _, r := range q.Readings {
		owners, err := d.store.Owners(ctx, userhandle.DigestOf(r.Handle))
		if err != nil {
			return index.Owner{}, err
		}
		for _, o := range owners {
			if o.State == index.Removed {
				removed = add(removed, o)
			} else {
				standing = add(standing, o)
			}
		}
	}
	switch {
	case len(standing) > 1:
		return index.Owner{}, ErrAmbiguous
	case len(standing) == 1:
		return standing[0], nil
	case len(removed) == 0:
		return index.Owner{}, ErrUnknown
	case !q.AllowRemoved:
		return index.Owner{}, &removedError{removed}
	case len(removed) > 1:
		return index.Owner{}, ErrAmbiguous
	}
	return removed[0], nil
}

// add keeps one owner per identity.
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

// confirmedAt is the last time Kratos is known to have had an identity as the
// record says. A complete sweep confirms whatever the list shows.
func (d *Directory) confirmedAt(o *index.Owner) time.Time {
	if !listTells(o.Passkeys) {
		if o.PulledAt.IsZero() {
			return o.SeenAt
		}
		return o.PulledAt
	}
	if swept := d.meta.Load().SweepStartedAt; swept.After(o.SeenAt) && !swept.After(d.now().Add(slack)) {
		return swept
	}
	return o.SeenAt
}

// aged tells whether a time is too long ago, or from a clock that was ahead.
func (d *Directory) aged(at, now time.Time) bool {
	age := now.Sub(at)
	return age > d.maxAge || age < -slack
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

// resolveMiss answers a handle that is not in the index: 16 bytes may be the id
// of an identity that Kratos knows.
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

// pullFor is pullInRequest within what the query grants.
func (d *Directory) pullFor(ctx context.Context, id uuid.UUID, q Query) (pulled, error) {
	if q.AskUntil.IsZero() {
		return d.pullInRequest(ctx, id)
	}
	ctx, cancel := context.WithDeadline(ctx, q.AskUntil)
	defer cancel()
	return d.pullInRequest(ctx, id)
}

// inRequestTimeout bounds how long an answer waits for Kratos. It is less than a
// server grants the requests that are under way when it stops.
const inRequestTimeout = 8 * time.Second

// pullInRequest is pull for an answer that waits: bounded in number and time.
func (d *Directory) pullInRequest(ctx context.Context, id uuid.UUID) (pulled, error) {
	ctx, cancel := context.WithTimeout(ctx, inRequestTimeout)
	defer cancel()
	if err := ctx.Err(); err != nil { // no request that would fail at once
		return pulled{}, fmt.Errorf("%w: %w", ErrKratos, err)
	}
	select {
	case d.inRequest <- struct{}{}:
		defer func() { <-d.inRequest }()
	case <-ctx.Done():
		return pulled{}, fmt.Errorf("%w: too many requests are waiting for it: %w", ErrKratos, ctx.Err())
	}
	p, err := d.pull(ctx, id)
	if err != nil && !errors.Is(ctx.Err(), context.Canceled) { // somebody went away
		d.warn(pullInRequestFailed, id, err)
	}
	return p, err
}
