package kratosadmin

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// FuzzDecodePage: the cursor takes what encoding/json takes, and reads the same
// out of it, however little of the text comes at a time.
func FuzzDecodePage(f *testing.F) {
	for _, seed := range pages() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		want, refused := reference(body)
		page, err := decodePage(strings.NewReader(body))
		if refused != nil {
			require.Error(t, err, "%v", refused)
			require.Nil(t, page)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, page)
	})
}

// pages are answers as Kratos gives them, and as it never would.
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

// reference reads a page with encoding/json.
func reference(body string) (all []*Identity, err error) {
	var page []map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		return nil, err
	}
	if page == nil {
		return nil, errors.New("no array")
	}
	last := ""
	for _, m := range page {
		i := &Identity{}
		var id string
		var credentials map[string]map[string]json.RawMessage
		for name, dst := range map[string]any{"id": &id, "created_at": &i.CreatedAt, "credentials": &credentials} {
			if raw, ok := m[name]; ok {
				if err := json.Unmarshal(raw, dst); err != nil {
					return nil, err
				}
			}
		}
		if i.ID, err = uuid.Parse(id); err != nil {
			return nil, err
		}
		if i.ID.String() <= last || i.ID == uuid.Nil {
			return nil, errors.New("not in order")
		}
		last = i.ID.String()
		if i.Passkey, err = referenceType(credentials["passkey"]); err != nil {
			return nil, err
		}
		if i.WebAuthn, err = referenceType(credentials["webauthn"]); err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, nil
}

func referenceType(m map[string]json.RawMessage) (*Credentials, error) {
	if m == nil {
		return nil, nil
	}
	c := &Credentials{}
	if raw, ok := m["identifiers"]; ok {
		if err := json.Unmarshal(raw, &c.Identifiers); err != nil {
			return nil, err
		}
		var each []*string
		if err := json.Unmarshal(raw, &each); err != nil || slices.Contains(each, nil) {
			return nil, errors.New("an identifier is null")
		}
	}
	if raw, ok := m["config"]; ok {
		if err := json.Unmarshal(raw, &c.Config); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// TestPageInPieces: where a read ends changes nothing.
func TestPageInPieces(t *testing.T) {
	for _, body := range pages() {
		want, refused := decodePage(strings.NewReader(body))
		got, err := decodePage(iotest.OneByteReader(strings.NewReader(body)))
		require.Equal(t, want, got)
		require.Equal(t, refused, err)
	}
	long := `[{"id":"11111111-1111-4111-8111-111111111111","traits":"` + strings.Repeat("x", 3*windowSize) + `","credentials":{"passkey":{"identifiers":["a"]}}}` +
		strings.Repeat("\n", 1_000_000) + `,{"id":"22222222-2222-4222-8222-222222222222"}]`
	page, err := decodePage(iotest.HalfReader(strings.NewReader(long)))
	require.NoError(t, err)
	require.Len(t, page, 2)
	require.Equal(t, []string{"a"}, page[0].Passkey.Identifiers)
}

// TestPageTooLarge: one identity of a page is bounded like one alone.
func TestPageTooLarge(t *testing.T) {
	body := io.MultiReader(strings.NewReader(`[{"id":"`), strings.NewReader(strings.Repeat("x", 2*maxIdentity)))
	_, err := decodePage(body)
	require.Equal(t, errTooLarge, err)
}

// TestPageBreaksOff: what the connection says is what is said.
func TestPageBreaksOff(t *testing.T) {
	broken := errors.New("connection reset by peer")
	_, err := decodePage(io.MultiReader(strings.NewReader(`[{"id":`), iotest.ErrReader(broken)))
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
