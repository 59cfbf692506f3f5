package fakekratos_test

import (
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/kratos/bench/fakekratos"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// TestHandler reads the list with the very client that the sidecar uses.
func TestHandler(t *testing.T) {
	const total = 2500
	s := httptest.NewServer(fakekratos.Handler(total))
	defer s.Close()
	c, err := kratosadmin.New(kratosadmin.Options{URL: s.URL})
	require.NoError(t, err)
	n, pages := 0, 0
	for token := ""; ; pages++ {
		page, err := c.List(t.Context(), token)
		require.NoError(t, err)
		for _, i := range page.Identities {
			require.Equal(t, fakekratos.ID(n, total), i.ID)
			require.Equal(t, []string{fakekratos.Handle(n)}, i.Passkey.Identifiers)
			n++
		}
		if token = page.Next; token == "" {
			break
		}
	}
	require.Equal(t, total, n)
	require.Equal(t, 2, pages)
	for _, n := range []int{0, 1, total / 2, total - 1} {
		i, err := c.Identity(t.Context(), fakekratos.ID(n, total))
		require.NoError(t, err)
		require.Equal(t, []string{fakekratos.Handle(n)}, i.Passkey.Identifiers)
	}
	_, err = c.Identity(t.Context(), uuid.New())
	require.ErrorIs(t, err, kratosadmin.ErrNotFound)
}
