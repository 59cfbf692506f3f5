package directory

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// fakekratos is a Kratos in memory, as far as handles and keys go: it lists
// removed handles, overwrites webauthn handles, forgets a type with its last
// key, as the real one does; and it can be made to fail.
type fakekratos struct {
	mu                     sync.Mutex
	people                 map[uuid.UUID]*kratosadmin.Identity
	now                    func() time.Time
	rand                   *rand.ChaCha8   // of ids and handles, the same in every run
	page                   int             // identities per page, default 500
	failIdentity, failList error           // returned by the calls if set
	pulls                  []uuid.UUID     // ids of the identities pulled, in order
	shown                  map[string]bool // handles that were ever in a response
}

func newFakekratos(now func() time.Time) *fakekratos {
	return &fakekratos{people: map[uuid.UUID]*kratosadmin.Identity{}, now: now, rand: rand.NewChaCha8([32]byte{}), shown: map[string]bool{}}
}

var errDown = errors.New("kratos is down")

// Identity implements Kratos.
func (f *fakekratos) Identity(_ context.Context, id uuid.UUID) (*kratosadmin.Identity, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pulls = append(f.pulls, id)
	if f.failIdentity != nil {
		return nil, f.failIdentity
	}
	p := f.people[id]
	if p == nil {
		return nil, kratosadmin.ErrNotFound
	}
	f.show(p)
	return clone(p, true), nil
}

// show notes the handles of an identity that is answered.
func (f *fakekratos) show(p *kratosadmin.Identity) {
	if p.Passkey != nil {
		for _, h := range p.Passkey.Identifiers {
			f.shown[h] = true
		}
	}
	if p.WebAuthn != nil {
		f.shown[string(p.WebAuthn.Config.UserHandle)] = true
	}
}

// List implements Kratos. The token is the last id of the page before.
func (f *fakekratos) List(_ context.Context, token string) (*kratosadmin.Page, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failList != nil {
		return nil, f.failList
	}
	var ids []uuid.UUID
	for id := range f.people {
		if id.String() > token {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	size := f.page
	if size == 0 {
		size = 500
	}
	page := &kratosadmin.Page{}
	for _, id := range ids[:min(size, len(ids))] {
		f.show(f.people[id])
		page.Identities = append(page.Identities, clone(f.people[id], false))
	}
	if len(ids) > size {
		page.Next = ids[size-1].String()
	}
	return page, nil
}

// clone copies an identity as it is shown: with or without passkey keys.
func clone(p *kratosadmin.Identity, all bool) *kratosadmin.Identity {
	c := *p
	if p.Passkey != nil {
		c.Passkey = &kratosadmin.Credentials{Identifiers: slices.Clone(p.Passkey.Identifiers)}
		if all {
			c.Passkey.Config = cloneConfig(p.Passkey.Config)
		}
	}
	if p.WebAuthn != nil {
		c.WebAuthn = &kratosadmin.Credentials{Config: cloneConfig(p.WebAuthn.Config)}
	}
	return &c
}

func cloneConfig(c *kratosadmin.Config) *kratosadmin.Config {
	if c == nil {
		return nil
	}
	return &kratosadmin.Config{UserHandle: slices.Clone(c.UserHandle), Keys: slices.Clone(c.Keys)}
}

// fakekey is a key as its owner holds it.
type fakekey struct {
	owner  uuid.UUID
	method string
	id     []byte
	handle []byte
}

func (f *fakekratos) random(n int) []byte {
	b := make([]byte, n)
	_, _ = f.rand.Read(b) // never fails
	return b
}

// register makes an identity; method "" makes one without a key.
func (f *fakekratos) register(method string) fakekey {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &kratosadmin.Identity{ID: uuid.Must(uuid.NewRandomFromReader(f.rand)), CreatedAt: f.now().Truncate(time.Second)}
	f.people[p.ID] = p
	k := fakekey{owner: p.ID, method: method, id: f.random(32)}
	switch method {
	case "passkey":
		k.handle = f.addPasskey(p, k.id)
	case "webauthn":
		k.handle = f.random(16)
		p.WebAuthn = &kratosadmin.Credentials{Config: &kratosadmin.Config{
			UserHandle: k.handle,
			Keys:       []kratosadmin.Key{{ID: k.id, AddedAt: f.now().Truncate(time.Second), Passwordless: true}},
		}}
	}
	return k
}

// add adds a key in settings.
func (f *fakekratos) add(id uuid.UUID, method string) fakekey {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.people[id]
	k := fakekey{owner: id, method: method, id: f.random(32)}
	if method == "passkey" {
		k.handle = f.addPasskey(p, k.id)
		return k
	}
	k.handle = slices.Clone(id[:])
	if p.WebAuthn == nil {
		p.WebAuthn = &kratosadmin.Credentials{Config: &kratosadmin.Config{}}
	}
	c := p.WebAuthn.Config
	c.UserHandle = k.handle
	c.Keys = append(c.Keys, kratosadmin.Key{ID: k.id, AddedAt: f.now().Truncate(time.Second), Passwordless: true})
	return k
}

func (f *fakekratos) addPasskey(p *kratosadmin.Identity, id []byte) []byte {
	handle := []byte(base64.RawURLEncoding.EncodeToString(f.random(48)))
	if p.Passkey == nil {
		p.Passkey = &kratosadmin.Credentials{Config: &kratosadmin.Config{}}
	}
	c := p.Passkey.Config
	c.UserHandle = handle
	c.Keys = append(c.Keys, kratosadmin.Key{ID: id, AddedAt: f.now().Truncate(time.Second), Passwordless: true})
	p.Passkey.Identifiers = append(p.Passkey.Identifiers, string(handle))
	slices.Sort(p.Passkey.Identifiers)
	return handle
}

// remove removes a key in settings; with the last of its type the type goes.
func (f *fakekratos) remove(k fakekey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.people[k.owner]
	creds := &p.Passkey
	if k.method == "webauthn" {
		creds = &p.WebAuthn
	}
	c := (*creds).Config
	c.Keys = slices.DeleteFunc(c.Keys, func(have kratosadmin.Key) bool { return bytes.Equal(have.ID, k.id) })
	if len(c.Keys) == 0 {
		*creds = nil
	}
}

// live reports whether a key still signs in.
func (f *fakekratos) live(k fakekey) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.people[k.owner]
	if p == nil {
		return false
	}
	for _, c := range []*kratosadmin.Credentials{p.Passkey, p.WebAuthn} {
		for _, have := range keysOf(c) {
			if bytes.Equal(have.ID, k.id) {
				return true
			}
		}
	}
	return false
}

func (f *fakekratos) delete(id uuid.UUID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.people, id)
}

// setFailure lets every call fail, nil none.
func (f *fakekratos) setFailure(err error) { f.setFailures(err, err) }

// setFailures lets either call fail.
func (f *fakekratos) setFailures(identity, list error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failIdentity, f.failList = identity, list
}

// lists reports whether the list has a key's handle now.
func (f *fakekratos) lists(k fakekey) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.people[k.owner]
	switch {
	case p == nil:
		return false
	case k.method == "passkey":
		return p.Passkey != nil && slices.Contains(p.Passkey.Identifiers, string(k.handle))
	}
	return p.WebAuthn != nil && bytes.Equal(p.WebAuthn.Config.UserHandle, k.handle)
}

// wasShown reports whether a key's handle was ever in a response.
func (f *fakekratos) wasShown(k fakekey) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.shown[string(k.handle)]
}

func (f *fakekratos) pulled() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.pulls)
}
