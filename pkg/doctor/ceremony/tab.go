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

// tab is one person's browser window with one authenticator. It is reached
// through the context that newTab answers.
type tab struct {
	authenticator webauthn.AuthenticatorID
	quiet         page.ScriptIdentifier // of the script that keeps autofill off, "" while it is on
}

// newTab opens one, which ends with the context; every page in it is recorded.
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

// eachPage runs a script before those of every page from now on.
func (p *tab) eachPage(ctx context.Context, script string) (page.ScriptIdentifier, error) {
	added, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	return added.Identifier, err
}

// offerAutofill says whether pages may offer passkeys in autofill.
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
		return fmt.Errorf("%s is not loaded after %s", url, within)
	}
	return err
}

// eval answers the value of an expression.
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

// Selectors of a ceremony's button: those of our pages, and Kratos' node.
const (
	signUpButton = `form[data-passkey="register"][data-method="passkey"] [data-passkey-start], [name="passkey_register_trigger"]`
	signInButton = `form[data-passkey="sign-in"][data-method="passkey"] [data-passkey-start], [name="passkey_login_trigger"]`
	profileStep  = `[name="method"][value="profile"]`
)

func removeButton(id []byte) string { return fmt.Sprintf(`[name="passkey_remove"][value="%x"]`, id) }

// sight is what is on a page.
type sight struct {
	Ready   bool   // it is loaded
	URL     string // without credentials
	There   bool   // the element is in the page
	Usable  bool   // it is shown and enabled
	Profile bool   // there is a first step that asks for the traits
}

func (p *tab) look(ctx context.Context, css string) (sight, error) {
	return eval[sight](ctx, `((css) => {
		const e = document.querySelector(css);
		return { Ready: document.readyState === "complete", URL: location.href, There: !!e,
			Usable: !!e && !e.disabled && e.checkVisibility(), Profile: !!document.querySelector(`+strconv.Quote(profileStep)+`) };
	})(`+strconv.Quote(css)+`)`)
}

// click presses an element, and answers the URL of its page.
func (p *tab) click(ctx context.Context, css string) (url string, err error) {
	return eval[string](ctx, `(() => {
		const url = location.href;
		document.querySelector(`+strconv.Quote(css)+`).click();
		return url;
	})()`)
}

// fill writes a value into a field as typing does, also for pages that keep
// their fields in a framework's state; a page without the field is fine.
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

// note is what record.js saw: a call of navigator.credentials with its end, or
// a trouble.
type note struct {
	Call, Mediation string
	Handle          string // user.id of create's options, in hex
	ID              string // of the credential that came back
	Error           string // name and message of the exception
	Trouble         string
	Refused         string // URL of the script that the policy kept out
	Missing         string // URL of the script that did not load
	At              int64  // ms since 1970
}

// notes lists what was seen on the page's origin since a time.
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

// cookies are those that the browser sends to a URL, as a header.
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

// signOut forgets the session; it ends with the identity.
func (p *tab) signOut(ctx context.Context) error {
	_, err := chromedp.Call(ctx, network.ClearBrowserCookies, struct{}{})
	return err
}

// forgetPasskeys makes the authenticator another, empty one: it would refuse a
// second passkey of the same account.
func (p *tab) forgetPasskeys(ctx context.Context) error {
	_, err := chromedp.Call(ctx, webauthn.ClearCredentials, webauthn.ClearCredentialsParams{AuthenticatorID: p.authenticator})
	return err
}
