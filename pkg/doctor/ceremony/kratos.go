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

// maxAnswer bounds an answer of Kratos, in bytes.
const maxAnswer = 1 << 20

// public asks Kratos' public API with the browser's cookies.
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
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return resp.StatusCode, fmt.Errorf("kratos answers %s with status %d and no JSON", path, resp.StatusCode)
	}
	return resp.StatusCode, nil
}

// whoami answers the identity of the browser's session, "" without one.
func (w *walk) whoami(ctx context.Context) (string, error) {
	var session struct{ Identity struct{ ID string } }
	if status, err := w.public(ctx, "/sessions/whoami", &session); err != nil || status != http.StatusOK {
		return "", err
	}
	return session.Identity.ID, nil
}

// kratosFlow is what counts of a flow.
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

// offers tells whether the flow has a node.
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

// flowAt reads the flow that a page shows; an empty one where there is none.
func (w *walk) flowAt(ctx context.Context, kind, pageURL string) *kratosFlow {
	f := &kratosFlow{}
	if id := query(pageURL, "flow"); id != "" {
		_, _ = w.public(ctx, "/self-service/"+kind+"/flows?id="+url.QueryEscape(id), f) // without an answer it is empty
	}
	return f
}

// complaint is what Kratos says of what was sent to it, "" for nothing: in the
// page's flow, or on the page of errors.
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

// admin is Kratos' admin API.
func (o *Options) admin(client *http.Client) kratos.IdentityAPI {
	c := kratos.NewConfiguration()
	c.HTTPClient = client
	c.UserAgent = "oly-passkey"
	c.Servers = kratos.ServerConfigurations{{URL: strings.TrimRight(o.AdminURL, "/")}}
	return kratos.NewAPIClient(c).IdentityAPI
}

// passkeys lists the ids of an identity's credentials of the passkey method.
func (w *walk) passkeys(ctx context.Context) ([][]byte, error) {
	got, resp, err := w.admin.GetIdentity(ctx, w.identity).IncludeCredential([]string{"passkey"}).Execute()
	if err = said(resp, err); err != nil {
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

// create makes the identity where people cannot sign up with a passkey.
func (w *walk) create(ctx context.Context) error {
	made, resp, err := w.admin.CreateIdentity(ctx).CreateIdentityBody(*kratos.NewCreateIdentityBody(w.schema(), w.o.Traits.Values)).Execute()
	if err = said(resp, err); err != nil {
		return &RefusedError{Text: "the admin API makes no identity with these traits: " + err.Error(), Help: "write traits that the identity schema takes"}
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

// recovery answers where the identity signs in with a code that the admin API
// gives: no mail is sent.
func (w *walk) recovery(ctx context.Context) (link, code string, err error) {
	got, resp, err := w.admin.CreateRecoveryCodeForIdentity(ctx).
		CreateRecoveryCodeForIdentityBody(*kratos.NewCreateRecoveryCodeForIdentityBody(w.identity)).Execute()
	if err = said(resp, err); err != nil {
		return "", "", &RefusedError{
			Text: "sign-up offers no passkeys, and the admin API gives no recovery code to sign in with: " + err.Error(),
			Help: "enable recovery by code, or passkeys at sign-up",
		}
	}
	return got.RecoveryLink, got.RecoveryCode, nil
}

// find looks for the identity with the traits, which hold a random value: first
// by what Kratos can look up, then in the list. all says that nothing was left
// out.
func (w *walk) find(ctx context.Context) (id string, all bool) {
	const lookUp = 3 * time.Second
	for _, f := range w.o.Traits.own() {
		identifier, _ := f.Value.(string) // own answers texts alone
		one, cancel := context.WithTimeout(ctx, lookUp)
		got, resp, err := w.admin.ListIdentities(one).CredentialsIdentifier(identifier).Execute()
		cancel()
		if id := w.among(got); said(resp, err) == nil && id != "" {
			return id, true
		}
	}
	token := ""
	for {
		const size = 500 // the most that every version gives
		got, resp, err := w.admin.ListIdentities(ctx).PageSize(size).PageToken(token).Execute()
		if said(resp, err) != nil {
			return "", false
		}
		if id := w.among(got); id != "" {
			return id, true
		}
		if len(got) < size {
			return "", true
		}
		token = got[len(got)-1].Id // Kratos' page tokens are the last id
	}
}

func (w *walk) among(list []kratos.Identity) string {
	for _, i := range list {
		if traits, ok := i.Traits.(map[string]any); ok && w.o.Traits.areOf(traits) {
			return i.Id
		}
	}
	return ""
}

// remove deletes the identity and sees that it is gone.
func (w *walk) remove(ctx context.Context) error {
	resp, err := w.admin.DeleteIdentity(ctx, w.identity).Execute()
	if err = said(resp, err); err != nil && !errors.Is(err, errGone) {
		return err
	}
	_, resp, err = w.admin.GetIdentity(ctx, w.identity).Execute()
	switch err = said(resp, err); {
	case errors.Is(err, errGone):
		return nil
	case err != nil:
		return err
	}
	return errors.New("the admin API said that it was deleted, and still has it")
}

var errGone = errors.New("there is no such identity")

// said is the error of a call with what Kratos said about it, and closes the
// answer.
func said(resp *http.Response, err error) error {
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
