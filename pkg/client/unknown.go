package client

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/cenkalti/backoff/v5"

	"github.com/olympusoss/oly-passkey/pkg/httpx"
)

// Reasons why a credential may still be in use; docs/api.md lists all of them.
const (
	DoubtHeld     = "held"            // Kratos lists the credential
	DoubtNotSwept = "not-swept-since" // ask again when it is presented again
)

// UnknownCredential reports, with a key of scope resolve, whether a page may tell
// the authenticator to remove a credential that Kratos has just rejected. If doubt
// is "", it may: credentialID is the argument of
// PublicKeyCredential.signalUnknownCredential (WebAuthn Level 3 §5.1.10.1) without
// rpId. Otherwise credentialID is "", and the page must not signal anything. Handle
// and id must be from the same assertion.
func (c *Client) UnknownCredential(ctx context.Context, userHandle, id string) (credentialID, doubt string, err error) {
	body, err := json.Marshal(map[string]string{"user_handle": userHandle, "credential_id": id})
	if err != nil {
		return "", "", err
	}
	type answer struct {
		Unknown *struct {
			CredentialID string `json:"credentialId"`
		} `json:"unknown_credential"`
		Doubt string `json:"doubt"`
	}
	a, err := httpx.Retry(ctx, c.tries, firstWait, func() (*answer, error) {
		var a answer
		err := c.do(ctx, http.MethodPost, c.base.JoinPath("v1", "signals", "unknown-credential"), body, &a)
		if err == nil && (a.Unknown == nil) == (a.Doubt == "") {
			err = backoff.Permanent(c.notTheSidecar("no identity"))
		}
		return &a, err
	})
	switch {
	case err != nil:
		return "", "", err
	case a.Unknown == nil:
		return "", a.Doubt, nil
	}
	return a.Unknown.CredentialID, "", nil
}
