package pages

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/client"
)

// resolvesTo asks the sidecar whose handle it is, until the hook has arrived.
func (p *tab) resolvesTo(handle, identity, credential, state string) {
	p.t.Helper()
	keys, err := api.ReadKeyFile(p.demo.SidecarKeys)
	require.NoError(p.t, err)
	c, err := client.New(client.Options{URL: p.demo.SidecarURL, Key: keys.Key(api.ScopeResolve)})
	require.NoError(p.t, err)
	type answer struct{ identity, credential, state string }
	want, got := answer{identity, credential, state}, answer{}
	for deadline := time.Now().Add(within); got != want && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		a, err := c.Resolve(p.t.Context(), client.Query{UserHandle: handle})
		if errors.Is(err, client.ErrUnknown) {
			continue
		}
		require.NoError(p.t, err)
		got = answer{a.IdentityID, a.Credential, a.State}
	}
	require.Equal(p.t, want, got)
}

func decode(t *testing.T, handle string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(handle)
	require.NoError(t, err)
	return b
}

// base64url as browsers write it.
func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func hexText(b []byte) string { return hex.EncodeToString(b) }

func uuidText(t *testing.T, handle string) string {
	t.Helper()
	id, err := uuid.FromBytes(decode(t, handle))
	require.NoError(t, err)
	return id.String()
}
