package client_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/client"
)

func TestIndex(t *testing.T) {
	for _, c := range []struct {
		name     string
		answer   http.HandlerFunc
		want     *client.Index
		enrolled int
		err      string
	}{
		{
			"deleted identities and removed handles do not count",
			says(http.StatusOK, `{"complete":true,"identities":5,"deleted":1,"handles":{"active":2,"orphaned":1,"removed":9}}`),
			&client.Index{Complete: true, Identities: 5, Deleted: 1, Handles: map[string]int{"active": 2, "orphaned": 1, "removed": 9}}, 3, "",
		},
		{
			"identities with several handles count once",
			says(http.StatusOK, `{"complete":false,"identities":1,"handles":{"active":7}}`),
			&client.Index{Identities: 1, Handles: map[string]int{"active": 7}}, 1, "",
		},
		{"rejected key", problem(http.StatusForbidden, "forbidden"), nil, 0, "the sidecar responded with 403: a title: a detail"},
		{"another server", says(http.StatusOK, `{}`), nil, 0, "http://sidecar responded with 200 but no state of an index: is this the sidecar?"},
		{"a page", says(http.StatusOK, `<html>`), nil, 0, "http://sidecar responded with 200 but not with JSON: is this the sidecar?"},
		{"a redirect", says(http.StatusTemporaryRedirect, ""), nil, 0, "http://sidecar is not an oly-passkey sidecar (307 Temporary Redirect)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sidecar, err := client.New(client.Options{URL: "http://sidecar", Tries: 1, Transport: &answers{list: []http.HandlerFunc{c.answer}}})
			require.NoError(t, err)
			got, err := sidecar.Index(t.Context())
			if c.err != "" {
				require.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Equal(t, c.enrolled, got.Enrolled())
		})
	}
}
