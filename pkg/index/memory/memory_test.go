package memory_test

import (
	"testing"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/index/indextest"
	"github.com/olympusoss/oly-passkey/pkg/index/memory"
)

func TestStore(t *testing.T) {
	indextest.Run(t, func(*testing.T) index.Store { return memory.New() }, nil)
}
