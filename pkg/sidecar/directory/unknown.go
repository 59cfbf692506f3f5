package directory

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// Doubt is why a credential is not known to be nobody's.
type Doubt string

// The doubts.
const (
	DoubtNone       Doubt = ""                     // it is nobody's, for certain
	DoubtHeld       Doubt = "held"                 // Kratos lists it
	DoubtIncomplete Doubt = "index-incomplete"     // the first build is not finished, or Kratos lists identities that cannot be read
	DoubtStale      Doubt = "index-stale"          // the last complete sweep is long ago
	DoubtNotSwept   Doubt = "not-swept-since"      // no complete sweep has begun since the credential was first asked about, or since its owner was gone
	DoubtHandle     Doubt = "handle-does-not-tell" // keys with such a handle may be held without it
	DoubtPair       Doubt = "not-registered-together"
)

// sweepMargin is how much later than the first question a sweep has to begin:
// clocks and replicas of Kratos' database may be that far behind.
const sweepMargin = time.Minute

// UnknownCredential tells whether no identity holds a credential, as the
// argument of PublicKeyCredential.signalUnknownCredential has to be (WebAuthn
// Level 3 §5.1.10.1): an authenticator removes what that names. Readings and
// credential id have to be those of one assertion; a handle is not signed, but
// whoever makes a pair up removes a key of his own.
//
// A credential that was presented once existed by then. Where a sweep over all
// identities that began later found its handle nowhere, or where those who have
// the handle do not have the credential now, nobody has it. So the first
// question about a credential is never answered with certainty; nor is any about a
// handle of nobody's while Kratos lists identities that cannot be read.
func (d *Directory) UnknownCredential(ctx context.Context, readings []userhandle.Reading, credentialID []byte) (Doubt, error) {
	asked := d.now()
	if swept := d.meta.Load().SweepStartedAt; swept.After(asked) {
		asked = swept // the clock was ahead then: it may have been before this question all the same
	}
	first := d.presented.since(userhandle.DigestOf(credentialID), asked)
	if d.meta.Load().BuiltAt.IsZero() {
		return DoubtIncomplete, nil
	}
	tells, owned, unowned := false, false, false
	for _, r := range readings {
		owners, err := d.store.Owners(ctx, userhandle.DigestOf(r.Handle))
		if err != nil {
			return "", err
		}
		for _, o := range owners {
			owned = true
			if doubt, err := d.holds(ctx, o.ID, r.Handle, credentialID); err != nil || doubt != DoubtNone {
				return doubt, err
			}
		}
		// A webauthn key signs in by its identity's name, without its handle.
		if userhandle.KindOf(r.Handle) == userhandle.KindUUID && len(owners) == 0 {
			return DoubtHandle, nil
		}
		unowned = unowned || len(owners) == 0
		tells = tells || userhandle.KindOf(r.Handle) == userhandle.KindPasskey
	}
	swept := d.meta.Load()
	switch {
	case !tells && !owned:
		return DoubtHandle, nil
	case unowned && swept.Unread > 0:
		return DoubtIncomplete, nil
	case d.now().Sub(swept.SweepEndedAt) > 2*d.reconcileEvery+time.Hour:
		return DoubtStale, nil
	case swept.SweepStartedAt.Before(first.Add(sweepMargin)):
		return DoubtNotSwept, nil
	}
	return DoubtNone, nil
}

// holds asks Kratos whether somebody who has or had a handle has a credential.
func (d *Directory) holds(ctx context.Context, owner uuid.UUID, handle, credentialID []byte) (Doubt, error) {
	p, err := d.pullInRequest(ctx, owner)
	if err != nil {
		return DoubtNone, err
	}
	if p.seen == nil {
		// The last sweep may have listed it: one that began since has to miss it.
		if gone := p.record.DeletedAt; gone.IsZero() || !d.meta.Load().SweepStartedAt.After(gone) {
			return DoubtNotSwept, nil
		}
		return DoubtNone, nil
	}
	for _, k := range slices.Concat(keysOf(p.seen.Passkey), keysOf(p.seen.WebAuthn)) {
		if bytes.Equal(k.ID, credentialID) {
			return DoubtHeld, nil
		}
	}
	if userhandle.KindOf(handle) == userhandle.KindUUID {
		return DoubtNone, nil // several webauthn keys may share one
	}
	for _, c := range p.record.Credentials {
		if c.Handle == userhandle.DigestOf(handle) && c.Digest != userhandle.DigestOf(credentialID) {
			return DoubtPair, nil
		}
	}
	return DoubtNone, nil
}

// maxPresented bounds the credentials that are remembered; where there are more,
// all are forgotten and their questions begin anew.
const maxPresented = 10_000

// presented remembers when credentials were first asked about.
type presented struct {
	mu sync.Mutex
	at map[userhandle.Digest]time.Time
}

func (p *presented) since(credential userhandle.Digest, now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil || len(p.at) >= maxPresented {
		p.at = map[userhandle.Digest]time.Time{}
	}
	if _, known := p.at[credential]; !known {
		p.at[credential] = now
	}
	return p.at[credential]
}
