package ceremony

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	kratos "github.com/ory/kratos-client-go"
)

// maxResponse limits the size of a response from Kratos, in bytes.
const maxResponse = 1 << 20

// public sends a GET to Kratos' public API with the browser's cookies.
func (w *walk) public(ctx context.Context, path string, into any) (status int, err error) {
	cookies, err := w.tab.cookies(ctx, w.o.Kratos)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.o.Kratos+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Cookie", cookies)
	resp, err := w.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse))
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return resp.StatusCode, fmt.Errorf("the response to %s has status %d and is not JSON", path, resp.StatusCode)
	}
	return resp.StatusCode, nil
}

// whoami returns the identity of the browser's session, "" if there is none.
func (w *walk) whoami(ctx context.Context) (string, error) {
	var session struct{ Identity struct{ ID string } }
	if status, err := w.public(ctx, "/sessions/whoami", &session); err != nil || status != http.StatusOK {
		return "", err
	}
	return session.Identity.ID, nil
}

// kratosFlow is the part of a flow that ceremonies need.
type kratosFlow struct {
	UI struct {
		Messages []message `json:"messages"`
		Nodes    []struct {
			Attributes struct {
				Name string `json:"name"`
			} `json:"attributes"`
			Messages []message `json:"messages"`
		} `json:"nodes"`
	} `json:"ui"`
}

type message struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
	Type string `json:"type"`
}

// offers reports whether the flow has a node.
func (f *kratosFlow) offers(name string) bool {
	for _, n := range f.UI.Nodes {
		if n.Attributes.Name == name {
			return true
		}
	}
	return false
}

func (f *kratosFlow) errors() string {
	var all []string
	add := func(messages []message) {
		for _, m := range messages {
			if m.Type == "error" {
				all = append(all, fmt.Sprintf("%s (%d)", strings.TrimRight(m.Text, "."), m.ID))
			}
		}
	}
	add(f.UI.Messages)
	for _, n := range f.UI.Nodes {
		add(n.Messages)
	}
	return strings.Join(all, "; ")
}

// flowAt reads the flow that a page shows, an empty one if there is none.
func (w *walk) flowAt(ctx context.Context, kind, pageURL string) *kratosFlow {
	f := &kratosFlow{}
	if id := query(pageURL, "flow"); id != "" {
		_, _ = w.public(ctx, "/self-service/"+kind+"/flows?id="+url.QueryEscape(id), f) // empty on errors
	}
	return f
}

// complaint returns Kratos' error in the page's flow or on the error page, "" if
// there is none.
func (w *walk) complaint(ctx context.Context, kind, pageURL string) string {
	if query(pageURL, "flow") != "" {
		return w.flowAt(ctx, kind, pageURL).errors()
	}
	id := query(pageURL, "id")
	if id == "" {
		return ""
	}
	var e struct {
		Error struct{ Message, Reason, Debug string } `json:"error"`
	}
	if _, err := w.public(ctx, "/self-service/errors?id="+url.QueryEscape(id), &e); err != nil {
		return ""
	}
	return strings.TrimSpace(strings.TrimSpace(e.Error.Message+" "+e.Error.Reason) + " " + e.Error.Debug)
}

func query(raw, name string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Query().Get(name)
}

// admin returns a client for Kratos' admin API.
func (o *Options) admin(client *http.Client) kratos.IdentityAPI {
	c := kratos.NewConfiguration()
	c.HTTPClient = client
	c.UserAgent = "oly-passkey"
	c.Servers = kratos.ServerConfigurations{{URL: strings.TrimRight(o.AdminURL, "/")}}
	return kratos.NewAPIClient(c).IdentityAPI
}

// passkeys returns the credential ids of the identity's passkeys.
func (w *walk) passkeys(ctx context.Context) ([][]byte, error) {
	got, resp, err := w.admin.GetIdentity(ctx, w.identity).IncludeCredential([]string{"passkey"}).Execute()
	if err = apiError(resp, err); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(got.GetCredentials()["passkey"].Config)
	if err != nil {
		return nil, err
	}
	var config struct {
		Credentials []struct {
			ID []byte `json:"id"`
		} `json:"credentials"`
	}
	if err := json.Unmarshal(raw, &config); err != nil {
		return nil, err
	}
	var out [][]byte
	for _, c := range config.Credentials {
		out = append(out, c.ID)
	}
	return out, nil
}

