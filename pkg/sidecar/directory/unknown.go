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

// Doubt is the reason why some identity may still have a credential.
type Doubt string

// The doubts.
const (
	DoubtNone       Doubt = ""                     // certainly no identity has it
	DoubtHeld       Doubt = "held"                 // Kratos lists it
	DoubtIncomplete Doubt = "index-incomplete"     // the first build is not finished, or Kratos lists identities that cannot be read
	DoubtStale      Doubt = "index-stale"          // the last complete sweep is too old
	DoubtNotSwept   Doubt = "not-swept-since"      // no complete sweep has started since the credential was first presented, or since its owner was deleted
	DoubtHandle     Doubt = "handle-does-not-tell" // other identities may have keys with such a handle
	DoubtPair       Doubt = "not-registered-together"
)

// sweepMargin is the minimum time between the first presentation of a credential and
// the start of a sweep: clocks and replicas of Kratos' database may lag that much.
const sweepMargin = time.Minute

// UnknownCredential returns DoubtNone if certainly no identity has a credential, so
// that it may be the argument of PublicKeyCredential.signalUnknownCredential
// (WebAuthn Level 3 §5.1.10.1), which makes authenticators remove it. Readings and
// credential ID must be from one assertion. User handles are not signed, but a client
// that sends a forged pair only removes its own key.
//
// A credential that was presented existed at that time. No identity has it if a sweep
// that started later did not find its handle, or if the identities with the handle do
// not have the credential now. Therefore the result is never DoubtNone when a
// credential is first presented, nor for an unowned handle while Kratos lists
// identities that cannot be read.
func (d *Directory) UnknownCredential(ctx context.Context, readings []userhandle.Reading, credentialID []byte) (Doubt, error) {
	asked := d.now()
	if swept := d.meta.Load().SweepStartedAt; swept.After(asked) {
		asked = swept // that clock was ahead, so the sweep may have started before now
	}
	first := d.firstSeen.of(userhandle.DigestOf(credentialID), asked)
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
		// A webauthn key is used with a username, and does not need its handle.
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

// holds asks Kratos whether a current or former owner of a handle has a credential.
func (d *Directory) holds(ctx context.Context, owner uuid.UUID, handle, credentialID []byte) (Doubt, error) {
	p, err := d.pullInRequest(ctx, owner)
	if err != nil {
		return DoubtNone, err
	}
	if p.seen == nil {
		// Only a sweep that started after the deletion proves that it is not listed.
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

// maxFirstSeen is the number of credentials that are remembered. If there are more,
// all are forgotten.
const maxFirstSeen = 10_000

// firstSeen records when credentials were first presented.
type firstSeen struct {
	mu sync.Mutex
	at map[userhandle.Digest]time.Time
}

func (p *firstSeen) of(credential userhandle.Digest, now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil || len(p.at) >= maxFirstSeen {
		p.at = map[userhandle.Digest]time.Time{}
	}
	if _, known := p.at[credential]; !known {
		p.at[credential] = now
	}
	return p.at[credential]
}
