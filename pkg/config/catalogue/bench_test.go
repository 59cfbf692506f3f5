package catalogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/catalogue"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
)

// BenchmarkCheck is the cost of the catalogue for a configuration without problems.
func BenchmarkCheck(b *testing.B) {
	config := load(b, base)
	require.Empty(b, catalogue.Check(config, kratosconf.DefaultVersion()))
	for b.Loop() {
		catalogue.Check(config, kratosconf.DefaultVersion())
	}
}
