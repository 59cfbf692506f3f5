package audit_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// fakekratos makes any number of identities out of nothing, the same ones for
// the same number: for scale and for faults. What it makes is counted while it
// is made, independently of the code under test.
type fakekratos struct {
	n, page int
	failAt  int // requests after which it fails, 0 for never
	asked   int
	unread  int // every so many identities one cannot be read, 0 for none
}

// tally is what fakekratos made.
type tally struct {
	passkeyOnly, legacyOnly, both, neither int
	passkeys, synced, stale, lockedOut     int
	duplicates                             int
}

var errFake = errors.New("kratos went away")

func (f *fakekratos) Inventory(ctx context.Context, token string) (*kratosadmin.InventoryPage, error) {
	f.asked++
	if f.failAt > 0 && f.asked > f.failAt {
		return nil, errFake
	}
	from := 0
	if token != "" {
		if _, err := fmt.Sscan(token, &from); err != nil {
			return nil, err
		}
	}
	page := &kratosadmin.InventoryPage{}
	for i := from; i < min(from+f.page, f.n); i++ {
		if f.unread > 0 && i%f.unread == 0 {
			page.Unread = append(page.Unread, f.id(i))
			continue
		}
		one, _ := f.identity(i)
		page.Identities = append(page.Identities, one)
	}
	if from+f.page < f.n {
		page.Next = fmt.Sprint(from + f.page)
	}
	return page, ctx.Err()
}

// id spreads the identities evenly, as random ids are.
func (f *fakekratos) id(i int) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:], uint64(i)*(^uint64(0)/uint64(f.n))+1)
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

func key(credential uint64, synced bool) kratosadmin.Key {
	k := kratosadmin.Key{ID: binary.BigEndian.AppendUint64(nil, credential), AddedAt: time.Date(2026, time.Month(1+credential%12), 1, 0, 0, 0, 0, time.UTC)}
	k.Flags = &kratosadmin.Flags{BackupEligible: synced, BackupState: synced}
	google := uuid.MustParse("ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4")
	k.Authenticator.AAGUID = google[:]
	if !synced {
		yubikey := uuid.MustParse("2fc0579f-8113-47ea-b116-bb5a8db9202a")
		k.Authenticator.AAGUID = yubikey[:]
	}
	return k
}

// identity makes the i-th identity, and says what is in it.
func (f *fakekratos) identity(i int) (*kratosadmin.Inventory, tally) {
	r := rand.New(rand.NewPCG(uint64(i), 7))
	one := &kratosadmin.Inventory{Identity: kratosadmin.Identity{ID: f.id(i)}}
	var t tally
	passkeys, stale, legacy := r.IntN(4), 0, r.IntN(5) == 0
	if passkeys > 0 {
		stale = r.IntN(2)
		c := &kratosadmin.Credentials{Config: &kratosadmin.Config{}}
		for n := range passkeys + stale {
			c.Identifiers = append(c.Identifiers, fmt.Sprintf("%064d", i*8+n))
		}
		for n := range passkeys {
			synced := r.IntN(2) == 0
			credential := uint64(i*8 + n)
			if i > 0 && i%1000 == 0 && n == 0 {
				credential = 1 << 60 // the same for every thousandth
				t.duplicates++
			}
			c.Config.Keys = append(c.Config.Keys, key(credential, synced))
			if synced {
				t.synced++
			}
		}
		one.Passkey = c
	}
	if legacy {
		k := key(uint64(i)<<32|1<<61, false)
		k.Passwordless = true
		one.WebAuthn = &kratosadmin.Credentials{Config: &kratosadmin.Config{UserHandle: []byte("0123456789abcdef"), Keys: []kratosadmin.Key{k}}}
	}
	one.Recovery = r.IntN(2) == 0
	t.passkeys, t.stale = passkeys, stale
	switch {
	case passkeys > 0 && legacy:
		t.both++
	case passkeys > 0:
		t.passkeyOnly++
	case legacy:
		t.legacyOnly++
	default:
		t.neither++
	}
	if !one.Recovery && (passkeys == 1 && !legacy || passkeys == 0 && legacy) {
		t.lockedOut++
	}
	return one, t
}

// count adds up all that there is.
func (f *fakekratos) count() tally {
	var sum tally
	for i := range f.n {
		_, t := f.identity(i)
		sum.passkeyOnly += t.passkeyOnly
		sum.legacyOnly += t.legacyOnly
		sum.both += t.both
		sum.neither += t.neither
		sum.passkeys += t.passkeys
		sum.synced += t.synced
		sum.stale += t.stale
		sum.lockedOut += t.lockedOut
		sum.duplicates += t.duplicates
	}
	sum.duplicates = max(0, sum.duplicates-1) // the first one is not a duplicate
	return sum
}