// create creates the identity through the admin API, for deployments without
// sign-up with a passkey.
func (w *walk) create(ctx context.Context) error {
	made, resp, err := w.admin.CreateIdentity(ctx).CreateIdentityBody(*kratos.NewCreateIdentityBody(w.schema(), w.o.Traits.Values)).Execute()
	if err = apiError(resp, err); err != nil {
		return &RefusedError{Text: "the admin API cannot create an identity with these traits: " + err.Error(), Help: "pass traits that match the identity schema"}
	}
	w.identity = made.Id
	return nil
}

func (w *walk) schema() string {
	if w.o.SchemaID == "" {
		return "default"
	}
	return w.o.SchemaID
}

// recovery returns a link and a code to sign the identity in, from the admin API;
// no email is sent.
func (w *walk) recovery(ctx context.Context) (link, code string, err error) {
	got, resp, err := w.admin.CreateRecoveryCodeForIdentity(ctx).
		CreateRecoveryCodeForIdentityBody(*kratos.NewCreateRecoveryCodeForIdentityBody(w.identity)).Execute()
	if err = apiError(resp, err); err != nil {
		return "", "", &RefusedError{
			Text: "sign-up offers no passkeys, and the admin API does not create a recovery code: " + err.Error(),
			Help: "enable recovery by code, or passkeys at sign-up",
		}
	}
	return got.RecoveryLink, got.RecoveryCode, nil
}

// find searches for the identity with the traits, which contain a random value:
// first by identifier, then in the list of all identities. all reports whether the
// search was complete.
func (w *walk) find(ctx context.Context) (id string, all bool) {
	const lookUp = 3 * time.Second
	for _, f := range w.o.Traits.unique() {
		identifier, _ := f.Value.(string) // unique only returns strings
		one, cancel := context.WithTimeout(ctx, lookUp)
		got, resp, err := w.admin.ListIdentities(one).CredentialsIdentifier(identifier).Execute()
		cancel()
		if id := w.match(got); apiError(resp, err) == nil && id != "" {
			return id, true
		}
	}
	token := ""
	for {
		const size = 500 // the largest page size that all versions support
		got, resp, err := w.admin.ListIdentities(ctx).PageSize(size).PageToken(token).Execute()
		if apiError(resp, err) != nil {
			return "", false
		}
		if id := w.match(got); id != "" {
			return id, true
		}
		if len(got) < size {
			return "", true
		}
		token = got[len(got)-1].Id // Kratos uses the last id as page token
	}
}

func (w *walk) match(list []kratos.Identity) string {
	for _, i := range list {
		if traits, ok := i.Traits.(map[string]any); ok && w.o.Traits.matches(traits) {
			return i.Id
		}
	}
	return ""
}

// remove deletes the identity and checks that it is gone.
func (w *walk) remove(ctx context.Context) error {
	resp, err := w.admin.DeleteIdentity(ctx, w.identity).Execute()
	if err = apiError(resp, err); err != nil && !errors.Is(err, errGone) {
		return err
	}
	_, resp, err = w.admin.GetIdentity(ctx, w.identity).Execute()
	switch err = apiError(resp, err); {
	case errors.Is(err, errGone):
		return nil
	case err != nil:
		return err
	}
	return errors.New("the admin API reported that it was deleted, but still returns it")
}

var errGone = errors.New("no such identity")

// apiError returns the error of a call with Kratos' own message, and closes the
// response.
func apiError(resp *http.Response, err error) error {
	if resp != nil && resp.Body != nil {
		_ = resp.Body.Close()
	}
	if err == nil {
		return nil
	}
	if resp != nil && resp.StatusCode == http.StatusNotFound {
		return errGone
	}
	var api *kratos.GenericOpenAPIError
	if errors.As(err, &api) {
		var e struct {
			Error struct{ Message, Reason string } `json:"error"`
		}
		if json.Unmarshal(api.Body(), &e) == nil && e.Error.Message != "" {
			return fmt.Errorf("%s: %s", api.Error(), strings.TrimSpace(e.Error.Message+" "+e.Error.Reason))
		}
	}
	return err
}
