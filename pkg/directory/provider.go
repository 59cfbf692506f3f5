package directory

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// providers.tsv lists AAGUID and name of authenticators, as passkey providers
// and the FIDO metadata service publish them (in Kratos at v1.3.1:
// x/webauthnx/aaguid/aaguids.json).
//
//go:embed providers.tsv
var providersTSV string

// providers reads the list once, when it is first asked for.
var providers = sync.OnceValue(func() map[string]string { //nolint:gochecknoglobals // never changes
	names := map[string]string{}
	for line := range strings.Lines(providersTSV) {
		if id, name, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			names[id] = name
		}
	}
	return names
})

// provider names the maker of an authenticator, "" where the AAGUID is zero,
// none, or not on the list.
func provider(aaguid []byte) string {
	id, err := uuid.FromBytes(aaguid)
	if err != nil {
		return ""
	}
	return providers()[id.String()]
}
