package demo

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/client"
	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/sidecar"
	"github.com/olympusoss/oly-passkey/templates/ui"
)

// newSidecar opens the sidecar in this process. Its ports were held until here.
func (d *Demo) newSidecar(ctx context.Context, s *sockets, dir string, log io.Writer) (*sidecar.Server, *directory, error) {
	keys, err := sidecar.ReadKeyFile(d.SidecarKeys)
	if err != nil {
		return nil, nil, err
	}
	listen, metrics := s.sidecar.address(), s.metrics.address()
	s.sidecar.close()
	s.metrics.close()
	server, err := sidecar.New(ctx, sidecar.Options{
		KratosAdminURL: d.AdminURL,
		DataDir:        filepath.Join(dir, "data"),
		Keys:           keys,
		Listen:         listen,
		MetricsListen:  metrics,
		Log:            slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return nil, nil, fmt.Errorf("sidecar: %w", err)
	}
	admin, err := kratosadmin.New(kratosadmin.Options{URL: d.AdminURL})
	if err != nil {
		return nil, nil, err
	}
	resolver, err := client.New(client.Options{URL: d.SidecarURL, Key: keys.Key(sidecar.ScopeResolve)})
	if err != nil {
		return nil, nil, err
	}
	return server, &directory{admin: admin, sidecar: resolver}, nil
}

// directory answers the account page: what Kratos lists, and whose it is
// according to the sidecar.
type directory struct {
	admin   *kratosadmin.Client
	sidecar *client.Client
}

// Resolve asks the sidecar whose handle it is; nobody's is no error. A handle
// whose passkey is gone is answered as well, with that state.
func (d *directory) Resolve(ctx context.Context, handle, credentialID string) (ui.Answer, error) {
	answer, err := d.sidecar.Resolve(ctx, client.Query{UserHandle: handle, CredentialID: credentialID, AllowRemoved: true})
	if errors.Is(err, client.ErrUnknown) {
		return ui.Answer{}, nil
	}
	if err != nil {
		return ui.Answer{}, err
	}
	return ui.Answer{
		IdentityID:        answer.IdentityID,
		Method:            answer.Credential,
		State:             answer.State,
		CredentialMatches: answer.CredentialMatches,
	}, nil
}

// Handles lists the user handles in Kratos' own record of an identity.
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
	// Beside a passkey Kratos keeps a webauthn handle that no key ever had.
	if c := identity.WebAuthn; c != nil && c.Config != nil && len(c.Config.Keys) > 0 {
		handles = append(handles, ui.Handle{Method: "webauthn", Value: base64.RawURLEncoding.EncodeToString(c.Config.UserHandle)})
	}
	return handles, nil
}
