package orynetwork_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	ory "github.com/ory/client-go"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/orynetworktest"
	"github.com/olympusoss/oly-passkey/pkg/client"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/directory"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/server"
)

// identities returns n identities with a passkey each, as client-go models them.
func identities(n int) []ory.Identity {
	all := make([]ory.Identity, n)
	for i := range all {
		all[i] = *ory.NewIdentity(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "preset://email", "https://example.com/schemas/x", map[string]any{"email": "a@example.com"})
		handle := fmt.Sprintf("%s%04d", strings.Repeat("h", 60), i)
		passkey := *ory.NewIdentityCredentials()
		passkey.SetType("passkey")
		passkey.SetIdentifiers([]string{handle})
		passkey.SetConfig(map[string]any{"user_handle": handle, "credentials": []any{}})
		all[i].SetCredentials(map[string]ory.IdentityCredentials{"passkey": passkey})
		all[i].SetRegion("eu-central")
	}
	return all
}

func adminClient(t *testing.T, url string) *kratosadmin.Client {
	t.Helper()
	token := filepath.Join(t.TempDir(), "ory.key")
	require.NoError(t, os.WriteFile(token, []byte(orynetworktest.Key+"\n"), 0o600))
	transport, err := kratosadmin.Access{TokenFile: token}.Transport()
	require.NoError(t, err)
	c, err := kratosadmin.New(kratosadmin.Options{URL: url, Transport: transport})
	require.NoError(t, err)
	return c
}

// TestAdminAPI reads all identities of a project: pages are smaller than asked
// for, tokens mean nothing, links are whole URLs, and a rate limit says only in
// X-Ratelimit-Reset how long it lasts.
func TestAdminAPI(t *testing.T) {
	const people = 601
	f := orynetworktest.Start(t, nil, identities(people))
	c := adminClient(t, f.URL)
	f.Limited.Store(1)
	began := time.Now()
	seen, token := 0, ""
	for {
		page, err := c.List(t.Context(), token)
		require.NoError(t, err)
		for _, i := range page.Identities {
			require.Equal(t, fmt.Sprintf("00000000-0000-4000-8000-%012d", seen), i.ID.String())
			require.Len(t, i.Passkey.Identifiers, 1)
			seen++
		}
		if token = page.Next; token == "" {
			break
		}
	}
	require.Equal(t, people, seen)
	require.EqualValues(t, 1+3, f.Requests.Load())
	require.GreaterOrEqual(t, time.Since(began), time.Second, "X-Ratelimit-Reset: 1")

	one, err := c.Identity(t.Context(), uuid.MustParse("00000000-0000-4000-8000-000000000600"))
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("h", 60)+"0600", one.Passkey.Identifiers[0])
	_, err = c.Identity(t.Context(), uuid.MustParse("00000000-0000-4000-8000-000000000999"))
	require.ErrorIs(t, err, kratosadmin.ErrNotFound)
}

// TestSidecar runs a sidecar for a project: it builds its index from the admin API
// and resolves handles.
func TestSidecar(t *testing.T) {
	f := orynetworktest.Start(t, nil, identities(3))
	dir := t.TempDir()
	token := filepath.Join(dir, "ory.key")
	require.NoError(t, os.WriteFile(token, []byte(orynetworktest.Key+"\n"), 0o600))
	s, err := server.New(t.Context(), server.Options{
		KratosAdminURL: f.URL, KratosAccess: kratosadmin.Access{TokenFile: token, MaxRPS: 100},
		DataDir: filepath.Join(dir, "data"), Listen: "127.0.0.1:0", MetricsListen: "127.0.0.1:0", Dev: true,
		IdentityIDs: directory.IdentityIDsOff, ReconcileEvery: time.Hour, MaxAge: time.Hour,
		Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
	c, err := client.New(client.Options{URL: s.URL(), Tries: 10})
	require.NoError(t, err)
	answer, err := c.Resolve(t.Context(), client.Query{UserHandle: strings.Repeat("h", 60) + "0002"})
	require.NoError(t, err)
	require.Equal(t, "00000000-0000-4000-8000-000000000002", answer.IdentityID)
}
