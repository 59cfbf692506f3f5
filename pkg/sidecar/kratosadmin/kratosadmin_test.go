package kratosadmin_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

const (
	id1 = "11111111-1111-4111-8111-111111111111"
	id2 = "22222222-2222-4222-8222-222222222222"
	id3 = "33333333-3333-4333-8333-333333333333"
)

// wire is an identity as Kratos v26.2.0 writes it, shortened.
func wire(id string) string {
	return fmt.Sprintf(`{"id":%q,"schema_id":"default","schema_url":"http://x/schemas/default","state":"active","traits":{"email":"a@example.com"},
"created_at":"2026-11-22T00:00:00.5Z","credentials":{
 "code":{"type":"code","identifiers":["a@example.com"],"config":{"addresses":[]}},
 "passkey":{"type":"passkey","version":1,"identifiers":["sY6NOda7"],"config":{"user_handle":"c1k2Tk9kYTc=",
   "credentials":[{"id":"J8J/Fh5Y","public_key":"pQEC","added_at":"2026-11-22T00:00:00Z","is_passwordless":true,"authenticator":{"aaguid":"AA==","sign_count":0},"flags":{"backup_eligible":true,"backup_state":true}}]}},
 "webauthn":{"type":"webauthn","version":0,"identifiers":["a@example.com"]}}}`, id)
}

func wanted(t *testing.T, id string) *kratosadmin.Identity {
	t.Helper()
	keyID, err := base64.StdEncoding.DecodeString("J8J/Fh5Y")
	require.NoError(t, err)
	key := kratosadmin.Key{
		ID: keyID, AddedAt: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Passwordless: true,
		Flags: &kratosadmin.Flags{BackupEligible: true, BackupState: true},
	}
	key.Authenticator.AAGUID = []byte{0}
	return &kratosadmin.Identity{
		ID:        uuid.MustParse(id),
		CreatedAt: time.Date(2026, 11, 22, 0, 0, 0, 5e8, time.UTC),
		Passkey: &kratosadmin.Credentials{
			Identifiers: []string{"sY6NOda7"},
			Config: &kratosadmin.Config{
				UserHandle: []byte("sY6NOda7"),
				Keys:       []kratosadmin.Key{key},
			},
		},
		WebAuthn: &kratosadmin.Credentials{Identifiers: []string{"a@example.com"}},
	}
}

const notFound = `{"error":{"code":404,"status":"Not Found","message":"Unable to locate the resource"}}`

// fakekratos responds with the answers of a case, one after the other, and then with
// the last one. It uses no network, so that waiting takes no time in a synctest
// bubble.
type fakekratos struct {
	answers []http.HandlerFunc
	calls   int
	urls    []string
}

func (f *fakekratos) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	f.calls++
	f.urls = append(f.urls, r.URL.String())
	f.answers[min(f.calls, len(f.answers))-1](w, r)
	return w.Result(), r.Context().Err()
}

// withAnswers runs a test with a client of a fakekratos, in a bubble.
func withAnswers(t *testing.T, answers []http.HandlerFunc, test func(t *testing.T, c *kratosadmin.Client, f *fakekratos)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fakekratos{answers: answers}
		c, err := kratosadmin.New(kratosadmin.Options{URL: "http://kratos/", Transport: f})
		require.NoError(t, err)
		test(t, c, f)
	})
}

const at = "kratos admin API at http://kratos: "

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}
}

func TestNew(t *testing.T) {
	for url, want := range map[string]string{
		"":                         `invalid Kratos admin URL "": want something like "http://127.0.0.1:4434"`,
		"127.0.0.1:4434":           `invalid Kratos admin URL "127.0.0.1:4434": want something like "http://127.0.0.1:4434"`,
		"ftp://kratos":             `invalid Kratos admin URL "ftp://kratos": want something like "http://127.0.0.1:4434"`,
		"http://me:secret@kratos/": `invalid Kratos admin URL "http://me:xxxxx@kratos/": only scheme, host, port and path are allowed`,
		"http://kratos/?x=1":       `invalid Kratos admin URL "http://kratos/?x=1": only scheme, host, port and path are allowed`,
	} {
		_, err := kratosadmin.New(kratosadmin.Options{URL: url})
		require.EqualError(t, err, want)
	}
}

