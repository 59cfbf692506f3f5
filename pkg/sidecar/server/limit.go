package server

import (
	"math"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// limits restricts the rate of user handles per client. A client is an API key, or an
// address if no keys are required. Hooks are never limited, because a rejected event
// would be lost.
type limits struct {
	perSecond atomic.Uint64 // bits of a float64, 0 for no limit

	mu      sync.Mutex
	clients map[string]*rate.Limiter
}

// set changes the limit, and resets all clients if it differs.
func (l *limits) set(perSecond float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.perSecond.Swap(math.Float64bits(perSecond)) != math.Float64bits(perSecond) {
		l.clients = nil
	}
}

// maxClients is the number of clients that are tracked. If there are more, all are
// reset.
const maxClients = 10_000

// limitBurst is the size of a burst, in user handles: a whole batch.
const limitBurst = maxBatch

// take returns a problem if a client exceeds its limit.
func (l *limits) take(r *http.Request, handles int) error {
	if l.perSecond.Load() == 0 {
		return nil
	}
	now, limiter := time.Now(), l.of(clientOf(r))
	if limiter.AllowN(now, handles) {
		return nil
	}
	p := newProblem(http.StatusTooManyRequests, api.ProblemTooManyHandles, "rate limit exceeded", "too many user handles requested; retry later")
	p.retryAfter = waitFor(limiter, now, handles)
	return p
}

// longestWait is the maximum Retry-After, in seconds.
const longestWait = 24 * 60 * 60

// waitFor returns the number of whole seconds after which a client may request that
// many handles. It does not use a reservation, because cancelling concurrent
// reservations does not restore all of their tokens.
func waitFor(l *rate.Limiter, now time.Time, handles int) int {
	seconds := (float64(handles) - l.TokensAt(now)) / float64(l.Limit())
	return int(math.Ceil(max(1, min(seconds, longestWait))))
}

func (l *limits) of(client string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.clients == nil || len(l.clients) >= maxClients {
		l.clients = map[string]*rate.Limiter{}
	}
	limiter := l.clients[client]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Limit(math.Float64frombits(l.perSecond.Load())), limitBurst)
		l.clients[client] = limiter
	}
	return limiter
}

// clientOf returns the digest of a client's key, or its address.
func clientOf(r *http.Request) string {
	if key, ok := requestKey(r.Header); ok {
		return userhandle.DigestOf([]byte(key)).String()
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
