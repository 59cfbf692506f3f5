package httpx_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/httpx"
)

func TestRetryAfter(t *testing.T) {
	for _, c := range []struct {
		retry, reset string
		want         time.Duration
	}{
		{"", "", 0},
		{"0", "", 0},
		{"-1", "", 0},
		{"Tue, 01 Dec 2026 00:00:00 GMT", "", 0},
		{"2", "", 2 * time.Second},
		{"2", "5", 2 * time.Second},
		{"", "5", 5 * time.Second},
		{"86400", "", httpx.MaxWait},
		{"10000000000", "", httpx.MaxWait},           // seconds that overflow a time.Duration
		{"100000000000000000000", "", httpx.MaxWait}, // and 64 bits
	} {
		h := http.Header{"Retry-After": {c.retry}, "X-Ratelimit-Reset": {c.reset}}
		require.Equal(t, c.want, httpx.RetryAfter(h, "Retry-After", "X-Ratelimit-Reset"), "%+v", c)
	}
}

func TestRetry(t *testing.T) {
	failed, permanent := errors.New("failed"), errors.New("permanent")
	for name, c := range map[string]struct {
		errs      []error // of each try
		wantTries int
		want      int
		wantErr   error
	}{
		"at once":    {[]error{nil}, 1, 1, nil},
		"second":     {[]error{failed, nil}, 2, 2, nil},
		"never":      {[]error{failed, failed, failed}, 3, 0, failed},
		"for good":   {[]error{backoff.Permanent(permanent)}, 1, 0, permanent},
		"in the end": {[]error{failed, backoff.Permanent(permanent)}, 2, 0, permanent},
	} {
		t.Run(name, func(t *testing.T) {
			tries := 0
			v, err := httpx.Retry(t.Context(), 3, time.Millisecond, func() (int, error) {
				tries++
				return tries, c.errs[tries-1]
			})
			require.Equal(t, c.wantErr, err)
			require.Equal(t, c.want, v)
			require.Equal(t, c.wantTries, tries)
		})
	}
}

func TestBounded(t *testing.T) {
	tooLarge := errors.New("too large")
	got, err := io.ReadAll(httpx.Bounded(strings.NewReader("12345"), 5, tooLarge))
	require.NoError(t, err)
	require.Equal(t, "12345", string(got))
	r := httpx.Bounded(strings.NewReader("123456"), 5, tooLarge)
	_, err = io.ReadAll(r)
	require.Equal(t, tooLarge, err)
	_, err = r.Read(make([]byte, 1))
	require.Equal(t, tooLarge, err, "it stays so")
}
