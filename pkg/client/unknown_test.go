package client_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/client"
)

func TestUnknownCredential(t *testing.T) {
	for _, tc := range []struct {
		name, body, id, doubt, err string
	}{
		{"nobody's", `{"unknown_credential":{"credentialId":"aWQ"}}`, "aWQ", "", ""},
		{"held", `{"unknown_credential":null,"doubt":"held"}`, "", client.DoubtHeld, ""},
		{"too early", `{"unknown_credential":null,"doubt":"not-swept-since"}`, "", client.DoubtNotSwept, ""},
		{"another server", `{}`, "", "", "http://sidecar responded with 200 but no identity: is this the sidecar?"},
		{"both", `{"unknown_credential":{"credentialId":"aWQ"},"doubt":"held"}`, "", "", "http://sidecar responded with 200 but no identity: is this the sidecar?"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := client.New(client.Options{URL: "http://sidecar", Transport: &answers{list: []http.HandlerFunc{says(http.StatusOK, tc.body)}}})
			require.NoError(t, err)
			id, doubt, err := c.UnknownCredential(t.Context(), "aGFuZGxl", "aWQ")
			require.Equal(t, tc.id, id)
			require.Equal(t, tc.doubt, doubt)
			if tc.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tc.err)
		})
	}
}
