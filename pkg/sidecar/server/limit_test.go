package server

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRetryAfterTells: Retry-After is the time at which a client may ask again, to the
// second, and rejected requests do not postpone it.
func TestRetryAfterTells(t *testing.T) {
	for _, tc := range []struct {
		name      string
		perSecond float64
		after     time.Duration // since all were taken
		handles   int
		want      int
	}{
		{"one", 1, 0, 1, 1},
		{"a batch", 100, 0, 1000, 10},
		{"rounded up", 3, 0, 10, 4},
		{"sooner than a second", 1000, 0, 5, 1},
		{"some are there", 2, 3 * time.Second, 10, 2},
		{"never", 1e-300, 0, 1, 24 * 60 * 60},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var l limits
				l.set(tc.perSecond)
				r := httptest.NewRequest(http.MethodPost, "/", nil)
				require.NoError(t, l.take(r, limitBurst))
				time.Sleep(tc.after)
				for range 2 {
					var p *problemError
					require.ErrorAs(t, l.take(r, tc.handles), &p)
					require.Equal(t, tc.want, p.retryAfter)
				}
				if tc.want == longestWait {
					return
				}
				time.Sleep(time.Duration(tc.want) * time.Second)
				require.NoError(t, l.take(r, tc.handles))
			})
		})
	}
}
