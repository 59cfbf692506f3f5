package directory

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// What is asked about an identity that is not, or still is, in Kratos.
var (
	ErrNoIdentity     = errors.New("Kratos has no identity with this ID")
	ErrNoCredential   = errors.New("this identity has no such credential in Kratos")
	ErrIdentityExists = errors.New("Kratos still has this identity")
)

// Credential is one key of an identity, as Kratos shows it now.
type Credential struct {
	ID           []byte
	Kind         index.Kind
	Name         string // as Kratos shows it: the user's, or the authenticator's make
	Provider     string // who makes the authenticator, by AAGUID; "" where it does not tell
	Discoverable *bool  // nil: Kratos asked for neither
	Synced       *bool  // nil: the key is from before Kratos kept it
	CreatedAt    time.Time
	UsedAt       time.Time   // zero: no sign-in is known to be with it
	Handle       index.State // of the handle it was registered with; Unknown where that cannot be told
}

// Credentials asks Kratos for an identity and answers its keys, in the order of
// their registration. The error is ErrNoIdentity where there is none.
func (d *Directory) Credentials(ctx context.Context, id uuid.UUID) ([]Credential, error) {
	p, err := d.pullOrNone(ctx, id)
	if err != nil {
		return nil, err
	}
	var all []Credential
	for _, k := range keysOf(p.seen.Passkey) {
		c := credentialOf(k, index.Passkey, p.record)
		yes := true // passkeys are registered with residentKey: required
		c.Discoverable = &yes
		all = append(all, c)
	}
	for _, k := range keysOf(p.seen.WebAuthn) {
		all = append(all, credentialOf(k, index.WebAuthn, p.record))
	}
	return all, nil
}

func credentialOf(k kratosadmin.Key, kind index.Kind, record *index.Identity) Credential {
	c := Credential{ID: k.ID, Kind: kind, Name: k.DisplayName, Provider: provider(k.Authenticator.AAGUID), CreatedAt: k.AddedAt, Handle: index.Unknown}
	if k.Flags != nil {
		c.Synced = &k.Flags.BackupState
	}
	kept, _ := record.Credential(userhandle.DigestOf(k.ID))
	c.UsedAt = kept.UsedAt
	if h, ok := record.Handle(kept.Handle); ok {
		c.Handle = h.State
	}
	return c
}

func keysOf(c *kratosadmin.Credentials) []kratosadmin.Key {
	if c == nil || c.Config == nil {
		return nil
	}
	return c.Config.Keys
}

// Signal is what PublicKeyCredential.signalAllAcceptedCredentials takes, but
// for the rp.id (WebAuthn §5.1.10.2).
type Signal struct {
	UserHandle    []byte
	CredentialIDs [][]byte
}

// Signals asks Kratos for an identity and answers one signal for each handle
// that it lists. An authenticator drops the credentials of a handle that the
// signal does not name: so every signal names all keys of the identity, and an
// orphaned handle, which Kratos does not list, gets none.
func (d *Directory) Signals(ctx context.Context, id uuid.UUID) ([]Signal, error) {
	p, err := d.pullOrNone(ctx, id)
	if err != nil {
		return nil, err
	}
	var ids [][]byte
	var handles [][]byte
	if keys := keysOf(p.seen.Passkey); len(keys) > 0 {
		for _, k := range keys {
			ids = append(ids, k.ID)
		}
		for _, text := range p.seen.Passkey.Identifiers {
			handles = append(handles, []byte(text))
		}
	}
	if keys := keysOf(p.seen.WebAuthn); len(keys) > 0 {
		for _, k := range keys {
			ids = append(ids, k.ID)
		}
		if h := p.seen.WebAuthn.Config.UserHandle; len(h) > 0 {
			handles = append(handles, h)
		}
	}
	signals := make([]Signal, len(handles))
	for n, h := range handles {
		signals[n] = Signal{UserHandle: h, CredentialIDs: ids}
	}
	return signals, nil
}

// Advice is what a page may propose to somebody who has just signed in.
type Advice struct {
	// Propose is none, add-passkey where there is none yet, or re-enroll where
	// a key's handle is orphaned, so that the passkey method cannot find it.
	Propose string
	// Predating are the ids of passkeys that are older than the first proof of
	// an address: whoever registered them had not shown that the address is theirs.
	Predating [][]byte
}

// The proposals.
const (
	ProposeNothing  = "none"
	ProposePasskey  = "add-passkey"
	ProposeReEnroll = "re-enroll"
)

