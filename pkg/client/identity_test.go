package client_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/client"
)

const someone = "6f6b9e2e-3f5c-4a39-9b0a-2f0f8a1c7d11"

func TestIdentityViews(t *testing.T) {
	yes := true
	var asked string
	c := func(body string) *client.Client {
		sidecar := &answers{list: []http.HandlerFunc{says(http.StatusServiceUnavailable, "busy"), func(w http.ResponseWriter, r *http.Request) {
			asked = r.Method + " " + r.URL.Path + " " + r.Header.Get("Authorization")
			says(http.StatusOK, body)(w, r)
		}}}
		c, err := client.New(client.Options{URL: "http://sidecar", Key: "key", Transport: sidecar})
		require.NoError(t, err)
		return c
	}
	passkeys, err := c(`{"identity_id":"`+someone+`","passkeys":[{"credential_id":"aWQ","kind":"passkey","provider":"A","synced":true,"discoverable":null}]}`).
		Passkeys(t.Context(), someone)
	require.NoError(t, err)
	require.Equal(t, []client.Passkey{{CredentialID: "aWQ", Kind: "passkey", Provider: "A", Synced: &yes}}, passkeys)
	require.Equal(t, "GET /v1/identities/"+someone+"/passkeys Bearer key", asked)

	signals, err := c(`{"identity_id":"`+someone+`","all_accepted_credentials":[{"userId":"dQ","allAcceptedCredentialIds":["aWQ"]}]}`).
		Signals(t.Context(), someone)
	require.NoError(t, err)
	require.Equal(t, []client.Signal{{UserID: "dQ", AllAcceptedCredentialIDs: []string{"aWQ"}}}, signals)
	require.Equal(t, "GET /v1/identities/"+someone+"/signals Bearer key", asked)

	advice, err := c(`{"identity_id":"`+someone+`","advice":"add-passkey","predating_address_proof":["aWQ"]}`).
		Advice(t.Context(), someone)
	require.NoError(t, err)
	require.Equal(t, &client.Advice{Propose: "add-passkey", Predating: []string{"aWQ"}}, advice)
	require.Equal(t, "GET /v1/identities/"+someone+"/advice Bearer key", asked)
}

// TestLongAnswers: the signals of an identity with many keys are read, and a
// truncated response is not reported as that of another server.
func TestLongAnswers(t *testing.T) {
	ask := func(ids int) ([]client.Signal, int, error) {
		list := strings.TrimSuffix(strings.Repeat(`"`+strings.Repeat("A", 97)+`",`, ids), ",")
		sidecar := &answers{list: []http.HandlerFunc{
			says(http.StatusOK, `{"identity_id":"`+someone+`","all_accepted_credentials":[{"userId":"dQ","allAcceptedCredentialIds":[`+list+`]}]}`),
		}}
		c, err := client.New(client.Options{URL: "http://sidecar", Transport: sidecar})
		require.NoError(t, err)
		signals, err := c.Signals(t.Context(), someone)
		return signals, sidecar.calls, err
	}
	signals, _, err := ask(40_000)
	require.NoError(t, err)
	require.Len(t, signals[0].AllAcceptedCredentialIDs, 40_000)
	_, calls, err := ask(42_000)
	require.EqualError(t, err, "http://sidecar: the response is larger than 4194304 bytes")
	require.Equal(t, 1, calls)
}

// TestUnknownIdentity asks for an id without an identity.
func TestUnknownIdentity(t *testing.T) {
	c, err := client.New(client.Options{URL: "http://sidecar", Transport: &answers{list: []http.HandlerFunc{problem(http.StatusNotFound, "unknown-identity")}}})
	require.NoError(t, err)
	_, err = c.Passkeys(t.Context(), someone)
	require.ErrorIs(t, err, client.ErrUnknown)
}

func TestIdentityViewsOfSomethingElse(t *testing.T) {
	for body, what := range map[string]string{`{}`: "no identity", `{"identity_id":"other"}`: "no identity", `<html>`: "not with JSON"} {
		c, err := client.New(client.Options{URL: "http://sidecar", Transport: &answers{list: []http.HandlerFunc{says(http.StatusOK, body)}}})
		require.NoError(t, err)
		want := "http://sidecar responded with 200 but " + what + ": is this the sidecar?"
		_, err = c.Passkeys(t.Context(), someone)
		require.EqualError(t, err, want)
		_, err = c.Signals(t.Context(), someone)
		require.EqualError(t, err, want)
		_, err = c.Advice(t.Context(), someone)
		require.EqualError(t, err, want)
	}
}
