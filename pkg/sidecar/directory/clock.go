package directory

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// sharedClock is the clock of servers that share a store. Observations of Kratos are
// ordered by timestamp; replicas use the store's clock, so that their timestamps are
// comparable.
type sharedClock struct {
	store  index.Leader
	local  func() time.Time
	offset atomic.Int64 // nanoseconds by which the store's clock is ahead
}

func (c *sharedClock) now() time.Time { return c.local().Add(time.Duration(c.offset.Load())) }

// maxRTT is the round trip up to which a measured offset is trusted.
const maxRTT = 10 * time.Millisecond

// set measures the offset of the store's clock, and repeats that if the round trip
// was slow.
func (c *sharedClock) set(ctx context.Context) error {
	var ahead, took time.Duration
	for try := 1; try == 1 || try <= 3 && took > maxRTT; try++ {
		before := c.local()
		there, err := c.store.Clock(ctx)
		if err != nil {
			return err
		}
		after := c.local()
		if t := after.Sub(before); try == 1 || t < took {
			took, ahead = t, there.Sub(after.Add(-t/2))
		}
	}
	if change := ahead - time.Duration(c.offset.Load()); change.Abs() > maxRTT+took/2 {
		c.offset.Store(int64(ahead))
	}
	return nil
}
