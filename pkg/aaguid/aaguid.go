// Package aaguid names authenticators by their AAGUID, the 16 bytes that say of
// which make they are (WebAuthn §6.5.1). A zero AAGUID says nothing, and an
// attestation "none" may leave it zero.
package aaguid

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// Kind says where an authenticator keeps its keys.
type Kind string

// The kinds; Unknown is for AAGUIDs that are not on the list.
const (
	Unknown Kind = ""
	Synced  Kind = "synced" // a provider that copies passkeys to a person's other devices
	Device  Kind = "device" // part of one device
	Key     Kind = "key"    // a security key or a card
)

// Provider is an authenticator's make.
type Provider struct {
	Name string
	Kind Kind
}

// providers.tsv has one make a line: AAGUID, kind, name. The names are those
// that the makers publish in the FIDO metadata service and in
// github.com/passkeydeveloper/passkey-authenticator-aaguids (both lists in
// Kratos at v1.3.1, x/webauthnx/aaguid, and newer entries of the latter).
//
//go:embed providers.tsv
var providersTSV string

// providers reads the list once, when it is first asked for.
var providers = sync.OnceValue(func() map[uuid.UUID]Provider {
	all := make(map[uuid.UUID]Provider)
	for line := range strings.Lines(providersTSV) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		if id, err := uuid.Parse(f[0]); err == nil && len(f) == 3 {
			all[id] = Provider{Kind: Kind(f[1]), Name: f[2]}
		}
	}
	return all
})

// Lookup answers the make of an authenticator; the zero Provider where the
// AAGUID is not of 16 bytes, zero, or not on the list.
func Lookup(aaguid []byte) Provider {
	id, err := uuid.FromBytes(aaguid)
	if err != nil {
		return Provider{}
	}
	return providers()[id]
}
