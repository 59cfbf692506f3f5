package truth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/olympusoss/oly-passkey/kratos/e2e/chromium"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// stage is where a ceremony ends.
type stage string

const (
	stageStart   stage = "kratos does not start"
	stageFlow    stage = "registration answers 500"
	stageBrowser stage = "the browser refuses"
	stageKratos  stage = "kratos rejects"
	stageWorks   stage = "works"
)

// outcome is what really happened.
type outcome struct {
	Stage   stage
	Class   webauthn.Class // of the browser's error
	Session bool           // sign-up also signed in
	Detail  string
}

// walker signs up and in at one Kratos with one tab of Chromium. It acts as the UI's
// server: it fetches flows and submits the results itself. Only the ceremony runs
// in the page, because nothing but the page's origin matters.
type walker struct {
	public string
	http   *http.Client
	email  string
}

type flow struct {
	ID string `json:"id"`
	UI struct {
		Action   string    `json:"action"`
		Messages []message `json:"messages"`
		Nodes    []struct {
			Attributes struct {
				Name    string `json:"name"`
				Value   any    `json:"value"`
				OnClick string `json:"onclick"`
			} `json:"attributes"`
			Messages []message `json:"messages"`
		} `json:"nodes"`
	} `json:"ui"`
	Error *struct {
		Message string `json:"message"`
		Reason  string `json:"reason"`
	} `json:"error"`
	Session  *json.RawMessage `json:"session"`
	Identity *json.RawMessage `json:"identity"`
}

type message struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
}

func (f *flow) node(name string) string {
	for _, n := range f.UI.Nodes {
		if n.Attributes.Name == name {
			s, _ := n.Attributes.Value.(string)
			return s
		}
	}
	return ""
}

// complaint returns all messages of the flow in one text.
func (f *flow) complaint() string {
	var all []string
	if f.Error != nil {
		all = append(all, f.Error.Message+" "+f.Error.Reason)
	}
	for _, m := range f.UI.Messages {
		all = append(all, m.Text)
	}
	for _, n := range f.UI.Nodes {
		for _, m := range n.Messages {
			all = append(all, n.Attributes.Name+": "+m.Text)
		}
	}
	return strings.Join(all, "; ")
}

func newWalker(public string) (*walker, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &walker{public: public, http: &http.Client{Jar: jar, Timeout: 20 * time.Second}, email: "someone@example.com"}, nil
}

// signUp registers with a method and says how it ended.
func (w *walker) signUp(ctx context.Context, method string) (outcome, error) {
	f, status, err := w.open(ctx, "registration")
	if err != nil {
		return outcome{}, err
	}
	if status >= http.StatusInternalServerError {
		return outcome{Stage: stageFlow, Detail: f.complaint()}, nil
	}
	traits := map[string]any{"email": w.email}
	f, status, err = w.submit(ctx, f, map[string]any{"method": "profile", "traits": traits})
	if err != nil || status >= http.StatusInternalServerError {
		return outcome{Stage: stageFlow, Detail: f.complaint()}, err
	}
	options, field := registrationOptions(f, method)
	if options == "" {
		return outcome{Stage: stageKratos, Detail: "no option to sign up with " + method}, nil
	}
	answer, err := ceremony(ctx, "create", options)
	if err != nil {
		return outcome{}, err
	}
	if answer.Error != "" {
		class, err := chromium.Classify(answer.Error)
		return outcome{Stage: stageBrowser, Class: class, Detail: answer.Error}, err
	}
	f, status, err = w.submit(ctx, f, map[string]any{"method": method, "traits": traits, field: answer.Credential})
	if err != nil || status != http.StatusOK {
		return outcome{Stage: stageKratos, Detail: fmt.Sprintf("%d %s", status, f.complaint())}, err
	}
	return outcome{Stage: stageWorks, Session: f.Session != nil}, nil
}

// registrationOptions finds the creation options and the field for the answer.
func registrationOptions(f *flow, method string) (options, field string) {
	if method == "webauthn" {
		return f.node("webauthn_register_trigger"), "webauthn_register"
	}
	var wrapped struct {
		Options json.RawMessage `json:"credentialOptions"`
	}
	if json.Unmarshal([]byte(f.node("passkey_create_data")), &wrapped) != nil {
		return "", ""
	}
	return string(wrapped.Options), "passkey_register"
}

