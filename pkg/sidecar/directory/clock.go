package directory

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// sharedClock is the clock of servers that share a store. Which of two looks at
// Kratos is newer is told from their times, so each server goes by the time of
// the store, as far as it differs from its own.
type sharedClock struct {
	store index.Leader
	own   func() time.Time
	ahead atomic.Int64 // nanoseconds by which the store's clock is ahead
}

func (c *sharedClock) now() time.Time { return c.own().Add(time.Duration(c.ahead.Load())) }

// noise is the difference that the way to the store and back may make.
const noise = 10 * time.Millisecond

// set asks the store what time it is, again where the way there was slow.
func (c *sharedClock) set(ctx context.Context) error {
	var ahead, took time.Duration
	for try := 1; try == 1 || try <= 3 && took > noise; try++ {
		before := c.own()
		there, err := c.store.Clock(ctx)
		if err != nil {
			return err
		}
		after := c.own()
		if t := after.Sub(before); try == 1 || t < took {
			took, ahead = t, there.Sub(after.Add(-t/2))
		}
	}
	if change := ahead - time.Duration(c.ahead.Load()); change.Abs() > noise+took/2 {
		c.ahead.Store(int64(ahead))
	}
	return nil
}
