package ceremony

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

//go:embed record.js
var recordScript string

//go:embed quiet.js
var quietScript string

// tab is a browser window of its own with one authenticator. It is used with the
// context that newTab returns.
type tab struct {
	authenticator webauthn.AuthenticatorID
	quiet         page.ScriptIdentifier // of the script that disables autofill, "" while it is enabled
}

// newTab opens a tab, which is closed with the context. record.js runs on each of
// its pages.
func newTab(browser context.Context) (ctx context.Context, p *tab, closeTab func(), err error) {
	ctx, closeTab = chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	p = &tab{}
	if err = chromedp.Do(ctx); err == nil {
		p.authenticator, err = AddAuthenticator(ctx, "internal")
	}
	if err == nil {
		_, err = p.eachPage(ctx, recordScript)
	}
	if err != nil {
		closeTab()
		return nil, nil, nil, fmt.Errorf("open a tab in chromium: %w", err)
	}
	return ctx, p, closeTab, nil
}

// eachPage runs a script on every future page, before the page's own.
func (p *tab) eachPage(ctx context.Context, script string) (page.ScriptIdentifier, error) {
	added, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	return added.Identifier, err
}

// offerAutofill sets whether pages can offer passkeys in autofill.
func (p *tab) offerAutofill(ctx context.Context, yes bool) (err error) {
	switch {
	case yes && p.quiet != "":
		_, err = chromedp.Call(ctx, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: p.quiet})
		p.quiet = ""
	case !yes && p.quiet == "":
		p.quiet, err = p.eachPage(ctx, quietScript)
	}
	return err
}

func (p *tab) open(ctx context.Context, url string) error {
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := chromedp.Do(limited, chromedp.Navigate(url))
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return fmt.Errorf("%s did not load within %s", url, within)
	}
	return err
}

// eval returns the value of a JavaScript expression.
func eval[T any](ctx context.Context, expression string) (v T, err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	yes := true
	result, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression: "JSON.stringify(" + expression + ")", ReturnByValue: &yes, UserGesture: &yes,
	})
	if err != nil {
		return v, err
	}
	if result.ExceptionDetails != nil {
		return v, errors.New(result.ExceptionDetails.Text)
	}
	var text string
	if err := json.Unmarshal([]byte(result.Result.Value), &text); err != nil {
		return v, err
	}
	return v, json.Unmarshal([]byte(text), &v)
}

// Selectors of the buttons: those of templates/ui, and of Kratos' nodes.
const (
	signUpButton = `form[data-passkey="register"][data-method="passkey"] [data-passkey-start], [name="passkey_register_trigger"]`
	signInButton = `form[data-passkey="sign-in"][data-method="passkey"] [data-passkey-start], [name="passkey_login_trigger"]`
	profileStep  = `[name="method"][value="profile"]`
)

func removeButton(id []byte) string { return fmt.Sprintf(`[name="passkey_remove"][value="%x"]`, id) }

// snapshot is the state of a page.
type snapshot struct {
	Ready   bool   // the page has loaded
	URL     string // without credentials
	There   bool   // the element exists
	Usable  bool   // the element is visible and enabled
	Profile bool   // the page is a first step that only asks for traits
}

func (p *tab) look(ctx context.Context, css string) (snapshot, error) {
	return eval[snapshot](ctx, `((css) => {
		const e = document.querySelector(css);
		return { Ready: document.readyState === "complete", URL: location.href, There: !!e,
			Usable: !!e && !e.disabled && e.checkVisibility(), Profile: !!document.querySelector(`+strconv.Quote(profileStep)+`) };
	})(`+strconv.Quote(css)+`)`)
}

// click clicks an element, and returns the URL of its page.
func (p *tab) click(ctx context.Context, css string) (url string, err error) {
	return eval[string](ctx, `(() => {
		const url = location.href;
		document.querySelector(`+strconv.Quote(css)+`).click();
		return url;
	})()`)
}

// fill sets the value of a field as typing would, with events for frameworks that
// keep their own state. It does nothing if the page lacks the field.
func (p *tab) fill(ctx context.Context, name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = eval[bool](ctx, `((name, value) => {
		const field = document.getElementsByName(name)[0];
		if (!field || field.type === "hidden") return false;
		const box = field.type === "checkbox";
		const key = box ? "checked" : "value";
		Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), key).set.call(field, box ? !!value : String(value));
		for (const event of ["input", "change"]) field.dispatchEvent(new Event(event, { bubbles: true }));
		return true;
	})(`+strconv.Quote(name)+`, `+string(text)+`)`)
	return err
}

// note is an entry of record.js: the start or the end of a call of
// navigator.credentials, or a trouble.
type note struct {
	Call, Mediation string
	Handle          string // user.id of create's options, in hex
	ID              string // of the returned credential
	Error           string // name and message of the exception
	Trouble         string
	Refused         string // URL of a script that the policy blocked
	Missing         string // URL of a script that did not load
	At              int64  // ms since 1970
}

// notes returns the entries on the page's origin since a time.
func (p *tab) notes(ctx context.Context, since time.Time) ([]note, error) {
	all, err := eval[[]note](ctx, `JSON.parse(globalThis.sessionStorage?.getItem("oly-passkey-doctor") || "[]")`)
	var out []note
	for _, n := range all {
		if n.At >= since.UnixMilli() {
			out = append(out, n)
		}
	}
	return out, err
}

// cookies returns the cookies that the browser sends to a URL, as a header value.
func (p *tab) cookies(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	got, err := chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{url}})
	var pairs []string
	for _, c := range got.Cookies {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; "), err
}

// signOut deletes the browser's cookies. The session ends when the identity is
// deleted.
func (p *tab) signOut(ctx context.Context) error {
	_, err := chromedp.Call(ctx, network.ClearBrowserCookies, struct{}{})
	return err
}

// forgetPasskeys empties the authenticator, because it would reject a second
// passkey of the same account.
func (p *tab) forgetPasskeys(ctx context.Context) error {
	_, err := chromedp.Call(ctx, webauthn.ClearCredentials, webauthn.ClearCredentialsParams{AuthenticatorID: p.authenticator})
	return err
}
