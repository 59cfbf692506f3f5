package directory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// Why a handle leads to no identity.
var (
	ErrUnknown   = errors.New("no identity is known to have this user handle")
	ErrRemoved   = errors.New("the credential of this user handle was removed, or its identity was")
	ErrAmbiguous = errors.New("the text can be read as user handles of two identities")
	ErrBuilding  = errors.New("the index is not complete yet, and this user handle is not in it so far")
	ErrKratos    = errors.New("kratos has to be asked and cannot be")
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

// hit is an identity that one reading of the text leads to.
type hit struct {
	owner  *index.Identity
	handle index.Handle
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
	if _, err := d.pullFor(ctx, h.owner.ID, q); err != nil {
		return Answer{}, err
	}
	if h, err = d.find(ctx, q); err != nil {
		return Answer{}, err
	}
	return d.answer(h, q, SourceKratos), nil
}

// removedError is ErrRemoved, with those who had the handle.
type removedError struct{ owners []hit }

func (*removedError) Error() string { return ErrRemoved.Error() }

// Unwrap returns ErrRemoved.
func (*removedError) Unwrap() error { return ErrRemoved }

// resolveRemoved answers for a handle that nobody has any more. That is asked
// about again like everything else: at once if the query says so, and otherwise
// once it is old.
func (d *Directory) resolveRemoved(ctx context.Context, q Query, owners []hit) (Answer, error) {
	for _, h := range owners {
		switch {
		case q.Confirm:
			if _, err := d.pullFor(ctx, h.owner.ID, q); err != nil {
				return Answer{}, err
			}
		case d.aged(d.confirmedAt(h.owner), d.now()):
			d.queue.suggest(h.owner.ID)
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
func (d *Directory) find(ctx context.Context, q Query) (hit, error) {
	var few [2]hit // on the stack, where nearly always all hits find room
	standing, removed := few[:0], []hit(nil)
	for _, r := range q.Readings {
		digest := userhandle.DigestOf(r.Handle)
		owners, err := d.store.Owners(ctx, digest)
		if err != nil {
			return hit{}, err
		}
		for _, o := range owners {
			h, ok := o.Handle(digest)
			switch {
			case !ok:
			case h.State == index.Removed:
				removed = add(removed, hit{o, h})
			default:
				standing = add(standing, hit{o, h})
			}
		}
	}
	switch {
	case len(standing) > 1:
		return hit{}, ErrAmbiguous
	case len(standing) == 1:
		return standing[0], nil
	case len(removed) == 0:
		return hit{}, ErrUnknown
	case !q.AllowRemoved:
		return hit{}, &removedError{removed}
	case len(removed) > 1:
		return hit{}, ErrAmbiguous
	}
	return removed[0], nil
}

// add keeps one hit an identity.
func add(hits []hit, h hit) []hit {
	for _, have := range hits {
		if have.owner.ID == h.owner.ID {
			return hits
		}
	}
	return append(hits, h)
}

func (d *Directory) answer(h hit, q Query, source Source) Answer {
	return Answer{
		IdentityID:  h.owner.ID,
		Credential:  h.handle.Kind.String(),
		State:       h.handle.State,
		Matches:     matches(h, q.CredentialID, source == SourceKratos),
		Source:      source,
		ConfirmedAt: d.confirmedAt(h.owner),
	}
}

// confirmedAt is the last time Kratos is known to have had an identity as the
// record says. A complete sweep confirms whatever the list shows.
func (d *Directory) confirmedAt(i *index.Identity) time.Time {
	if !listTellsPasskeys(i) {
		if i.PulledAt.IsZero() {
			return i.SeenAt
		}
		return i.PulledAt
	}
	if swept := d.meta.Load().SweepStartedAt; swept.After(i.SeenAt) && !swept.After(d.now().Add(slack)) {
		return swept
	}
	return i.SeenAt
}

// aged tells whether a time is too long ago, or from a clock that was ahead.
func (d *Directory) aged(at, now time.Time) bool {
	age := now.Sub(at)
	return age > d.maxAge || age < -slack
}

// matches tells whether a credential belongs to a handle: true where it is one
// of the identity's now and nothing says that it was registered with another
// handle; nil where the index cannot tell.
func matches(h hit, credentialID []byte, justPulled bool) *bool {
	if credentialID == nil {
		return nil
	}
	c, known := h.owner.Credential(userhandle.DigestOf(credentialID))
	if !known {
		// Every passkey has a handle of its own, whose key the pull that first
		// showed it showed as well. Keys that share the identity's id for a handle
		// come and go.
		all := justPulled || h.handle.Kind == index.Passkey && h.handle.Pulled
		if !all {
			return nil
		}
		return new(bool)
	}
	belongs := c.Live && h.handle.State != index.Removed &&
		c.Kind == h.handle.Kind && (c.Handle == h.handle.Digest || c.Handle.IsZero())
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
		return pulled{}, fmt.Errorf("%w: too many answers wait for it: %w", ErrKratos, ctx.Err())
	}
	p, err := d.pull(ctx, id)
	if err != nil && !errors.Is(ctx.Err(), context.Canceled) { // somebody went away
		d.warn(pullInRequestFailed, id, err)
	}
	return p, err
}
