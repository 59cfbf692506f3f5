package kratosadmin

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json"

	"github.com/olympusoss/oly-passkey/pkg/httpx"
)

// StatusError is an unexpected status of a response.
type StatusError struct {
	Code       int
	RetryAfter time.Duration // 0 if the response has none
	Location   string        // target of a redirect, which is not followed

	noSuchResource bool // a 404 with Kratos' own message
}

func (e *StatusError) Error() string {
	switch {
	case e.Location != "":
		return fmt.Sprintf("returned %d, a redirect to %q: is this the public API instead of the admin API?", e.Code, e.Location)
	case e.Code == http.StatusNotFound:
		return "returned a 404 that is not Kratos's: is this the admin API?"
	}
	return fmt.Sprintf("returned %d %s", e.Code, http.StatusText(e.Code))
}

// Unwrap returns the Retry-After of the response for the retries.
func (e *StatusError) Unwrap() error {
	if e.RetryAfter == 0 {
		return nil
	}
	return &backoff.RetryAfterError{Duration: e.RetryAfter}
}

// at prefixes an error with the URL of the admin API, and removes the query that
// url.Error contains.
func (c *Client) at(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("kratos admin API at %s: %w", c.base, err)
}

// checkStatus returns the error of a response. Errors that a retry cannot fix are
// permanent.
func (c *Client) checkStatus(resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	e := &StatusError{Code: resp.StatusCode, Location: resp.Header.Get("Location")}
	e.RetryAfter = httpx.RetryAfter(resp.Header, "Retry-After", "X-Ratelimit-Reset") // the latter from the Ory Network's gateway
	e.noSuchResource = e.Code == http.StatusNotFound && isKratosNotFound(resp.Body)
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError {
		return c.at(e)
	}
	return backoff.Permanent(c.at(e))
}

// isKratosNotFound reports whether the body of a 404 is the one of Kratos v1.3.1 and
// v26.2.0 for a missing identity. Other Ory servers and gateways use the same format
// with another message.
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

// firstWait is the initial backoff between attempts.
const firstWait = 200 * time.Millisecond

// errTooLarge is returned for a response larger than the limits of this package.
var errTooLarge = errors.New("response is too large")
