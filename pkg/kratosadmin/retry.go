package kratosadmin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json"
)

// StatusError is an answer of Kratos that is neither the identity nor 404.
type StatusError struct {
	Code       int
	RetryAfter time.Duration // 0 where neither Kratos nor what is before it says
	Location   string        // where a redirect points; it is not followed

	noSuchResource bool // 404 in Kratos' own words
}

func (e *StatusError) Error() string {
	switch {
	case e.Location != "":
		return fmt.Sprintf("answered %d, a redirect to %q: is this the public api instead of the admin api?", e.Code, e.Location)
	case e.Code == http.StatusNotFound:
		return "answered 404, but not as kratos does: is this the admin api?"
	}
	return fmt.Sprintf("answered %d %s", e.Code, http.StatusText(e.Code))
}

// Unwrap tells the retries how long Kratos wants them to wait.
func (e *StatusError) Unwrap() error {
	if e.RetryAfter == 0 {
		return nil
	}
	return &backoff.RetryAfterError{Duration: e.RetryAfter}
}

// at says in front of an error which Kratos it comes from, without the query
// that url.Error repeats.
func (c *Client) at(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("kratos admin api at %s: %w", c.base, err)
}

// maxRetryAfter bounds how long a Retry-After is obeyed.
const maxRetryAfter = 30 * time.Second

// checkStatus turns an answer into the error that it is. Those that another try
// cannot mend are permanent.
func (c *Client) checkStatus(resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	e := &StatusError{Code: resp.StatusCode, Location: resp.Header.Get("Location")}
	for _, name := range []string{"X-Ratelimit-Reset", "Retry-After"} { // the former from the Ory Network's gateway
		if s, err := strconv.Atoi(resp.Header.Get(name)); err == nil && s > 0 {
			e.RetryAfter = time.Duration(min(s, int(maxRetryAfter/time.Second))) * time.Second
		}
	}
	e.noSuchResource = e.Code == http.StatusNotFound && isKratosNotFound(resp.Body)
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError {
		return c.at(e)
	}
	return backoff.Permanent(c.at(e))
}

// isKratosNotFound reports whether the body of a 404 is what Kratos v1.3.1 and
// v26.2.0 write for an identity that they do not have. Other servers of Ory, and
// gateways, answer in the same format with another message.
func isKratosNotFound(body io.Reader) bool {
	const longest = 4 << 10
	var answer struct {
		Error struct {
			Code    int    `json:"code"`
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.UnmarshalRead(io.LimitReader(body, longest), &answer); err != nil {
		return false
	}
	e := answer.Error
	return e.Code == http.StatusNotFound && e.Status == "Not Found" && e.Message == "Unable to locate the resource"
}

// retry makes an operation up to tries times, with jitter between them, and
// gives up at once where ctx ends or the error is permanent.
func retry[T any](ctx context.Context, tries uint, op backoff.Operation[T]) (T, error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = 200 * time.Millisecond
	v, err := backoff.Retry(ctx, op, backoff.WithBackOff(wait), backoff.WithMaxTries(tries), backoff.WithMaxElapsedTime(0))
	var permanent *backoff.PermanentError
	if errors.As(err, &permanent) {
		err = permanent.Err // the last try is answered as it came
	}
	return v, err
}

// errTooLarge says that an answer is larger than any that Kratos would give.
var errTooLarge = errors.New("answer is too large")

// boundedReader fails once more than left bytes come out of r.
type boundedReader struct {
	r    io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLarge
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, errTooLarge
	}
	return n, err
}
