package server_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRandomHandles resolves random and mutated handles, a thousand per request: each
// has a result, none fails with a 500, and only the owner of the one known handle is
// ever returned.
func TestRandomHandles(t *testing.T) {
	batches := 4
	if os.Getenv("OLY_PASSKEY_PROOF") != "" {
		batches = 1000
	}
	s := serve(t, nil)
	built(t, s)
	random := rand.New(rand.NewPCG(1, 2))
	named := 0
	for range batches {
		texts := make([]string, 1000)
		queries := make([]map[string]string, len(texts))
		for n := range texts {
			texts[n] = mutate(random)
			queries[n] = map[string]string{"user_handle": texts[n]}
		}
		body, err := json.Marshal(map[string]any{"queries": queries})
		require.NoError(t, err)
		status, _, answer := call(t, http.MethodPost, s.URL()+"/v1/resolve/batch", "resolve-key", string(body))
		require.Equal(t, http.StatusOK, status, answer)
		var got struct {
			Results []struct {
				Answer *struct {
					ID string `json:"identity_id"`
				} `json:"answer"`
				Problem *struct {
					Status int `json:"status"`
				} `json:"problem"`
			} `json:"results"`
		}
		require.NoError(t, json.Unmarshal([]byte(answer), &got))
		require.Len(t, got.Results, len(texts))
		for n, r := range got.Results {
			if r.Problem != nil {
				require.Contains(t, []int{400, 404}, r.Problem.Status, "%q", texts[n])
				continue
			}
			named++
			require.Equal(t, somebody, r.Answer.ID)
			require.True(t, isForm(texts[n]), "%q is no form of the handle", texts[n])
		}
	}
	require.NotZero(t, named, "some of them were the handle itself")
}

// isForm reports whether a text is the known handle, or its owner's id, in a form
// that was encoded at most twice.
func isForm(text string) bool { return leads(strings.TrimSpace(text), 2) }

func leads(text string, levels int) bool {
	if text == handle || strings.EqualFold(text, somebody) {
		return true
	}
	if levels == 0 {
		return false
	}
	bare := strings.TrimRight(text, "=")
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base64.RawURLEncoding.DecodeString, base64.RawStdEncoding.DecodeString,
	} {
		raw, err := decode(bare)
		if err == nil && leads(string(raw), levels-1) {
			return true
		}
	}
	return false
}

func handleForms() []string {
	url := base64.RawURLEncoding.EncodeToString([]byte(handle))
	return []string{
		handle, url, base64.StdEncoding.EncodeToString([]byte(handle)), hex.EncodeToString([]byte(handle)),
		base64.RawURLEncoding.EncodeToString([]byte(url)), somebody,
	}
}

// mutate makes a text that is the handle, nearly the handle, or noise.
func mutate(random *rand.Rand) string {
	forms := handleForms()
	text := []byte(forms[random.IntN(len(forms))])
	for range random.IntN(4) {
		at := random.IntN(len(text) + 1)
		switch random.IntN(5) {
		case 0:
			text = append(text[:at:at], append([]byte{byte(random.IntN(256))}, text[at:]...)...)
		case 1:
			text = text[:at]
		case 2:
			if at < len(text) {
				text[at] ^= 1 << random.IntN(8)
			}
		case 3:
			text = bytes.Repeat(text, 1+random.IntN(3))
		default:
			text = fmt.Appendf(nil, "%x", text)
		}
	}
	return string(text)
}
