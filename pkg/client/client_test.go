package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/client"
)

// answers is a sidecar without a network: it returns one response after the other, and
// then repeats the last one.
type answers struct {
	list  []http.HandlerFunc
	calls int
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	a.calls++
	a.list[min(a.calls, len(a.list))-1](w, r)
	resp := w.Result()
	resp.Request = r
	return resp, r.Context().Err()
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}
}

func problem(status int, name string) http.HandlerFunc {
	return typed(status, "https://github.com/olympusoss/oly-passkey/blob/main/docs/problems.md#"+name)
}

// typed is a problem that may be another server's.
func typed(status int, kind string) http.HandlerFunc {
	return says(status, fmt.Sprintf(`{"type":%q,"title":"a title","status":%d,"detail":"a detail"}`, kind, status))
}

const good = `{"identity_id":"11111111-1111-4111-8111-111111111111","credential":"passkey","state":"active","credential_matches":true,"source":"index","confirmed_at":"2026-11-22T00:00:00Z"}`

func TestResolve(t *testing.T) {
	truth := true
	want := &client.Answer{
		IdentityID: "11111111-1111-4111-8111-111111111111", Credential: "passkey", State: "active",
		CredentialMatches: &truth, Source: "index", ConfirmedAt: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
	}
	for _, tc := range []struct {
		name    string
		answers []http.HandlerFunc
		calls   int
		is      error
		want    string // the error, "" for none
	}{
		{"found", []http.HandlerFunc{says(200, good)}, 1, nil, ""},
		{"after trouble", []http.HandlerFunc{says(502, "bad gateway"), problem(503, "index-building"), says(200, good)}, 3, nil, ""},
		{"no handle", []http.HandlerFunc{problem(400, "invalid-handle")}, 1, client.ErrInvalid, "the sidecar responded with 400: a title: a detail"},
		{"no request", []http.HandlerFunc{problem(400, "bad-request")}, 1, client.ErrInvalid, "the sidecar responded with 400: a title: a detail"},
		{"wrong key", []http.HandlerFunc{problem(401, "unauthorized")}, 1, client.ErrKey, "the sidecar responded with 401: a title: a detail"},
		{"another scope's key", []http.HandlerFunc{problem(403, "forbidden")}, 1, client.ErrKey, "the sidecar responded with 403: a title: a detail"},
		{"unknown", []http.HandlerFunc{problem(404, "unknown-handle")}, 1, client.ErrUnknown, "the sidecar responded with 404: a title: a detail"},
		{"ambiguous", []http.HandlerFunc{problem(409, "ambiguous-handle")}, 1, client.ErrAmbiguous, "the sidecar responded with 409: a title: a detail"},
		{"removed", []http.HandlerFunc{problem(410, "removed-handle")}, 1, client.ErrRemoved, "the sidecar responded with 410: a title: a detail"},
		{"index is built", []http.HandlerFunc{problem(503, "index-building")}, 3, client.ErrNotReady, "the sidecar responded with 503: a title: a detail"},
		{"kratos is down", []http.HandlerFunc{problem(503, "kratos-unavailable")}, 3, client.ErrNotReady, "the sidecar responded with 503: a title: a detail"},
		{"too many", []http.HandlerFunc{problem(429, "too-many-handles")}, 3, nil, "the sidecar responded with 429: a title: a detail"},
		{"broken", []http.HandlerFunc{problem(500, "internal")}, 1, nil, "the sidecar responded with 500: a title: a detail"},
		{"a path below the sidecar's", []http.HandlerFunc{problem(404, "not-found")}, 1, nil, "http://sidecar is not an oly-passkey sidecar (404 Not Found)"},
		{"another method", []http.HandlerFunc{problem(405, "method-not-allowed")}, 1, nil, "http://sidecar is not an oly-passkey sidecar (405 Method Not Allowed)"},
		{"another server's problem 400", []http.HandlerFunc{typed(400, "about:blank")}, 1, nil, "http://sidecar is not an oly-passkey sidecar (400 Bad Request)"},
		{"another server's problem 404", []http.HandlerFunc{typed(404, "https://example.com/problems#unknown-handle")}, 1, nil, "http://sidecar is not an oly-passkey sidecar (404 Not Found)"},
		{"another server's problem 409", []http.HandlerFunc{typed(409, "ambiguous-handle")}, 1, nil, "http://sidecar is not an oly-passkey sidecar (409 Conflict)"},
		{"another server's problem 410", []http.HandlerFunc{typed(410, "")}, 1, nil, "http://sidecar is not an oly-passkey sidecar (410 Gone)"},
		{"another server's problem 503", []http.HandlerFunc{typed(503, "about:blank")}, 3, nil, "http://sidecar is not an oly-passkey sidecar (503 Service Unavailable)"},
		{"another server's 404", []http.HandlerFunc{says(404, "404 page not found")}, 1, nil, "http://sidecar is not an oly-passkey sidecar (404 Not Found)"},
		{"another status than its own", []http.HandlerFunc{says(410, `{"type":"https://github.com/olympusoss/oly-passkey/blob/main/docs/problems.md#unknown-handle","status":404}`)}, 1, nil, "http://sidecar is not an oly-passkey sidecar (410 Gone)"},
		{"a proxy's 503", []http.HandlerFunc{says(503, "no upstream")}, 3, nil, "http://sidecar is not an oly-passkey sidecar (503 Service Unavailable)"},
		{"another server's 200", []http.HandlerFunc{says(200, "{}")}, 1, nil, "http://sidecar responded with 200 but no identity: is this the sidecar?"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &answers{list: tc.answers}
				c, err := client.New(client.Options{URL: "http://sidecar", Transport: a})
				require.NoError(t, err)
				got, err := c.Resolve(t.Context(), client.Query{UserHandle: "QQ"})
				require.Equal(t, tc.calls, a.calls)
				if tc.want == "" {
					require.NoError(t, err)
					require.Equal(t, want, got)
					return
				}
				require.EqualError(t, err, tc.want)
				for _, known := range []error{client.ErrInvalid, client.ErrKey, client.ErrUnknown, client.ErrAmbiguous, client.ErrRemoved, client.ErrNotReady} {
					if errors.Is(known, tc.is) {
						require.ErrorIs(t, err, known)
					} else {
						require.NotErrorIs(t, err, known)
					}
				}
			})
		})
	}
}

