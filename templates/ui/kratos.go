package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxResponse limits a response of Kratos, in bytes. A settings flow with a hundred
// credentials has about 200 kB.
const maxResponse = 4 << 20

// kratos calls the endpoints of Kratos that the pages need. Every call forwards
// the browser's cookies, by which Kratos recognizes it.
type kratos struct {
	base   string // public URL, without a trailing slash
	admin  string // the same for the admin API, or ""
	client *http.Client
}

// kratosError is a response of Kratos with a status other than 200.
type kratosError struct {
	Status     int
	ID         string // such as "session_inactive"
	Reason     string
	RedirectTo string // where Kratos wants the browser to go instead
}

func (e *kratosError) Error() string {
	return fmt.Sprintf("kratos responded with %d %q: %s", e.Status, e.ID, e.Reason)
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (k *kratos) get(ctx context.Context, cookie, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, k.base+path, nil) //nolint:gosec // the host is configured, ids are escaped
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	if cookie != "" {
		request.Header.Set("Cookie", cookie)
	}
	response, err := k.client.Do(request) //nolint:gosec // as above
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return readError(response.StatusCode, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("decode kratos' response to %s: %w", strings.SplitN(path, "?", 2)[0], err)
	}
	return nil
}

func readError(status int, body []byte) *kratosError {
	var answer struct {
		RedirectTo string `json:"redirect_browser_to"`
		Error      struct{ ID, Reason, Message string }
	}
	// The fields stay empty if the body is not JSON; the status is enough.
	_ = json.Unmarshal(body, &answer)
	e := &kratosError{Status: status, ID: answer.Error.ID, Reason: answer.Error.Reason, RedirectTo: answer.RedirectTo}
	if e.Reason == "" {
		e.Reason = answer.Error.Message
	}
	return e
}

func (k *kratos) flow(ctx context.Context, cookie, kind, id string) (*Flow, error) {
	var flow Flow
	err := k.get(ctx, cookie, "/self-service/"+kind+"/flows?id="+url.QueryEscape(id), &flow)
	return &flow, err
}

// whoami returns the browser's session.
func (k *kratos) whoami(ctx context.Context, cookie string) (*Session, error) {
	var session Session
	err := k.get(ctx, cookie, "/sessions/whoami", &session)
	return &session, err
}

func (k *kratos) logoutURL(ctx context.Context, cookie string) (string, error) {
	var answer struct {
		URL string `json:"logout_url"`
	}
	err := k.get(ctx, cookie, "/self-service/logout/browser", &answer)
	return answer.URL, err
}

// reason returns the error that Kratos could not show in a flow.
func (k *kratos) reason(ctx context.Context, cookie, id string) (string, error) {
	var answer struct {
		Error struct{ Reason, Message string }
	}
	if err := k.get(ctx, cookie, "/self-service/errors?id="+url.QueryEscape(id), &answer); err != nil {
		return "", err
	}
	if answer.Error.Reason == "" {
		return answer.Error.Message, nil
	}
	return answer.Error.Reason, nil
}
