package directory

import "github.com/olympusoss/oly-passkey/pkg/aaguid"

// provider returns the provider of an authenticator, "" if its AAGUID is zero,
// missing or not listed.
func provider(id []byte) string { return aaguid.Lookup(id).Name }
