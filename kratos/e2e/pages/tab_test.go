package pages

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// within is how long anything on a page may take, on a busy machine.
const within = 30 * time.Second

// tab is one user's browser, with its own cookies and authenticators.
type tab struct {
	t    *testing.T
	ctx  context.Context
	demo *stack

	authenticators []*authenticator
	withoutScript  bool // the page runs none, and neither do checks in it
}

// ceremony is one call of navigator.credentials and its answer, as the browser
// saw them and not as the page says.
type ceremony struct {
	Verb                    string // "create" or "get"
	Mediation               string
	Attachment              string // authenticatorSelection.authenticatorAttachment
	ResidentKey             string
	UserVerification, Hints string
	Excluded                int
	UserID                  string // user.id of the options, base64url
	UserName                string
	DisplayName             string
	UserHandle              string // of the answer, base64url; "" for null
	CredentialID            string
	Error                   string // the name of the DOMException
}

// record wraps navigator.credentials before any script of the page runs, and
// notes what the content security policy blocks and what no script catches.
const record = `(() => {
  const note = (key, entry) => sessionStorage.setItem(key, JSON.stringify([...JSON.parse(sessionStorage.getItem(key) || "[]"), entry]));
  addEventListener("error", (e) => note("e2e-errors", e.message));
  addEventListener("unhandledrejection", (e) => note("e2e-errors", String(e.reason)));
  document.addEventListener("securitypolicyviolation", (e) => note("e2e-blocked", e.violatedDirective + " " + e.blockedURI));
  if (!globalThis.CredentialsContainer) return;
  const text = (b) => b ? btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") : "";
  for (const verb of ["create", "get"]) {
    const real = CredentialsContainer.prototype[verb];
    CredentialsContainer.prototype[verb] = async function (options) {
      const o = options.publicKey;
      const entry = {
        Verb: verb, Mediation: options.mediation || "", Attachment: o.authenticatorSelection?.authenticatorAttachment || "",
        ResidentKey: o.authenticatorSelection?.residentKey || "", UserVerification: (o.authenticatorSelection || o).userVerification || "",
        Hints: String(o.hints || ""), Excluded: o.excludeCredentials?.length || 0,
        UserID: text(o.user?.id), UserName: o.user?.name || "", DisplayName: o.user?.displayName || "",
      };
      try {
        const c = await real.call(this, options);
        entry.UserHandle = text(c.response.userHandle);
        entry.CredentialID = c.id;
        return c;
      } catch (error) {
        entry.Error = error.name;
        throw error;
      } finally {
        note("e2e-ceremonies", entry);
      }
    };
  }
})()`

// withoutAutofill disables passkeys in autofill, because a virtual authenticator
// would accept them before a button can be clicked.
const withoutAutofill = `if (globalThis.PublicKeyCredential) {
  const real = PublicKeyCredential.getClientCapabilities.bind(PublicKeyCredential);
  PublicKeyCredential.getClientCapabilities = async () => ({ ...(await real()), conditionalGet: false });
}`

// newTab opens a browser context of its own, and runs scripts before those of
// each page. In the end it must not have met anything that the content security
// policy blocked.
func (s *stack) newTab(t *testing.T, scripts ...string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(s.browser, chromedp.WithNewBrowserContext())
	p := &tab{t: t, ctx: ctx, demo: s}
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx)) // the context that opens a tab closes it, so it must not be one with a time limit
	p.do(chromedp.EmulateViewport(1280, 900))
	call(p, emulation.SetScrollbarsHidden, emulation.SetScrollbarsHiddenParams{Hidden: true}) // a picture is not scrolled
	call(p, webauthn.Enable, webauthn.EnableParams{})
	for _, script := range append(scripts, record) {
		call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	}
	t.Cleanup(func() {
		if t.Failed() {
			p.shoot(strings.ReplaceAll(t.Name(), "/", "-")+"-failed", 1280, "light")
			t.Logf("at %s: %s", p.eval("location.href"), p.eval("document.body.innerText"))
			return
		}
		require.Empty(t, p.eval(`sessionStorage.getItem("e2e-blocked")`))
		require.Empty(t, p.eval(`sessionStorage.getItem("e2e-errors")`))
	})
	return p
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, within)
	defer cancel()
	require.NoError(p.t, chromedp.Do(ctx, steps...))
}

// call speaks the browser's own protocol.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, within)
	defer cancel()
	answer, err := chromedp.Call(ctx, command, params)
	require.NoError(p.t, err)
	return answer
}

// eval returns the value of an expression as text, "" for null.
func (p *tab) eval(expression string) string {
	p.t.Helper()
	text, err := p.try(expression)
	require.NoError(p.t, err, "%s", expression)
	return text
}

func (p *tab) try(expression string) (string, error) {
	ctx, cancel := context.WithTimeout(p.ctx, within)
	defer cancel()
	yes := true
	result, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression:    "(async () => { const v = await (" + expression + "); return v == null ? '' : String(v) })()",
		AwaitPromise:  &yes,
		ReturnByValue: &yes,
		UserGesture:   &yes,
	})
	if err != nil {
		return "", err
	}
	if result.ExceptionDetails != nil {
		return "", &scriptError{result.ExceptionDetails.Text}
	}
	var text string
	err = json.Unmarshal([]byte(result.Result.Value), &text)
	return text, err
}

