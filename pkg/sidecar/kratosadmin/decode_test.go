package kratosadmin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// FuzzDecodePage: what encoding/json does not take as an array of identities is an
// error; of what it takes each identity is either read or among the unread.
func FuzzDecodePage(f *testing.F) {
	for _, seed := range pages() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		want, refused := reference(body)
		page, unread, err := decodePage(strings.NewReader(body))
		if refused != nil {
			require.Error(t, err, "%v", refused)
			require.Nil(t, page)
			require.Nil(t, unread)
			return
		}
		if err != nil && len(want) >= manyUndecodable {
			return // none of them could be decoded
		}
		require.NoError(t, err)
		got := slices.Clone(unread)
		for _, i := range page {
			got = append(got, i.ID)
		}
		slices.SortFunc(got, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
		require.Equal(t, want, got)
	})
}

// pages returns valid and invalid response bodies.
func pages() []string {
	const id1, id2 = `"id":"11111111-1111-4111-8111-111111111111"`, `"id":"22222222-2222-4222-8222-222222222222"`
	return []string{
		``, ` `, `[]`, ` [ ] `, `[] x`, `[]]`, `{}`, `null`, `[null]`, `[{}]`, `[1]`, `[`, `[{`, `[{"id`, `[{` + id1, `[{` + id1 + `}`, `[{` + id1 + `},]`, `[,]`,
		`[{` + id1 + `}]`, `[{` + id1 + `},{` + id2 + `}]`, `[{` + id2 + `},{` + id1 + `}]`, `[{` + id1 + `} {` + id2 + `}]`,
		`[{"id":null}]`, `[{"id":1}]`, `[{"id":"x"}]`, `[{"\u0069d":"11111111-1111-4111-8111-111111111111"}]`,
		`[{` + id1 + `,"created_at":"2026-11-22T00:00:00.5Z"}]`, `[{` + id1 + `,"created_at":null}]`, `[{` + id1 + `,"created_at":"now"}]`, `[{` + id1 + `,"created_at":7}]`,
		`[{` + id1 + `,"traits":{"a":[1,-2.5e+3,true,false,null,"x\n\u00e9\\",{}],"b":[]},"metadata_public":null}]`,
		`[{` + id1 + `,"x":01}]`, `[{` + id1 + `,"x":-}]`, `[{` + id1 + `,"x":tru}]`, `[{` + id1 + `,"x":nul}]`, `[{` + id1 + `,"x":"\q"}]`, `[{` + id1 + `,"x":"\u12"}]`, "[{" + id1 + ",\"x\":\"a\nb\"}]", `[{` + id1 + `,"x":}]`, `[{` + id1 + `,x:1}]`, `[{` + id1 + `,}]`, `[{` + id1 + `,"x" 1}]`, `[{` + id1 + `,"x":[1,]}]`,
		`[{` + id1 + `,"credentials":null}]`, `[{` + id1 + `,"credentials":[]}]`, `[{` + id1 + `,"credentials":{"passkey":null}}]`, `[{` + id1 + `,"credentials":{"passkey":{"identifiers":null,"config":null}}}]`,
		`[{` + id1 + `,"credentials":{"code":{"identifiers":["a@b"],"config":{}},"passkey":{"type":"passkey","identifiers":["a","b\/c","\u00e9","\xff"]}}}]`,
		`[{` + id1 + `,"credentials":{"passkey":{"identifiers":[null]}}}]`, `[{` + id1 + `,"credentials":{"passkey":{"identifiers":"a"}}}]`, `[{` + id1 + `,"credentials":{"passkey":{"identifiers":["a","b"]},"passkey":{"identifiers":["c"],"identifiers":[]}}}]`,
		`[{` + id1 + `},{` + id2 + `,"credentials":{"webauthn":{"config":{"user_handle":"QQ==","credentials":[{"id":"QQ==","added_at":"2026-11-22T00:00:00Z"}]}}}}]`,
		`[{` + id1 + `,"credentials":{"webauthn":{"config":{"user_handle":"!"}}}}]`, `[{` + id1 + `,"credentials":{"webauthn":{"config":{"user_handle":"QQ=="},"config":{"credentials":[]}}}}]`,
	}
}

// reference reads the ids of a page with encoding/json.
func reference(body string) (all []uuid.UUID, err error) {
	var page []map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		return nil, err
	}
	if page == nil {
		return nil, errors.New("not an array")
	}
	last := uuid.Nil
	for _, m := range page {
		var text string
		if err := json.Unmarshal(m["id"], &text); err != nil {
			return nil, err
		}
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, err
		}
		if bytes.Compare(last[:], id[:]) >= 0 {
			return nil, errors.New("not in order")
		}
		last = id
		all = append(all, id)
	}
	return all, nil
}

const (
	first  = "11111111-1111-4111-8111-111111111111"
	second = "22222222-2222-4222-8222-222222222222"
	third  = "33333333-3333-4333-8333-333333333333"
)

