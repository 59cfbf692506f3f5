package kratosadmin

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

// counter counts what is sent.
type counter struct{ sent atomic.Int64 }

func (c *counter) RoundTrip(*http.Request) (*http.Response, error) {
	c.sent.Add(1)
	return nil, http.ErrAbortHandler
}

// TestTurnsAreNotLost: far more requests than the limit lets through wait for their
// turn, each for ten seconds, and Kratos gets as many as the limit says all the time.
func TestTurnsAreNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c counter
		transport := &accessTransport{turns: rate.NewLimiter(2, 1), next: &c}
		ctx, stop := context.WithCancel(t.Context())
		var g sync.WaitGroup
		for range 100 {
			g.Go(func() {
				for ctx.Err() == nil {
					patience, done := context.WithTimeout(ctx, 10*time.Second)
					req, err := http.NewRequestWithContext(patience, http.MethodGet, "http://kratos/", http.NoBody)
					if err != nil {
						t.Error(err)
					}
					if _, err = transport.RoundTrip(req); err == nil { //nolint:bodyclose // there is none
						t.Error("the counter answered")
					}
					done()
					time.Sleep(time.Second) // errors come at once
				}
			})
		}
		time.Sleep(time.Minute)
		before := c.sent.Load()
		time.Sleep(time.Minute)
		require.InDelta(t, 120, c.sent.Load()-before, 2)
		stop()
		g.Wait()
	})
}

// TestCancelledIsNoQueue: a cancelled request does not wait for its turn.
func TestCancelledIsNoQueue(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://kratos/", http.NoBody)
	require.NoError(t, err)
	_, err = (&accessTransport{turns: rate.NewLimiter(rate.Inf, 1), next: &counter{}}).RoundTrip(req) //nolint:bodyclose // there is none
	require.Equal(t, context.Canceled, err)
}
