package hookbody_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if a test leaves a goroutine behind. Jsonnet cannot be
// stopped: a body without end, which a test has, goes on until the process ends.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/google/go-jsonnet.evaluate"))
}