func TestIdentity(t *testing.T) {
	withAnswers(t, []http.HandlerFunc{says(http.StatusOK, wire(id1))}, func(t *testing.T, c *kratosadmin.Client, f *fakekratos) {
		t.Helper()
		i, err := c.Identity(t.Context(), uuid.MustParse(id1))
		require.NoError(t, err)
		require.Equal(t, []string{"http://kratos/admin/identities/" + id1 + "?include_credential=passkey&include_credential=webauthn"}, f.urls)
		require.Equal(t, wanted(t, id1), i)
	})
}

func TestIdentityFaults(t *testing.T) {
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://elsewhere/", http.StatusFound)
	}
	for _, tc := range []struct {
		name    string
		answers []http.HandlerFunc
		calls   int
		want    string // the error, "" for none
	}{
		{"not there", []http.HandlerFunc{says(404, notFound), says(200, "[]")}, 2, "kratos has no such identity"},
		{"not there, in a version that says more", []http.HandlerFunc{says(404, `{"error":{"code":404,"status":"Not Found","request":"x","reason":"","message":"Unable to locate the resource"}}`), says(200, " [] ")}, 2, "kratos has no such identity"},
		{"another server's 404", []http.HandlerFunc{says(404, "404 page not found")}, 1, at + "returned a 404 that is not Kratos's: is this the admin API?"},
		{"a json 404 of another server", []http.HandlerFunc{says(404, `{"error":"nope"}`)}, 1, at + "returned a 404 that is not Kratos's: is this the admin API?"},
		{"down for a moment", []http.HandlerFunc{says(503, ""), says(500, "{}"), says(200, wire(id1))}, 3, ""},
		{"down", []http.HandlerFunc{says(500, "{}")}, 3, at + "returned 500 Internal Server Error"},
		{"forbidden", []http.HandlerFunc{says(403, "{}")}, 1, at + "returned 403 Forbidden"},
		{"a redirect", []http.HandlerFunc{redirect}, 1, at + `returned 302, a redirect to "http://elsewhere/": is this the public API instead of the admin API?`},
		{"somebody else", []http.HandlerFunc{says(200, wire(id2))}, 1, "kratos returned identity " + id2 + " instead of " + id1},
		{"large", []http.HandlerFunc{says(200, withTrait(wire(id1), 9<<20))}, 2, ""},
		{"too much", []http.HandlerFunc{says(200, withTrait(wire(id1), 65<<20))}, 2, "kratos has the identity, but it cannot be read: identity " + id1 + " has more than 64 MiB"},
		{"garbage", []http.HandlerFunc{says(200, "<html>")}, 3, at + "jsontext: invalid character '<' at start of value"},
		{"half an identity", []http.HandlerFunc{says(200, wire(id1)[:100])}, 3, at + "jsontext: unexpected EOF within \"/schema_url\" after offset 100"},
		{
			"keys that are none",
			[]http.HandlerFunc{says(200, strings.Replace(wire(id1), `[{"id":"J8J/Fh5Y"`, `[{"id":"!"`, 1))},
			1,
			"kratos has the identity, but it cannot be read: identity " + id1 + ` has a value at "/credentials/passkey/config/credentials/0/id" that does not decode`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			withAnswers(t, tc.answers, func(t *testing.T, c *kratosadmin.Client, f *fakekratos) {
				t.Helper()
				i, err := c.Identity(t.Context(), uuid.MustParse(id1))
				require.Equal(t, tc.calls, f.calls)
				if tc.want == "" {
					require.NoError(t, err)
					require.Equal(t, wanted(t, id1), i)
					return
				}
				require.EqualError(t, err, tc.want)
				require.Nil(t, i)
			})
		})
	}
}

