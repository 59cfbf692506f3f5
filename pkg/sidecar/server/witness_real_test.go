//go:build realkratos

package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// TestRealAdminAPI: a real Kratos reports a missing identity in the form that the
// client expects, its list selects by id, and an identity with a username of megabytes
// does not keep others from being listed.
func TestRealAdminAPI(t *testing.T) {
	k := startKratos(t, kratostest.FreePorts(t, 2), [3]string{hookTo("http://127.0.0.1:1", "/r", "k"), hookTo("http://127.0.0.1:1", "/l", "k"), hookTo("http://127.0.0.1:1", "/s", "k")})
	c, err := kratosadmin.New(kratosadmin.Options{URL: k.admin, PageSize: 3})
	require.NoError(t, err)
	create := func(name string) uuid.UUID {
		t.Helper()
		resp, err := http.Post(k.admin+"/admin/identities", "application/json", strings.NewReader(`{"schema_id":"default","traits":{"username":"`+name+`"}}`))
		require.NoError(t, err)
		defer func() { require.NoError(t, resp.Body.Close()) }()
		require.Equal(t, http.StatusCreated, resp.StatusCode)
		var made struct {
			ID uuid.UUID `json:"id"`
		}
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&made))
		return made.ID
	}
	// Kratos takes a body of 1.6 MB and writes six bytes for each character of it.
	stays, gone, large := create("ada"), create("bob"), create(strings.Repeat("<", 1_600_000))

	_, err = c.Identity(t.Context(), uuid.New())
	require.ErrorIs(t, err, kratosadmin.ErrNotFound)
	for _, id := range []uuid.UUID{stays, gone, large} {
		found, err := c.Identity(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, id, found.ID)
	}
	page, err := c.List(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{large}, page.Unread)
	require.Len(t, page.Identities, 2)
	inventory, err := c.Inventory(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{large}, inventory.Unread)
	require.Len(t, inventory.Identities, 2)

	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, k.admin+"/admin/identities/"+gone.String(), http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
	_, err = c.Identity(t.Context(), gone)
	require.ErrorIs(t, err, kratosadmin.ErrNotFound)
	_, err = c.Identity(t.Context(), stays)
	require.NoError(t, err)
}