// Advise asks Kratos for an identity and answers what is worth proposing.
func (d *Directory) Advise(ctx context.Context, id uuid.UUID) (Advice, error) {
	p, err := d.pullOrNone(ctx, id)
	if err != nil {
		return Advice{}, err
	}
	a := Advice{Propose: ProposeNothing}
	passkeys := keysOf(p.seen.Passkey)
	if len(passkeys) == 0 {
		a.Propose = ProposePasskey
	}
	for _, h := range p.record.Handles {
		if h.State == index.Orphaned {
			a.Propose = ProposeReEnroll
		}
	}
	for _, k := range passkeys {
		if k.AddedAt.Before(p.seen.ProvedAt.Truncate(time.Second)) {
			a.Predating = append(a.Predating, k.ID)
		}
	}
	return a, nil
}

// Used notes that somebody has signed in with a credential just now, as the
// server that verified the assertion knows. The error is ErrNoCredential where
// the credential is not the identity's.
func (d *Directory) Used(ctx context.Context, id uuid.UUID, credentialID []byte) error {
	digest := userhandle.DigestOf(credentialID)
	if noted, err := d.noteUse(ctx, id, func(c index.Credential) bool { return c.Digest == digest }); err != nil || noted {
		return err
	}
	if _, err := d.pullOrNone(ctx, id); err != nil { // it may be newer than the record
		return err
	}
	noted, err := d.noteUse(ctx, id, func(c index.Credential) bool { return c.Digest == digest })
	if err == nil && !noted {
		err = ErrNoCredential
	}
	return err
}

// noteUse sets the time of use of the live credential that is meant, and tells
// whether there is one.
func (d *Directory) noteUse(ctx context.Context, id uuid.UUID, meant func(index.Credential) bool) (noted bool, err error) {
	at := micros(d.now())
	err = d.update(ctx, []uuid.UUID{id}, func(_ uuid.UUID, cur *index.Identity) *index.Identity {
		noted = false
		if cur == nil {
			return nil
		}
		for n, c := range cur.Credentials {
			if c.Live && meant(c) {
				cur.Credentials[n].UsedAt, noted = at, true
			}
		}
		return cur
	})
	return noted, err
}

// noteLogin notes what a login hook tells: somebody has signed in with one of
// the identity's keys. Where there is one alone, it was that one.
func (d *Directory) noteLogin(ctx context.Context, record *index.Identity) error {
	live := 0
	for _, c := range record.Credentials {
		if c.Live {
			live++
		}
	}
	if live != 1 {
		return nil
	}
	_, err := d.noteUse(ctx, record.ID, func(index.Credential) bool { return true })
	return err
}

// Refresh asks Kratos for an identity and merges the answer; exists is false
// where Kratos has none, changed true where the index knows more than before.
func (d *Directory) Refresh(ctx context.Context, id uuid.UUID) (exists, changed bool, err error) {
	p, err := d.pullInRequest(ctx, id)
	return p.seen != nil, p.changed, err
}

// eraseAgain is after how long an identity is looked for once more that was erased:
// an answer that another server was still waiting for may have brought it back.
const eraseAgain = time.Minute

// Erase forgets an identity that Kratos has deleted, and everything about it.
// The error is ErrIdentityExists where Kratos still has it.
func (d *Directory) Erase(ctx context.Context, id uuid.UUID) error {
	const tries = 3 // another server may have seen it a moment ago, by a clock that is ahead
	for range tries {
		p, err := d.pullInRequest(ctx, id)
		if err != nil {
			return err
		}
		if p.seen != nil {
			return ErrIdentityExists
		}
		var left bool
		err = d.update(ctx, []uuid.UUID{id}, func(_ uuid.UUID, cur *index.Identity) *index.Identity {
			if left = cur != nil && cur.DeletedAt.IsZero(); left {
				return cur
			}
			d.erased.note(id, d.now())
			return nil
		})
		if err != nil {
			return err
		}
		if !left {
			d.queue.suggestIn(eraseAgain, id)
			return nil
		}
		if err := sleep(ctx, slack); err != nil {
			return err
		}
	}
	return ErrIdentityExists
}

func (d *Directory) pullOrNone(ctx context.Context, id uuid.UUID) (pulled, error) {
	p, err := d.pullInRequest(ctx, id)
	if err == nil && p.seen == nil {
		err = ErrNoIdentity
	}
	return p, err
}