// withTrait returns an identity with a trait of the given size in bytes.
func withTrait(identity string, size int) string {
	return strings.Replace(identity, "a@example.com", strings.Repeat("a", size), 1)
}

// TestNotFoundInOtherWords: a 404 that is not Kratos' own, and any other status, says
// nothing about an identity, whatever the body, and is not retried.
func TestNotFoundInOtherWords(t *testing.T) {
	const foreign = at + "returned a 404 that is not Kratos's: is this the admin API?"
	for name, tc := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"oathkeeper without a rule":    {404, `{"error":{"code":404,"status":"Not Found","message":"Requested url does not match any rules"}}`, foreign},
		"ory network without project":  {404, `{"error":{"code":404,"status":"Not Found","request":"x","reason":"No project was found for this slug","message":"Not Found"}}`, foreign},
		"google's format":              {404, `{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}`, foreign},
		"kratos' words, another code":  {404, `{"error":{"code":400,"status":"Not Found","message":"Unable to locate the resource"}}`, foreign},
		"kratos' words, other status":  {404, `{"error":{"code":404,"message":"Unable to locate the resource"}}`, foreign},
		"kratos' words after a lot":    {404, strings.Repeat(" ", 5000) + notFound, foreign},
		"kratos' words and more":       {404, notFound + notFound, foreign},
		"html":                         {404, "<html>404</html>", foreign},
		"nothing":                      {404, "", foreign},
		"gone":                         {410, notFound, at + "returned 410 Gone"},
		"forbidden with kratos' words": {403, notFound, at + "returned 403 Forbidden"},
		"success with kratos' words":   {200, notFound, `kratos returned an identity with the ID ""`},
	} {
		t.Run(name, func(t *testing.T) {
			withAnswers(t, []http.HandlerFunc{says(tc.status, tc.body), says(200, "[]")}, func(t *testing.T, c *kratosadmin.Client, f *fakekratos) {
				t.Helper()
				_, err := c.Identity(t.Context(), uuid.MustParse(id1))
				require.NotErrorIs(t, err, kratosadmin.ErrNotFound)
				if tc.status != 200 {
					require.EqualError(t, err, tc.want)
					require.Equal(t, 1, f.calls)
				}
			})
		})
	}
	for status, body := range map[int]string{500: notFound, 502: `{"error":{"code":404,"message":"upstream"}}`, 429: notFound} {
		withAnswers(t, []http.HandlerFunc{says(status, body)}, func(t *testing.T, c *kratosadmin.Client, _ *fakekratos) {
			t.Helper()
			_, err := c.Identity(t.Context(), uuid.MustParse(id1))
			require.EqualError(t, err, at+fmt.Sprintf("returned %d %s", status, http.StatusText(status)))
		})
	}
}

