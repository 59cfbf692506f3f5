package kratosadmin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/olympusoss/oly-passkey/pkg/httpx"
)

// StatusError is an answer of Kratos that is neither the identity nor 404.
type StatusError struct {
	Code       int
	RetryAfter time.Duration // 0 where neither Kratos nor what is before it says
	Location   string        // where a redirect points; it is not followed
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

// checkStatus turns an answer into the error that it is. Those that another try
// cannot mend are permanent.
func (c *Client) checkStatus(resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	e := &StatusError{Code: resp.StatusCode, Location: resp.Header.Get("Location")}
	e.RetryAfter = httpx.RetryAfter(resp.Header, "Retry-After", "X-Ratelimit-Reset") // the latter from the Ory Network's gateway
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError {
		return c.at(e)
	}
	return backoff.Permanent(c.at(e))
}

// firstWait is the first wait between two tries.
const firstWait = 200 * time.Millisecond

// errTooLarge says that an answer is larger than any that Kratos would give.
var errTooLarge = errors.New("answer is too large")
