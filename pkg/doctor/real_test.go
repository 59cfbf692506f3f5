//go:build realkratos

package doctor

import (
	"context"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/demo"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestRealDemo checks a real Kratos with its pages and the sidecar.
func TestRealDemo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	dir := t.TempDir()
	d, err := demo.Start(ctx, demo.Options{Dir: dir, KratosBin: kratostest.Binary(t), SignUp: setup.PasskeyFirst, Log: io.Discard})
	require.NoError(t, err)
	t.Cleanup(func() {
		stop()
		require.NoError(t, d.Wait())
	})
	f, err := source.Open(filepath.Join(dir, "kratos.yml"))
	require.NoError(t, err)
	keys, err := api.ReadKeyFile(d.SidecarKeys)
	require.NoError(t, err)
	options := Options{URL: d.URL + "/login", AdminURL: d.AdminURL, Files: []*source.File{f}, SidecarURL: d.SidecarURL, SidecarKey: keys.Key(api.ScopeRead)}

	r, err := Run(t.Context(), options)
	require.NoError(t, err)
	require.Equal(t, []string{}, said(r))
	require.Equal(t, []string{}, ended(r, NotRun))
	require.Equal(t, []string{
		"page", "ui-redirects", "kratos-flow", "base-url", "passkey-method", "rp-id-drift", "rp-id", "origin", "flow-options",
		"webauthn-script", "content-security-policy", "permissions-policy", "autofill", "cookies", "kratos-version", "sidecar-index",
	}, ended(r, Passed))
	require.Equal(t, d.KratosURL, r.Kratos)
	require.Equal(t, "localhost", r.RPID)
	require.Equal(t, kratostest.Version(t), r.Version)

	// The admin API of a real Kratos is recognised, and its public API is not
	// mistaken for it.
	v, err := newVisit(options)
	require.NoError(t, err)
	require.True(t, v.isAdmin(t.Context(), d.AdminURL))
	require.False(t, v.isAdmin(t.Context(), d.KratosURL))
}