// signIn signs in with what signUp left in the tab's authenticator.
func (w *walker) signIn(ctx context.Context, method string) (outcome, error) {
	f, status, err := w.open(ctx, "login")
	if err != nil || status >= http.StatusInternalServerError {
		return outcome{Stage: stageFlow, Detail: f.complaint()}, err
	}
	body := map[string]any{"method": method}
	options, field := f.node("passkey_challenge"), "passkey_login"
	if method == "webauthn" {
		body["identifier"] = w.email
		id := f.ID
		if f, status, err = w.submit(ctx, f, body); err != nil {
			return outcome{}, err
		}
		if status == http.StatusUnprocessableEntity { // "browser location change required": look at the flow again
			if f, _, err = w.call(ctx, http.MethodGet, w.public+"/self-service/login/flows?id="+id, nil); err != nil {
				return outcome{}, err
			}
		}
		options, field = f.node("webauthn_login_trigger"), "webauthn_login"
	}
	if options == "" {
		return outcome{Stage: stageKratos, Detail: "no option to sign in with " + method + ": " + f.complaint()}, nil
	}
	answer, err := ceremony(ctx, "get", options)
	if err != nil {
		return outcome{}, err
	}
	if answer.Error != "" {
		class, err := chromium.Classify(answer.Error)
		return outcome{Stage: stageBrowser, Class: class, Detail: answer.Error}, err
	}
	body[field] = answer.Credential
	f, status, err = w.submit(ctx, f, body)
	if err != nil || status != http.StatusOK {
		return outcome{Stage: stageKratos, Detail: fmt.Sprintf("%d %s", status, f.complaint())}, err
	}
	return outcome{Stage: stageWorks, Session: f.Session != nil}, nil
}

func (w *walker) open(ctx context.Context, kind string) (*flow, int, error) {
	return w.call(ctx, http.MethodGet, w.public+"/self-service/"+kind+"/browser", nil)
}

// submit posts to Kratos' own address: the action names base_url, which only
// browsers can resolve here.
func (w *walker) submit(ctx context.Context, f *flow, body map[string]any) (*flow, int, error) {
	action, err := url.Parse(f.UI.Action)
	if err != nil {
		return nil, 0, err
	}
	body["csrf_token"] = f.node("csrf_token")
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, 0, err
	}
	_, path, _ := strings.Cut(action.Path, "/self-service/") // a proxy takes away what base_url has before it
	return w.call(ctx, http.MethodPost, w.public+"/self-service/"+path+"?"+action.RawQuery, raw)
}

func (w *walker) call(ctx context.Context, method, target string, body []byte) (*flow, int, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	res, err := w.http.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, 0, err
	}
	var f flow
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, 0, fmt.Errorf("%s %s: %d %q: %w", method, target, res.StatusCode, raw[:min(len(raw), 200)], err)
	}
	return &f, res.StatusCode, nil
}

// answer is what the page's script returns.
type answer struct {
	Error      string `json:"error"`
	Credential string `json:"credential"`
}

// ceremony runs navigator.credentials.create or get in the page.
func ceremony(ctx context.Context, call, options string) (a answer, err error) {
	yes := true
	res, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression:   fmt.Sprintf("(%s)(%q, %s)", script, call, options),
		AwaitPromise: &yes, ReturnByValue: &yes, UserGesture: &yes,
	})
	if err != nil {
		return a, err
	}
	if res.ExceptionDetails != nil {
		return a, errors.New(res.ExceptionDetails.Text)
	}
	return a, json.Unmarshal(res.Result.Value, &a)
}

const script = `async (call, options) => {
  if (!navigator.credentials) return {error: "undefined"};
  const parse = call === "create" ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  try {
    const publicKey = PublicKeyCredential[parse](options.publicKey);
    publicKey.timeout = 5000;
    return {credential: JSON.stringify((await navigator.credentials[call]({publicKey})).toJSON())};
  } catch (e) { return {error: e.name + ": " + e.message}; }
}`
