// Package httpx holds what every client of an HTTP API needs: retries, the wait
// that a server asks for, and bounds of bodies.
package httpx

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// MaxWait bounds how long a server's wish to wait is obeyed.
const MaxWait = 30 * time.Second

// RetryAfter returns how long the first of the named headers with a positive
// number of seconds asks to wait, MaxWait at most; 0 without one.
func RetryAfter(h http.Header, names ...string) time.Duration {
	for _, name := range names {
		s, err := strconv.ParseUint(h.Get(name), 10, 64)
		if (err == nil || errors.Is(err, strconv.ErrRange)) && s > 0 {
			return time.Duration(min(s, uint64(MaxWait/time.Second))) * time.Second
		}
	}
	return 0
}

// Retry makes an operation up to tries times, with jitter and growing waits from
// first between them. It gives up when ctx ends or the error is permanent
// (backoff.Permanent), and returns the error of the last try as it came.
func Retry[T any](ctx context.Context, tries uint, first time.Duration, op backoff.Operation[T]) (T, error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = first
	v, err := backoff.Retry(ctx, op, backoff.WithBackOff(wait), backoff.WithMaxTries(tries), backoff.WithMaxElapsedTime(0))
	var permanent *backoff.PermanentError
	if errors.As(err, &permanent) {
		err = permanent.Err
	}
	if err != nil {
		var none T
		return none, err
	}
	return v, nil
}

// Bounded returns a reader of r that fails with tooLarge once more than limit
// bytes come out of it.
func Bounded(r io.Reader, limit int64, tooLarge error) io.Reader {
	return &bounded{r: r, left: limit, tooLarge: tooLarge}
}

type bounded struct {
	r        io.Reader
	left     int64
	tooLarge error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, b.tooLarge
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, b.tooLarge
	}
	return n, err
}

// BoundedTransport bounds the body of every response, for generated clients,
// which read whole bodies.
type BoundedTransport struct {
	Next     http.RoundTripper
	Limit    int64
	TooLarge error
}

// RoundTrip implements http.RoundTripper.
func (t BoundedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.Next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{Bounded(resp.Body, t.Limit, t.TooLarge), resp.Body}
	return resp, nil
}
