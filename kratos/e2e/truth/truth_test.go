// Package truth runs generated deployments for real: Kratos booted with the
// configuration, Chromium on the page, sign-up and sign-in attempted. What
// happens is held against what lint and predict said before.
package truth_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	cdp "github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/kratos/e2e/chromium"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// seed makes the list of deployments; another one makes another order.
const seed = 20261121

func TestTruth(t *testing.T) {
	n := 40
	if os.Getenv("OLY_PASSKEY_PROOF") != "" {
		n = total()
	}
	site := chromium.StartSite(t)
	browser := site.Browse(t)
	table := report{Seed: seed, Of: total()}
	for _, d := range deployments(t, seed, n) {
		d = d.at(site)
		forecast := d.forecast(t)
		observed := d.walk(browser, t, site)
		table.add(&d, forecast, observed)
	}
	table.write(t)
	require.Zero(t, table.Quarrels, "disagreements are listed above")
}

// at puts this run's ports in.
func (d deployment) at(site *chromium.Site) deployment {
	ports := site.Ports()
	d.Page, d.UI, d.BaseURL = ports.Replace(d.Page), ports.Replace(d.UI), ports.Replace(d.BaseURL)
	d.Config = replaceAll(d.Config, ports.Replace)
	return d
}

func replaceAll(v any, replace func(string) string) any {
	switch v := v.(type) {
	case string:
		return replace(v)
	case object:
		out := object{}
		for k, e := range v {
			out[k] = replaceAll(e, replace)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = replaceAll(e, replace)
		}
		return out
	}
	return v
}

// walk boots Kratos with the deployment, signs up and, when that works, in.
func (d *deployment) walk(browser context.Context, t *testing.T, site *chromium.Site) outcome {
	t.Helper()
	server, public, err := d.boot(t)
	if errors.Is(err, kratostest.ErrRefused) {
		return outcome{Stage: stageStart}
	}
	require.NoError(t, err)
	defer server.Kill()

	site.Related.Store(d.Related)
	tab, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	defer cancel()
	require.NoError(t, chromedp.Do(tab))
	tab, stop := context.WithTimeout(tab, 30*time.Second)
	defer stop()
	_, err = chromium.AddAuthenticator(tab, cdp.AuthenticatorTransportInternal)
	require.NoError(t, err)
	require.NoError(t, chromedp.Do(tab, chromedp.Navigate(d.Page)))

	up, err := newWalker(public)
	require.NoError(t, err)
	got, err := up.signUp(tab, d.Method)
	require.NoError(t, err, d)
	if got.Stage != stageWorks {
		return got
	}
	in, err := newWalker(public) // a browser without the sign-up's cookies
	require.NoError(t, err)
	again, err := in.signIn(tab, d.Method)
	require.NoError(t, err, d)
	again.Detail = "sign-in: " + again.Detail
	if again.Stage != stageWorks {
		return again
	}
	return got
}

// boot starts Kratos with the deployment and returns its public URL.
func (d *deployment) boot(t *testing.T) (server *kratostest.Process, public string, err error) {
	t.Helper()
	dir := t.TempDir()
	for range 5 {
		ports := kratostest.FreePorts(t, 2)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "kratos.yml"), d.kratosYML(t, ports[0], ports[1]), 0o600))
		public = "http://127.0.0.1:" + ports[0]
		server, err = kratostest.Start(t.Context(), kratostest.Command(t, dir, "serve", "-c", "kratos.yml", "--sqa-opt-out", "--dev"), "http://127.0.0.1:"+ports[1]+"/admin/health/ready", public+"/health/ready")
		if !errors.Is(err, kratostest.ErrPortTaken) {
			return server, public, err
		}
	}
	return nil, "", kratostest.ErrPortTaken
}

// agrees reports whether the outcome matches the prediction.
func (f *forecast) agrees(o outcome) bool {
	if !f.Stages[o.Stage] || f.Quarrel != "" {
		return false
	}
	if o.Stage == stageBrowser {
		return f.Class == o.Class
	}
	return o.Stage != stageWorks || f.Session == o.Session
}

// forecast is what lint and predict say of a deployment.
type forecast struct {
	Stages  map[stage]bool // where it may end
	Class   webauthn.Class // of the browser's error
	Session bool           // sign-up also signs in
	Rules   []string       // of the findings
	Quarrel string         // between lint and predict
}

func (f *forecast) String() string {
	return fmt.Sprintf("%v %s %v %s", keysOf(f.Stages), f.Class, f.Rules, f.Quarrel)
}
