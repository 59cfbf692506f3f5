package server

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRequestKey(t *testing.T) {
	for _, tc := range []struct {
		name          string
		authorization []string
		apiKey        []string
		key           string
	}{
		{"bearer", []string{"Bearer k1"}, nil, "k1"},
		{"bearer in any letter case", []string{"bearer  k1"}, nil, "k1"},
		{"api key", nil, []string{"k1"}, "k1"},
		{"none", nil, nil, ""},
		{"both", []string{"Bearer k1"}, []string{"k1"}, ""},
		{"two bearers", []string{"Bearer k1", "Bearer k2"}, nil, ""},
		{"two api keys", nil, []string{"k1", "k2"}, ""},
		{"another scheme", []string{"Basic azE6"}, nil, ""},
		{"a key without scheme", []string{"k1"}, nil, ""},
		{"empty bearer", []string{"Bearer "}, nil, ""},
		{"empty api key", nil, []string{""}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			key, ok := requestKey(http.Header{"Authorization": tc.authorization, "X-Api-Key": tc.apiKey})
			require.Equal(t, tc.key != "", ok)
			if ok {
				require.Equal(t, tc.key, key)
			}
		})
	}
}