// TestEveryProblem of the sidecar is one of the package's errors, or none of them.
func TestEveryProblem(t *testing.T) {
	all := []error{client.ErrInvalid, client.ErrKey, client.ErrUnknown, client.ErrAmbiguous, client.ErrRemoved, client.ErrNotReady}
	want := map[string]error{
		"bad-request": client.ErrInvalid, "invalid-handle": client.ErrInvalid,
		"unauthorized": client.ErrKey, "forbidden": client.ErrKey,
		"unknown-handle": client.ErrUnknown, "unknown-identity": client.ErrUnknown, "unknown-credential": nil,
		"ambiguous-handle": client.ErrAmbiguous, "identity-exists": nil, "removed-handle": client.ErrRemoved,
		"index-building": client.ErrNotReady, "kratos-unavailable": client.ErrNotReady, "request-timeout": client.ErrNotReady,
		"not-found": nil, "method-not-allowed": nil, "too-large": nil, "too-many-handles": nil, "internal": nil,
	}
	page, err := os.ReadFile("../../docs/problems.md")
	require.NoError(t, err)
	got := map[string]error{}
	for _, m := range regexp.MustCompile(`(?m)^## (.+)$`).FindAllSubmatch(page, -1) {
		name := string(m[1])
		got[name] = nil
		for _, known := range all {
			if errors.Is(&client.ProblemError{Type: "https://github.com/olympusoss/oly-passkey/blob/main/docs/problems.md#" + name}, known) {
				got[name] = known
			}
		}
	}
	require.Equal(t, want, got)
}

func TestRequest(t *testing.T) {
	var request, key, body string
	a := &answers{list: []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body) // an empty body would show below
		request, key, body = r.Method+" "+r.URL.String(), r.Header.Get("Authorization"), string(raw)
		says(200, good)(w, r)
	}}}
	c, err := client.New(client.Options{URL: "http://sidecar/base/", Key: "secret", Transport: a})
	require.NoError(t, err)
	_, err = c.Resolve(t.Context(), client.Query{UserHandle: "QQ", CredentialID: "Qg", AllowRemoved: true, Confirm: true})
	require.NoError(t, err)
	require.Equal(t, "POST http://sidecar/base/v1/resolve", request)
	require.Equal(t, "Bearer secret", key)
	require.JSONEq(t, `{"user_handle":"QQ","credential_id":"Qg","allow_removed":true,"confirm":true}`, body)
}

func TestRetryAfterAndContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wait := func(seconds string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", seconds)
				problem(503, "index-building")(w, r)
			}
		}
		for seconds, want := range map[string]time.Duration{
			"5": 5 * time.Second, "31": 30 * time.Second, "9223372037": 30 * time.Second, "99999999999999999999": 30 * time.Second,
		} {
			a := &answers{list: []http.HandlerFunc{wait(seconds), says(200, good)}}
			c, err := client.New(client.Options{URL: "http://sidecar", Transport: a})
			require.NoError(t, err)
			from := time.Now()
			_, err = c.Resolve(t.Context(), client.Query{UserHandle: "QQ"})
			require.NoError(t, err)
			require.Equal(t, want, time.Since(from), seconds)
		}

		a := &answers{list: []http.HandlerFunc{wait("5")}}
		c, err := client.New(client.Options{URL: "http://sidecar", Transport: a})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.Resolve(ctx, client.Query{UserHandle: "QQ"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 1, a.calls)
	})
}

func TestNew(t *testing.T) {
	for _, url := range []string{"", "127.0.0.1:4477", "unix:///x"} {
		_, err := client.New(client.Options{URL: url})
		require.EqualError(t, err, fmt.Sprintf(`invalid sidecar URL %q: want something like "http://127.0.0.1:4477"`, url))
	}
}

func TestNobodyThere(t *testing.T) {
	c, err := client.New(client.Options{URL: "http://127.0.0.1:1", Tries: 1})
	require.NoError(t, err)
	_, err = c.Resolve(t.Context(), client.Query{UserHandle: "QQ"})
	require.EqualError(t, err, `sidecar: Post "http://127.0.0.1:1/v1/resolve": dial tcp 127.0.0.1:1: connect: connection refused`)
}
