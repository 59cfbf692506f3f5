package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kratos stores a name for a security key, set once at registration, and none for
// a passkey. So the names that users choose later are stored in the identity's
// metadata_public, which only the admin API can write. The value is a map from
// credential id, in hex as in Kratos' nodes, to name.
const namesKey = "passkey_names"

// maxName is the maximum length of a name, in characters.
const maxName = 60

// names returns the names that the user has given to credentials, by id.
func (i *Identity) names() map[string]string {
	metadata, _ := i.MetadataPublic.(map[string]any)
	kept, _ := metadata[namesKey].(map[string]any)
	names := map[string]string{}
	for id, name := range kept {
		if text, ok := name.(string); ok && text != "" {
			names[id] = text
		}
	}
	return names
}

// held returns the ids, in hex, of the credentials that a settings flow can remove.
func (f *Flow) held() map[string]bool {
	ids := map[string]bool{}
	for i := range f.UI.Nodes {
		if name := f.UI.Nodes[i].Attributes.Name; name == "passkey_remove" || name == "webauthn_remove" {
			ids[f.UI.Nodes[i].value()] = true
		}
	}
	return ids
}

// rename names one credential of the settings flow's account. The flow is read
// with the browser's cookies, so users can name only their own credentials.
func (s *Server) rename(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 8<<10)
	name := strings.Join(strings.Fields(r.PostFormValue("name")), " ")
	if s.config.AdminURL == "" || utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) {
		s.fail(w, r, http.StatusBadRequest, "error.name")
		return
	}
	id := r.PostFormValue("flow")
	flow, err := s.kratos.flow(r.Context(), r.Header.Get("Cookie"), "settings", id)
	var answer *kratosError
	switch {
	case errors.As(err, &answer) && answer.Status < 500:
		http.Redirect(w, r, "/settings", http.StatusSeeOther) // expired: start a new flow
		return
	case err == nil && flow.Identity != nil:
		err = s.kratos.keepName(r.Context(), flow, r.PostFormValue("credential"), name)
	}
	if err != nil {
		s.kratosFailed(w, r, err)
		return
	}
	http.Redirect(w, r, "/settings?"+url.Values{"flow": {id}}.Encode()+"#passkeys", http.StatusSeeOther)
}

// keepName sets the name of one credential of the flow's account, and removes it
// if name is "". Names of credentials that no longer exist are dropped.
func (k *kratos) keepName(ctx context.Context, flow *Flow, credential, name string) error {
	held := flow.held()
	if !held[credential] {
		return nil // removed in the meantime
	}
	names := flow.Identity.names()
	names[credential] = name
	maps.DeleteFunc(names, func(id, name string) bool { return !held[id] || name == "" })
	add := map[string]any{"op": "add", "path": "/metadata_public/" + namesKey, "value": names}
	switch flow.Identity.MetadataPublic.(type) {
	case map[string]any:
	case nil:
		add["path"], add["value"] = "/metadata_public", map[string]any{namesKey: names}
	default:
		return errors.New("metadata_public of the identity is not an object, so names cannot be stored in it")
	}
	return k.patch(ctx, flow.Identity.ID, []any{add})
}

// patch changes an identity with a JSON Patch (RFC 6902) through the admin API.
func (k *kratos) patch(ctx context.Context, identityID string, operations []any) error {
	body, err := json.Marshal(operations)
	if err != nil {
		return err
	}
	to := k.admin + "/admin/identities/" + url.PathEscape(identityID)
	request, err := http.NewRequestWithContext(ctx, http.MethodPatch, to, bytes.NewReader(body)) //nolint:gosec // the host is configured, the id is Kratos'
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := k.client.Do(request) //nolint:gosec // as above
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return readError(response.StatusCode, answer)
	}
	return nil
}
