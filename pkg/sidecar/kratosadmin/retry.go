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
		return fmt.Sprintf("returned %d, a redirect to %q: is this the public API instead of the admin API?", e.Code, e.Location)
	case e.Code == http.StatusNotFound:
		return "returned a 404 that is not Kratos's: is this the admin API?"
	}
	return fmt.Sprintf("returned %d %s", e.Code, http.StatusText(e.Code))
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
	return fmt.Errorf("Kratos admin API at %s: %w", c.base, err)
}

// checkStatus turns an answer into the error that it is. Those that another try
// cannot mend are permanent.
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

// firstWait is the first wait between two tries.
const firstWait = 200 * time.Millisecond

// errTooLarge is returned for a response larger than any of Kratos.
var errTooLarge = errors.New("response is too large")
