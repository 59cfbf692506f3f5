package demo

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/server"
	"github.com/olympusoss/oly-passkey/templates/ui"
)

// newSidecar opens the sidecar in this process. Its ports were reserved until now.
func (d *Demo) newSidecar(ctx context.Context, s *sockets, dir string, keys *api.Keys, log *slog.Logger) (*server.Server, error) {
	listen, metrics := s.sidecar.address(), s.metrics.address()
	s.sidecar.close()
	s.metrics.close()
	server, err := server.New(ctx, server.Options{
		KratosAdminURL: d.AdminURL,
		DataDir:        filepath.Join(dir, "data"),
		Keys:           keys,
		Listen:         listen,
		MetricsListen:  metrics,
		Log:            log,
	})
	if err != nil {
		return nil, fmt.Errorf("sidecar: %w", err)
	}
	return server, nil
}

func (d *Demo) newDirectory(keys *api.Keys) (*directory, error) {
	admin, err := kratosadmin.New(kratosadmin.Options{URL: d.AdminURL})
	if err != nil {
		return nil, err
	}
	over, err := ui.NewSidecar(d.SidecarURL, keys.Key(api.ScopeResolve), keys.Key(api.ScopeRead))
	if err != nil {
		return nil, err
	}
	return &directory{Sidecar: over, admin: admin}, nil
}

// directory is the sidecar with the handles from Kratos: the demo shows them together
// with the identity that the sidecar resolves them to.
type directory struct {
	*ui.Sidecar
	admin *kratosadmin.Client
}

// Handles returns the user handles in Kratos' record of an identity.
func (d *directory) Handles(ctx context.Context, identityID string) ([]ui.Handle, error) {
	id, err := uuid.Parse(identityID)
	if err != nil {
		return nil, err
	}
	identity, err := d.admin.Identity(ctx, id)
	if err != nil {
		return nil, err
	}
	var handles []ui.Handle
	if c := identity.Passkey; c != nil {
		for _, raw := range c.Identifiers {
			handles = append(handles, ui.Handle{Method: "passkey", Value: base64.RawURLEncoding.EncodeToString([]byte(raw))})
		}
	}
	// With a passkey, Kratos also stores a webauthn handle that belongs to no key.
	if c := identity.WebAuthn; c != nil && c.Config != nil && len(c.Config.Keys) > 0 {
		handles = append(handles, ui.Handle{Method: "webauthn", Value: base64.RawURLEncoding.EncodeToString(c.Config.UserHandle)})
	}
	return handles, nil
}