// TestSecondWitness: Kratos' own 404 is believed only together with an empty list
// of that one id.
func TestSecondWitness(t *testing.T) {
	const (
		needed = "kratos returned 404 for identity " + id1 + ", and listing it to confirm that failed: " + at
		listed = "kratos returned 404 for identity " + id1 + ", but a list restricted to its ID is not empty: does a gateway block part of the admin API?"
	)
	for name, tc := range map[string]struct {
		answers []http.HandlerFunc // of the list
		calls   int
		want    string
	}{
		"it has it":                  {[]http.HandlerFunc{says(200, "["+wire(id1)+"]")}, 1, listed},
		"it has it, and it is large": {[]http.HandlerFunc{says(200, "["+withTrait(wire(id1), 9<<20)+"]")}, 1, listed},
		"it has it, far too large":   {[]http.HandlerFunc{says(200, "["+withTrait(wire(id1), 65<<20)+"]")}, 1, listed},
		"it does not select by id":   {[]http.HandlerFunc{says(200, "["+wire(id2)+"]")}, 1, listed},
		"an object":                  {[]http.HandlerFunc{says(200, "{}")}, 3, needed + "response is not a JSON array: it starts with '{'"},
		"null":                       {[]http.HandlerFunc{says(200, "null")}, 3, needed + "response is not a JSON array: it starts with 'n'"},
		"nothing":                    {[]http.HandlerFunc{says(200, "")}, 3, needed + "unexpected EOF"},
		"half a list":                {[]http.HandlerFunc{says(200, "[")}, 3, needed + "unexpected EOF"},
		"two lists":                  {[]http.HandlerFunc{says(200, "[][]")}, 3, needed + "unexpected '[' after the end of the response"},
		"no content":                 {[]http.HandlerFunc{says(204, "")}, 1, needed + "returned 204 No Content"},
		"not found, too":             {[]http.HandlerFunc{says(404, notFound)}, 1, needed + "returned a 404 that is not Kratos's: is this the admin API?"},
		"forbidden":                  {[]http.HandlerFunc{says(403, "[]")}, 1, needed + "returned 403 Forbidden"},
		"down":                       {[]http.HandlerFunc{says(503, "[]")}, 3, needed + "returned 503 Service Unavailable"},
		"down for a moment":          {[]http.HandlerFunc{says(503, ""), says(200, "[]")}, 2, "kratos has no such identity"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := append([]http.HandlerFunc{says(404, notFound)}, tc.answers...)
			withAnswers(t, answers, func(t *testing.T, c *kratosadmin.Client, f *fakekratos) {
				t.Helper()
				i, err := c.Identity(t.Context(), uuid.MustParse(id1))
				require.EqualError(t, err, tc.want)
				require.Nil(t, i)
				require.Equal(t, 1+tc.calls, f.calls)
				require.Equal(t, "http://kratos/admin/identities?ids="+id1, f.urls[1])
			})
		})
	}
}

// endless is a name that does not end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, strings.Repeat("x", len(p))), nil }

// hugeKratos has an identity that is larger than any page may be.
type hugeKratos struct{ sizes []string }

func (k *hugeKratos) RoundTrip(r *http.Request) (*http.Response, error) {
	k.sizes = append(k.sizes, r.URL.Query().Get("page_size"))
	header := http.Header{"Link": {`</admin/identities?page_token=` + id1 + `>; rel="next"`}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(io.MultiReader(strings.NewReader("["+wire(id1)[:60]), endless{}))}, nil
}

// TestHugePage: a page that is too large is requested in parts, and for an identity that
// is too large on its own only the id is read.
func TestHugePage(t *testing.T) {
	k := &hugeKratos{}
	c, err := kratosadmin.New(kratosadmin.Options{URL: "http://kratos/", Transport: k, PageSize: 50})
	require.NoError(t, err)
	page, err := c.List(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, &kratosadmin.Page{Unread: []uuid.UUID{uuid.MustParse(id1)}, Next: id1}, page)
	require.Equal(t, 1, page.Len())
	require.Equal(t, id1, page.Last().String())
	require.Equal(t, []string{"50", "5", "1"}, k.sizes)
}

func TestRetryAfter(t *testing.T) {
	busy := func(seconds string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", seconds)
			says(429, "{}")(w, r)
		}
	}
	withAnswers(t, []http.HandlerFunc{busy("7"), busy("17356896000"), says(200, wire(id1))}, func(t *testing.T, c *kratosadmin.Client, f *fakekratos) {
		t.Helper()
		from := time.Now()
		_, err := c.Identity(t.Context(), uuid.MustParse(id1))
		require.NoError(t, err)
		require.Equal(t, 3, f.calls)
		require.Equal(t, 37*time.Second, time.Since(from), "centuries are not waited for")
	})
}

func TestKratosHangs(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	withAnswers(t, []http.HandlerFunc{hang}, func(t *testing.T, c *kratosadmin.Client, f *fakekratos) {
		t.Helper()
		from := time.Now()
		_, err := c.Identity(t.Context(), uuid.MustParse(id1))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 3, f.calls)
		require.InDelta(t, 30, time.Since(from).Seconds(), 3)
	})
}

