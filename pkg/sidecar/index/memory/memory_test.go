package memory_test

import (
	"testing"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/indextest"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index/memory"
)

func TestStore(t *testing.T) {
	indextest.Run(t, func(*testing.T) index.Store { return memory.New() }, nil)
}
