// Package aaguid looks up authenticators by their AAGUID, 16 bytes that identify the
// model (WebAuthn §6.5.1). A zero AAGUID is unknown; with attestation "none" it can
// be zero.
package aaguid

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// Kind is the place where an authenticator stores its keys.
type Kind string

// The kinds; Unknown is for AAGUIDs that are not on the list.
const (
	Unknown Kind = ""
	Synced  Kind = "synced" // by a provider that copies passkeys to the user's other devices
	Device  Kind = "device" // on one device
	Key     Kind = "key"    // on a security key or a card
)

// Provider is the model of an authenticator.
type Provider struct {
	Name string
	Kind Kind
}

// providers.tsv has one model per line: AAGUID, kind, name. The names are those that
// vendors publish in the FIDO metadata service and in
// github.com/passkeydeveloper/passkey-authenticator-aaguids (both lists in
// Kratos at v1.3.1, x/webauthnx/aaguid, and newer entries of the latter).
//
//go:embed providers.tsv
var providersTSV string

// providers parses the list on first use.
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

// Lookup returns the model of an authenticator. It returns the zero Provider if the
// AAGUID does not have 16 bytes, is zero, or is not in the list.
func Lookup(aaguid []byte) Provider {
	id, err := uuid.FromBytes(aaguid)
	if err != nil {
		return Provider{}
	}
	return providers()[id]
}
