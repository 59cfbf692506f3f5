package audit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/audit"
)

// BenchmarkRun audits 10,000 identities of a Kratos that costs nothing.
func BenchmarkRun(b *testing.B) {
	for b.Loop() {
		r, err := audit.Run(b.Context(), audit.Options{Kratos: &fakekratos{n: 10_000, page: 500}})
		require.NoError(b, err)
		require.NoError(b, r.Close())
	}
}
