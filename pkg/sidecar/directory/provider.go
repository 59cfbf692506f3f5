package directory

import "github.com/olympusoss/oly-passkey/pkg/aaguid"

// provider names the maker of an authenticator, "" where the AAGUID is zero,
// none, or not on the list.
func provider(id []byte) string { return aaguid.Lookup(id).Name }
