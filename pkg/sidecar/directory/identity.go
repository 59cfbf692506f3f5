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

// The errors about identities.
var (
	ErrNoIdentity     = errors.New("kratos has no identity with this ID")
	ErrNoCredential   = errors.New("this identity has no such credential in Kratos")
	ErrIdentityExists = errors.New("kratos still has this identity")
)

// Credential is a key of an identity, as Kratos currently has it.
type Credential struct {
	ID           []byte
	Kind         index.Kind
	Name         string // display name: chosen by the user, or the authenticator's model
	Provider     string // derived from the AAGUID; "" if unknown
	Discoverable *bool  // nil if unknown, because Kratos did not request it
	Synced       *bool  // nil if unknown, because Kratos did not store it then
	CreatedAt    time.Time
	UsedAt       time.Time   // last known sign-in with it; zero if none is known
	Handle       index.State // state of the user handle it was registered with; Unknown if that is not known
}

// Credentials pulls an identity and returns its keys, in order of registration. It
// returns ErrNoIdentity if Kratos has no such identity.
func (d *Directory) Credentials(ctx context.Context, id uuid.UUID) ([]Credential, error) {
	p, err := d.pullExisting(ctx, id)
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

// Signal is the argument of PublicKeyCredential.signalAllAcceptedCredentials,
// without the rp.id (WebAuthn §5.1.10.2).
type Signal struct {
	UserHandle    []byte
	CredentialIDs [][]byte
}

// Signals pulls an identity and returns one signal for each user handle that Kratos
// lists. An authenticator removes the credentials of a user handle that its signal
// does not contain. Therefore every signal contains all keys of the identity, and
// there is none for orphaned handles, which Kratos does not list.
func (d *Directory) Signals(ctx context.Context, id uuid.UUID) ([]Signal, error) {
	p, err := d.pullExisting(ctx, id)
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

// Advice is a suggestion to a user who has just signed in.
type Advice struct {
	// Propose is none, add-passkey if the identity has no passkey, or re-enroll if the
	// user handle of a key is orphaned, so that the passkey method cannot find the key.
	Propose string
	// Predating are the credential IDs of passkeys that were registered before the
	// identity first verified an address, possibly by someone who does not own it.
	Predating [][]byte
}

// The values of Advice.Propose.
const (
	ProposeNothing  = "none"
	ProposePasskey  = "add-passkey"
	ProposeReEnroll = "re-enroll"
)

// Advise pulls an identity and returns a suggestion for its user.
func (d *Directory) Advise(ctx context.Context, id uuid.UUID) (Advice, error) {
	p, err := d.pullExisting(ctx, id)
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

// Used records a sign-in with a credential, as reported by the server that verified
// the assertion. It returns ErrNoCredential if the identity does not have the
// credential.
func (d *Directory) Used(ctx context.Context, id uuid.UUID, credentialID []byte) error {
	digest := userhandle.DigestOf(credentialID)
	if recorded, err := d.recordUse(ctx, id, func(c index.Credential) bool { return c.Digest == digest }); err != nil || recorded {
		return err
	}
	if _, err := d.pullExisting(ctx, id); err != nil { // it may be newer than the record
		return err
	}
	recorded, err := d.recordUse(ctx, id, func(c index.Credential) bool { return c.Digest == digest })
	if err == nil && !recorded {
		err = ErrNoCredential
	}
	return err
}

// recordUse sets the time of use of the live credential that meant selects, and
// reports whether there is one.
func (d *Directory) recordUse(ctx context.Context, id uuid.UUID, meant func(index.Credential) bool) (recorded bool, err error) {
	at := micros(d.now())
	err = d.update(ctx, []uuid.UUID{id}, func(_ uuid.UUID, cur *index.Identity) *index.Identity {
		recorded = false
		if cur == nil {
			return nil
		}
		for n, c := range cur.Credentials {
			if c.Live && meant(c) {
				cur.Credentials[n].UsedAt, recorded = at, true
			}
		}
		return cur
	})
	return recorded, err
}

// recordLogin records the sign-in that a login hook reported. The hook does not name
// the key, so the sign-in is only recorded if the identity has a single one.
func (d *Directory) recordLogin(ctx context.Context, record *index.Identity) error {
	live := 0
	for _, c := range record.Credentials {
		if c.Live {
			live++
		}
	}
	if live != 1 {
		return nil
	}
	_, err := d.recordUse(ctx, record.ID, func(index.Credential) bool { return true })
	return err
}

// Refresh pulls an identity. It reports whether Kratos has the identity, and whether
// its record changed.
func (d *Directory) Refresh(ctx context.Context, id uuid.UUID) (exists, changed bool, err error) {
	p, err := d.pullInRequest(ctx, id)
	return p.seen != nil, p.changed, err
}

// eraseAgain is the time after which an erased identity is pulled again: a response
// that another server was still waiting for may have restored it.
const eraseAgain = time.Minute

// Erase removes all data about an identity that Kratos has deleted. It returns
// ErrIdentityExists if Kratos still has the identity.
func (d *Directory) Erase(ctx context.Context, id uuid.UUID) error {
	const tries = 3 // another server whose clock is ahead may have observed the identity just before
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
			d.erased.add(id, d.now())
			return nil
		})
		if err != nil {
			return err
		}
		if !left {
			d.queue.enqueueLocalIn(eraseAgain, id)
			return nil
		}
		if err := sleep(ctx, maxSkew); err != nil {
			return err
		}
	}
	return ErrIdentityExists
}

func (d *Directory) pullExisting(ctx context.Context, id uuid.UUID) (pulled, error) {
	p, err := d.pullInRequest(ctx, id)
	if err == nil && p.seen == nil {
		err = ErrNoIdentity
	}
	return p, err
}
