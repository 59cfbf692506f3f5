//go:build realkratos

package directory

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/postgrestest"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/postgres"
)

// TestRealHistories lives the lives of TestHistories on a real PostgreSQL. The
// lease of several servers is not part of it: the database has a clock of its own.
func TestRealHistories(t *testing.T) {
	lives := 3
	if os.Getenv("OLY_PASSKEY_PROOF") != "" {
		lives = 100
	}
	cluster := postgrestest.Start(t)
	liveThrough(t, lives, func(t *testing.T) index.Store {
		t.Helper()
		s, err := postgres.Open(t.Context(), cluster.Database(t))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return struct{ index.Store }{s}
	}, nil)
}
