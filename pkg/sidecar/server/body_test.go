package server

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// TestBrokenBodies: what ends the reading of a body is said without the addresses
// that the error shows.
func TestBrokenBodies(t *testing.T) {
	read := func(err error) error {
		return &net.OpError{
			Op: "read", Net: "tcp", Err: err,
			Source: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4477}, Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5},
		}
	}
	late := newProblem(http.StatusServiceUnavailable, "request-timeout", "request timed out", "the request did not arrive within 10 seconds")
	late.retryAfter = 1
	for _, tc := range []struct {
		name string
		err  error
		want *problemError
	}{
		{"too slow", read(os.ErrDeadlineExceeded), late},
		{"cut off", read(errors.New("connection reset by peer")), badRequest("invalid body: it cannot be read")},
	} {
		for _, begun := range []string{``, `{"user_handle":`, `{"user_handle":"x"}`} {
			for _, length := range []int64{-1, 100} { // unknown, and small
				t.Run(tc.name, func(t *testing.T) {
					r := httptest.NewRequest(http.MethodPost, "/", nil)
					r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(begun), failing{tc.err})), length
					var body resolveRequest
					var got *problemError
					require.ErrorAs(t, readJSON(httptest.NewRecorder(), r, maxBody, &body), &got)
					require.Equal(t, tc.want, got)
				})
			}
		}
	}
}

// TestTypeCause names what JSON calls a type, not what Go does.
func TestTypeCause(t *testing.T) {
	for body, want := range map[string]string{
		`[]`:              `must be an object`,
		`"x"`:             `must be an object`,
		`{"t":1}`:         `"t" must be a string`,
		`{"p":{}}`:        `"p" must be a string`,
		`{"b":"no"}`:      `"b" must be a boolean`,
		`{"n":"1"}`:       `"n" must be a number`,
		`{"n":1.5}`:       `"n" must be a number`,
		`{"l":{}}`:        `"l" must be an array`,
		`{"l":[1]}`:       `every element of "l" must be an object`,
		`{"l":[{"t":1}]}`: `"l.t" must be a string`,
	} {
		var dst struct {
			T string  `json:"t"`
			P *string `json:"p"`
			B bool    `json:"b"`
			N int     `json:"n"`
			L []struct {
				T string `json:"t"`
			} `json:"l"`
		}
		require.Equal(t, want, jsonCause([]byte(body), json.Unmarshal([]byte(body), &dst)), body)
	}
}

// TestJSONCause: what is wrong with a body is said without repeating it.
func TestJSONCause(t *testing.T) {
	for body, want := range map[string]string{
		``:                                      `unexpected end of JSON`,
		`{"user_handle":"a`:                     `unexpected end of JSON`,
		`{"user_handle":"a","user_handle":"b"}`: `duplicate JSON member`,
		`{}{}`:                                  `unexpected data after the JSON object`,
		`{} x`:                                  `unexpected data after the JSON object`,
		`{"user_handle":"a",}`:                  `syntax error at byte 19`,
		"{\"user_handle\":\"\xff\"}":            `syntax error at byte 17`,
	} {
		var dst resolveRequest
		require.Equal(t, want, jsonCause([]byte(body), json.Unmarshal([]byte(body), &dst)), body)
	}
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
