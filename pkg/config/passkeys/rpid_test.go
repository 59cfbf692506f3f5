package passkeys_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

func TestProfiles(t *testing.T) {
	for host, public := range map[string]bool{
		"https://auth.example.com": true, "http://localhost:4455": false, "https://auth.localhost": false, "https://127.0.0.1": false,
		"https://intranet": false, "https://kratos.auth.svc.cluster.local": false, "https://auth.test": false, "https://shop.co.uk": true,
	} {
		p := page(t, host)
		require.Equal(t, public, passkeys.IsPublic(p), host)
	}
}

func TestRPIDProblems(t *testing.T) {
	for id, want := range map[string]passkeys.RPIDProblem{
		"example.com": passkeys.RPIDOK, "localhost": passkeys.RPIDOK, "xn--bcher-kva.example": passkeys.RPIDOK, "my_host.example": passkeys.RPIDOK,
		"https://example.com": passkeys.RPIDIsURL, "example.com:443": passkeys.RPIDIsURL, "example.com/": passkeys.RPIDIsURL, "a@b.c": passkeys.RPIDIsURL,
		"127.0.0.1": passkeys.RPIDIsIP, "[::1]": passkeys.RPIDIsIP, "::1": passkeys.RPIDIsIP, "0x7f.1": passkeys.RPIDIsIP,
		"*.example.com": passkeys.RPIDBadLabel, "example.com.": passkeys.RPIDBadLabel, ".example.com": passkeys.RPIDBadLabel, "a b": passkeys.RPIDBadLabel, "-a.b": passkeys.RPIDBadLabel,
		"Example.com": passkeys.RPIDNotCanonical, "bücher.example": passkeys.RPIDNotCanonical,
	} {
		require.Equal(t, want, passkeys.CheckRPID(id), id)
	}
}

func page(t *testing.T, raw string) webauthn.Page {
	t.Helper()
	p, err := webauthn.ParsePage(raw)
	require.NoError(t, err)
	return p
}