// TestOneOddIdentity: what is wrong with one identity is nothing to the others of
// its page, on the list and in the inventory.
func TestOneOddIdentity(t *testing.T) {
	deep := strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)
	for name, odd := range map[string]string{
		"a huge trait":            `"traits":{"name":"` + strings.Repeat("a", 9<<20) + `"}`,
		"a huge name of a key":    `"credentials":{"webauthn":{"config":{"credentials":[{"id":"AAAA","display_name":"` + strings.Repeat(`\u003c`, 1_600_000) + `"}]}}}`,
		"brackets in a huge text": `"traits":{"name":"` + strings.Repeat(`]},{\"`, 1<<20) + `"}`,
		"deep traits":             `"traits":` + deep,
		"an odd aaguid":           `"credentials":{"webauthn":{"config":{"credentials":[{"id":"AAAA","authenticator":{"aaguid":"6028b017-b1d4-4c02-b4b3-afcdafc96bb2"}}]}}}`,
		"an empty added_at":       `"credentials":{"webauthn":{"config":{"credentials":[{"id":"AAAA","added_at":""}]}}}`,
		"an odd created_at":       `"created_at":"2026-01-01 00:00:00"`,
		"a text of identifiers":   `"credentials":{"passkey":{"identifiers":"x"}}`,
		"a key that is none":      `"credentials":{"webauthn":{"config":{"credentials":[{"id":"!"}]}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			body := `[{"id":"` + first + `","credentials":{"passkey":{"identifiers":["a"]}}},{"id":"` + second + `",` + odd + `},{"id":"` + third + `"}]`
			page, unread, err := decodePage(iotest.HalfReader(strings.NewReader(body)))
			require.NoError(t, err)
			require.Equal(t, []uuid.UUID{uuid.MustParse(second)}, unread)
			require.Len(t, page, 2)
			require.Equal(t, []string{"a"}, page[0].Passkey.Identifiers)
			require.Equal(t, third, page[1].ID.String())

			all, unread, err := decodeInventory(strings.NewReader(body))
			require.NoError(t, err)
			require.Equal(t, []uuid.UUID{uuid.MustParse(second)}, unread)
			require.Len(t, all, 2)
		})
	}
}

// TestOddTraits: whatever users may write into their traits is skipped.
func TestOddTraits(t *testing.T) {
	for _, traits := range []string{`{"a":1,"a":2}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", `{"a":1e999}`, strings.Repeat("[", 1000) + strings.Repeat("]", 1000)} {
		page, unread, err := decodePage(strings.NewReader(`[{"id":"` + first + `","traits":` + traits + `}]`))
		require.NoError(t, err)
		require.Empty(t, unread)
		require.Len(t, page, 1)
	}
}

// TestUnknownFormat: a page of which nothing can be decoded is not a page with
// some odd identities.
func TestUnknownFormat(t *testing.T) {
	body := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`{"id":"11111111-1111-4111-8111-%012d","created_at":7}`, i))
		}
		return "[" + strings.Join(all, ",") + "]"
	}
	_, unread, err := decodePage(strings.NewReader(body(9)))
	require.NoError(t, err)
	require.Len(t, unread, 9)
	_, unread, err = decodePage(strings.NewReader(body(10)))
	require.EqualError(t, err, `none of 10 identities can be decoded; the last failed at "/created_at"`)
	require.Nil(t, unread)
}

// TestNamelessIdentity: an identity that can be neither read nor named could be
// taken for deleted, so the page is an error.
func TestNamelessIdentity(t *testing.T) {
	for _, body := range []string{
		`[{"traits":"` + strings.Repeat("x", 5<<20) + `","id":"` + first + `"}]`,
		`[{"created_at":7}]`,
		`[7]`,
		`["` + strings.Repeat("x", 5<<20) + `"]`,
	} {
		_, _, err := decodePage(strings.NewReader(body))
		require.ErrorIs(t, err, errNoID)
	}
}

// TestPageInPieces: the result does not depend on how the body is split into reads.
func TestPageInPieces(t *testing.T) {
	for _, body := range pages() {
		want, wantUnread, refused := decodePage(strings.NewReader(body))
		got, unread, err := decodePage(iotest.OneByteReader(strings.NewReader(body)))
		require.Equal(t, want, got)
		require.Equal(t, wantUnread, unread)
		require.Equal(t, fmt.Sprint(refused), fmt.Sprint(err))
	}
	long := `[{"id":"11111111-1111-4111-8111-111111111111","traits":"` + strings.Repeat("x", 3*readSize) + `","credentials":{"passkey":{"identifiers":["a"]}}}` +
		strings.Repeat("\n", 1_000_000) + `,{"id":"22222222-2222-4222-8222-222222222222"}]`
	page, unread, err := decodePage(iotest.HalfReader(strings.NewReader(long)))
	require.NoError(t, err)
	require.Empty(t, unread)
	require.Len(t, page, 2)
	require.Equal(t, []string{"a"}, page[0].Passkey.Identifiers)
}

// TestPageBreaksOff: what the connection says is what is said.
func TestPageBreaksOff(t *testing.T) {
	broken := errors.New("connection reset by peer")
	_, _, err := decodePage(io.MultiReader(strings.NewReader(`[{"id":`), iotest.ErrReader(broken)))
	require.Equal(t, broken, err)
}

// FuzzNextToken: no header makes it panic.
func FuzzNextToken(f *testing.F) {
	f.Add(`</admin/identities?page_token=x>; rel="next"`)
	f.Add(`<a>; rel="first",</admin/identities?page_token=x>; rel="next"`)
	f.Add(`,;<>;rel=next`)
	f.Fuzz(func(t *testing.T, header string) {
		token, err := nextToken([]string{header})
		if err != nil {
			require.Empty(t, token)
		}
	})
}
