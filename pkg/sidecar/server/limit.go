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

// limits bounds how many handles a client may ask for. A client is an API key,
// or an address where no keys are asked for. Hooks are never limited: what they
// tell is told once.
type limits struct {
	perSecond atomic.Uint64 // bits of a float64, 0 for no limit

	mu      sync.Mutex
	clients map[string]*rate.Limiter
}

// set changes the limit; every client starts anew with it.
func (l *limits) set(perSecond float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.perSecond.Swap(math.Float64bits(perSecond)) != math.Float64bits(perSecond) {
		l.clients = nil
	}
}

// maxClients bounds the clients that are told apart; where there are more, all
// are forgotten and start anew.
const maxClients = 10_000

// limitBurst is how many handles may be asked for at once: a whole batch.
const limitBurst = maxBatch

// take answers a problem where a client has asked for too many handles.
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

// longestWait bounds what a client is told to wait, in seconds.
const longestWait = 24 * 60 * 60

// waitFor answers after how many whole seconds a client may ask for handles. A
// reservation would tell as well, but those that are given back at the same time
// are not given back whole.
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

// clientOf names a client by the digest of its key, or by its address.
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
