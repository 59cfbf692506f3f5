package demo

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/client"
	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/sidecar"
	"github.com/olympusoss/oly-passkey/templates/ui"
)

// newSidecar opens the sidecar in this process. Its ports were held until here.
func (d *Demo) newSidecar(ctx context.Context, s *sockets, dir string, keys *sidecar.Keys, log *slog.Logger) (*sidecar.Server, error) {
	listen, metrics := s.sidecar.address(), s.metrics.address()
	s.sidecar.close()
	s.metrics.close()
	server, err := sidecar.New(ctx, sidecar.Options{
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

func (d *Demo) newDirectory(keys *sidecar.Keys) (*directory, error) {
	admin, err := kratosadmin.New(kratosadmin.Options{URL: d.AdminURL})
	if err != nil {
		return nil, err
	}
	resolver, err := client.New(client.Options{URL: d.SidecarURL, Key: keys.Key(sidecar.ScopeResolve)})
	if err != nil {
		return nil, err
	}
	reader, err := client.New(client.Options{URL: d.SidecarURL, Key: keys.Key(sidecar.ScopeRead)})
	if err != nil {
		return nil, err
	}
	return &directory{admin: admin, resolver: resolver, reader: reader}, nil
}

// directory answers the account page: what Kratos lists, and whose it is
// according to the sidecar.
type directory struct {
	admin *kratosadmin.Client
	// The sidecar, with a key for each scope.
	resolver, reader *client.Client
}

// Resolve asks the sidecar whose handle it is; nobody's is no error. A handle
// whose passkey is gone is answered as well, with that state.
func (d *directory) Resolve(ctx context.Context, handle, credentialID string) (ui.Answer, error) {
	answer, err := d.resolver.Resolve(ctx, client.Query{UserHandle: handle, CredentialID: credentialID, AllowRemoved: true})
	if errors.Is(err, client.ErrUnknown) {
		return ui.Answer{}, nil
	}
	if err != nil {
		return ui.Answer{}, err
	}
	return ui.Answer{
		IdentityID:        answer.IdentityID,
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

// Passkeys describes the keys of an identity.
func (d *directory) Passkeys(ctx context.Context, identityID string) ([]ui.Passkey, error) {
	list, err := d.reader.Passkeys(ctx, identityID)
	if err != nil {
		return nil, err
	}
	passkeys := make([]ui.Passkey, len(list))
	for i, p := range list {
		passkeys[i] = ui.Passkey{CredentialID: p.CredentialID, Provider: p.Provider, Synced: p.Synced}
	}
	return passkeys, nil
}

// Signals answers what browsers may be told about the identity's credentials.
func (d *directory) Signals(ctx context.Context, identityID string) ([]ui.Signal, error) {
	list, err := d.reader.Signals(ctx, identityID)
	if err != nil {
		return nil, err
	}
	signals := make([]ui.Signal, len(list))
	for i, s := range list {
		signals[i] = ui.Signal(s)
	}
	return signals, nil
}

// Advice answers what is worth proposing to somebody who has just signed in.
func (d *directory) Advice(ctx context.Context, identityID string) (ui.Advice, error) {
	a, err := d.reader.Advice(ctx, identityID)
	if err != nil {
		return ui.Advice{}, err
	}
	return ui.Advice(*a), nil
}