func TestList(t *testing.T) {
	const first = `</admin/identities?include_credential=webauthn&page_size=2&page_token=0000>; rel="first"`
	answers := []http.HandlerFunc{
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", first+`,</admin/identities?include_credential=webauthn&page_size=2&page_token=`+id2+`>; rel="next"`)
			says(200, "["+wire(id1)+","+wire(id2)+"]")(w, r)
		},
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", first)
			says(200, "["+wire(id3)+"]")(w, r)
		},
	}
	withAnswers(t, answers, func(t *testing.T, c *kratosadmin.Client, f *fakekratos) {
		t.Helper()
		page, err := c.List(t.Context(), "")
		require.NoError(t, err)
		require.Equal(t, &kratosadmin.Page{Identities: []*kratosadmin.Identity{wanted(t, id1), wanted(t, id2)}, Next: id2}, page)
		page, err = c.List(t.Context(), page.Next)
		require.NoError(t, err)
		require.Equal(t, &kratosadmin.Page{Identities: []*kratosadmin.Identity{wanted(t, id3)}}, page)
		const list = "http://kratos/admin/identities?include_credential=webauthn&page_size=1000"
		require.Equal(t, []string{list, list + "&page_token=" + id2}, f.urls)
	})
}

func TestListFaults(t *testing.T) {
	link := func(value, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", value)
			says(200, body)(w, r)
		}
	}
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc
		calls  int
		want   string
	}{
		{"half a page", says(200, "["+wire(id1)+","), 3, at + "list of identities: unexpected EOF"},
		{"half an identity", says(200, "["+wire(id1)[:100]), 3, at + "list of identities: unexpected EOF"},
		{"nothing", says(200, ""), 3, at + "list of identities: unexpected EOF"},
		{"an object", says(200, "{}"), 3, at + "list of identities: response is not a JSON array: it starts with '{'"},
		{"an identity without an id", says(200, "[{}]"), 3, at + `list of identities: kratos returned an identity with the ID ""`},
		{"not in order", says(200, "["+wire(id2)+","+wire(id1)+"]"), 3, at + "list of identities: identities are not sorted by ID: " + id1 + " after " + id2},
		{"twice the same", says(200, "["+wire(id1)+","+wire(id1)+"]"), 3, at + "list of identities: identities are not sorted by ID: " + id1 + " after " + id1},
		{"no such page", says(400, "{}"), 1, at + "returned 400 Bad Request"},
		{"another server", says(404, "404 page not found"), 1, at + "returned a 404 that is not Kratos's: is this the admin API?"},
		{"a next page without a token", link(`</admin/identities?page=2>; rel="next"`, "["+wire(id1)+"]"), 1, "kratos returned a link to the next page without page_token"},
		{"a next page after an empty one", link(`</x?page_token=t>; rel="next"`, "[]"), 1, "kratos's pagination does not advance: a page of 0 identities links to itself"},
		{"a link that is no url", link(`<http://[>; rel="next"`, "["+wire(id1)+"]"), 1, "kratos returned an invalid link to the next page: parse \"http://[\": missing ']' in host"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			withAnswers(t, []http.HandlerFunc{tc.answer}, func(t *testing.T, c *kratosadmin.Client, f *fakekratos) {
				t.Helper()
				page, err := c.List(t.Context(), "")
				require.EqualError(t, err, tc.want)
				require.Nil(t, page)
				require.Equal(t, tc.calls, f.calls)
			})
		})
	}
}

func TestKratosDown(t *testing.T) {
	c, err := kratosadmin.New(kratosadmin.Options{URL: "http://127.0.0.1:1"})
	require.NoError(t, err)
	_, err = c.List(t.Context(), "")
	require.EqualError(t, err, "kratos admin API at http://127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused")
	_, err = c.Identity(t.Context(), uuid.New())
	require.EqualError(t, err, "kratos admin API at http://127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused")
}