type scriptError struct{ text string }

func (e *scriptError) Error() string { return e.text }

// until polls an expression until it is the wanted text; pages may come and go
// meanwhile.
func (p *tab) until(expression, want string) {
	p.t.Helper()
	got := ""
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		text, err := p.try(expression)
		if err == nil && text == want {
			return
		}
		got = text
		if err != nil {
			got = err.Error()
		}
	}
	p.t.Fatalf("%s is %q after %s, want %q", expression, got, within, want)
}

// at waits for a loaded page with that heading.
func (p *tab) at(path, heading string) {
	p.t.Helper()
	p.until(`document.readyState + " " + location.pathname + " " + document.querySelector("h1")?.innerText`, "complete "+path+" "+heading)
}

func (p *tab) open(path string) {
	p.t.Helper()
	p.navigate(p.demo.URL + path)
}

func (p *tab) navigate(address string) {
	p.t.Helper()
	p.do(chromedp.Navigate(address))
}

// click moves the mouse to the middle of an element and presses it, once the page
// is loaded and shows it.
func (p *tab) click(css string) {
	p.t.Helper()
	element := `document.querySelector(` + strconv.Quote(css) + `)`
	p.until(`document.readyState + " " + `+element+`?.checkVisibility() + " " + !!`+element+`?.disabled`, "complete true false")
	var at struct{ X, Y float64 }
	require.NoError(p.t, json.Unmarshal([]byte(p.eval(`(() => {
		const element = `+element+`;
		element.scrollIntoView({ block: "center", behavior: "instant" });
		const box = element.getBoundingClientRect();
		return JSON.stringify({ X: box.x + box.width / 2, Y: box.y + box.height / 2 });
	})()`)), &at))
	p.do(chromedp.MouseClickXY(at.X, at.Y))
}

func (p *tab) fill(name, value string) {
	p.t.Helper()
	field := `document.querySelector('input[name="` + name + `"]:not([type=hidden])')`
	p.until(`!!`+field, "true")
	p.eval(field + `.value = ` + strconv.Quote(value))
}

// submit presses the button with that name and value.
func (p *tab) submit(name, value string) {
	p.t.Helper()
	p.click(`button[name="` + name + `"][value="` + value + `"]`)
}

func (p *tab) text(css string) string {
	p.t.Helper()
	return p.eval(`document.querySelector(` + strconv.Quote(css) + `)?.innerText`)
}

// ceremonies lists what the browser was asked and answered, in order.
func (p *tab) ceremonies() []ceremony {
	p.t.Helper()
	var list []ceremony
	if text := p.eval(`sessionStorage.getItem("e2e-ceremonies")`); text != "" {
		require.NoError(p.t, json.Unmarshal([]byte(text), &list))
	}
	return list
}

// last is the newest answered call of that verb.
func (p *tab) last(verb string) ceremony {
	p.t.Helper()
	list := p.ceremonies()
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Verb == verb && list[i].Error == "" {
			return list[i]
		}
	}
	p.t.Fatalf("the browser answered no %q: %+v", verb, list)
	return ceremony{}
}

// kratosGet asks Kratos' public API with the browser's cookies.
func (p *tab) kratosGet(path string) []byte {
	p.t.Helper()
	cookies := call(p, network.GetCookies, network.GetCookiesParams{URLs: []string{p.demo.KratosURL}})
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.demo.KratosURL+path, nil)
	require.NoError(p.t, err)
	request.Header.Set("Accept", "application/json")
	for _, c := range cookies.Cookies {
		request.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusOK, response.StatusCode, "%s", body)
	return body
}

// whoami is the identity of the browser's session, asked of Kratos itself.
func (p *tab) whoami() string {
	p.t.Helper()
	var session struct{ Identity struct{ ID string } }
	require.NoError(p.t, json.Unmarshal(p.kratosGet("/sessions/whoami"), &session))
	return session.Identity.ID
}

// flow is the JSON of the flow that the page shows.
func (p *tab) flow(kind string) string {
	p.t.Helper()
	id := p.eval(`new URL(location.href).searchParams.get("flow")`)
	return string(p.kratosGet("/self-service/" + kind + "/flows?id=" + id))
}

// screenshots keeps the page as it is, on a desktop and on a phone, by day and
// by night, and has its accessibility checked.
func (p *tab) screenshots(name string) {
	p.t.Helper()
	p.until(`document.readyState`, "complete")
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 390} {
			p.shoot(name, width, scheme)
		}
		if !p.withoutScript {
			p.accessible()
		}
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	p.do(chromedp.EmulateViewport(1280, 900))
}

func (p *tab) shoot(name string, width int64, scheme string) {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: 844, DeviceScaleFactor: 1, Mobile: width < 600,
	})
	yes := true
	shot := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &yes, OptimizeForSpeed: &yes})
	file := name + "-" + strconv.FormatInt(width, 10) + "-" + scheme + ".png"
	require.NoError(p.t, os.WriteFile(filepath.Join(p.demo.artefacts, file), shot.Data, 0o644))
}
