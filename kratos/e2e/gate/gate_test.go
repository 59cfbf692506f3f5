// Package gate compares the predictions of pkg/webauthn with a real Chromium.
package gate_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	cdp "github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/kratos/e2e/chromium"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

var update = flag.Bool("update", false, "rewrite what Chromium answers in edges.ndjson")

// every returns which share of the observations is repeated: all of them if
// $OLY_PASSKEY_PROOF is set, otherwise every eighth.
func every() int {
	if os.Getenv("OLY_PASSKEY_PROOF") != "" {
		return 1
	}
	return 8
}

// observation is one line of pkg/webauthn/testdata/*.ndjson.
type observation struct {
	Page    string             `json:"page"`
	RPID    *string            `json:"rp_id,omitempty"`
	Related *chromium.Document `json:"related_origins,omitempty"`
	Expect  expected           `json:"expect"`
	Group   string             `json:"group"`
	Note    string             `json:"note"`
}

type expected struct {
	OK    bool           `json:"ok"`
	Class webauthn.Class `json:"class"`
}

// TestBrowserGateOnChromium asks the installed browser every observation on
// record again, and pkg/webauthn with it.
func TestBrowserGateOnChromium(t *testing.T) {
	s := chromium.StartSite(t)
	tab := s.Browse(t) // one tab for all: nothing that a case does outlives its page
	_, err := chromium.AddAuthenticator(tab, cdp.AuthenticatorTransportInternal)
	require.NoError(t, err)
	for _, name := range []string{"browser.ndjson", "edges.ndjson"} {
		path := filepath.Join("..", "..", "..", "pkg", "webauthn", "testdata", name)
		all := read(t, path)
		var kept []observation
		for i := range all {
			if !*update && i%every() != 0 || *update && name != "edges.ndjson" {
				continue
			}
			o := &all[i]
			got, err := ask(tab, t, s, o)
			if *update && name == "edges.ndjson" {
				if err != nil {
					t.Logf("left out: page %q rp.id %s: %v", o.Page, rpID(o), err)
					continue
				}
				o.Expect = got
				kept = append(kept, *o)
				continue
			}
			require.NoError(t, err, "%s:%d page %q rp.id %s: %s", name, i+1, o.Page, rpID(o), o.Note)
			require.Equal(t, o.Expect, got, "%s:%d page %q rp.id %s: %s", name, i+1, o.Page, rpID(o), o.Note)
			require.Equal(t, got.Class, predict(t, o), "%s:%d", name, i+1)
		}
		if *update && name == "edges.ndjson" {
			write(t, path, kept)
		}
	}
}

func rpID(o *observation) string {
	if o.RPID == nil {
		return "(omitted)"
	}
	return fmt.Sprintf("%q", *o.RPID)
}

func predict(t *testing.T, o *observation) webauthn.Class {
	t.Helper()
	page, err := webauthn.ParsePage(o.Page)
	require.NoError(t, err)
	var doc *webauthn.Document
	if r := o.Related; r != nil {
		doc = &webauthn.Document{Status: r.Status, ContentType: r.ContentType, Body: []byte(r.Body)}
	}
	return webauthn.Browser(page, o.RPID, doc).Class
}

// ask runs one ceremony.
func ask(tab context.Context, t *testing.T, s *chromium.Site, o *observation) (expected, error) {
	t.Helper()
	ports := s.Ports()
	s.Related.Store(nil)
	if o.Related != nil {
		s.Related.Store(&chromium.Document{Status: o.Related.Status, ContentType: o.Related.ContentType, Body: ports.Replace(o.Related.Body)})
	}
	tab, cancel := context.WithTimeout(tab, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(tab, chromedp.Navigate(ports.Replace(o.Page))); err != nil {
		return expected{}, err
	}
	arg := "undefined"
	if o.RPID != nil {
		b, err := json.Marshal(ports.Replace(*o.RPID))
		require.NoError(t, err)
		arg = string(b)
	}
	yes := true
	res, err := chromedp.Call(tab, runtime.Evaluate, runtime.EvaluateParams{
		Expression: "(" + ceremony + ")(" + arg + ")", AwaitPromise: &yes, ReturnByValue: &yes, UserGesture: &yes,
	})
	require.NoError(t, err)
	require.Nil(t, res.ExceptionDetails)
	var answer string
	require.NoError(t, json.Unmarshal(res.Result.Value, &answer))
	class, err := chromium.Classify(answer)
	return expected{OK: class == webauthn.ClassOK, Class: class}, err
}

const ceremony = `async (id) => {
  if (!navigator.credentials) return "undefined";
  const rp = {name: "test"};
  if (id !== undefined) rp.id = id;
  try {
    await navigator.credentials.create({publicKey: {
      rp, user: {id: new Uint8Array([1]), name: "a", displayName: "a"},
      challenge: new Uint8Array(16), pubKeyCredParams: [{type: "public-key", alg: -7}],
      timeout: 5000,
    }});
    return "ok";
  } catch (e) { return e.name + ": " + e.message; }
}`

func read(t *testing.T, path string) []observation {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	var all []observation
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var o observation
		require.NoError(t, json.Unmarshal(lines.Bytes(), &o))
		all = append(all, o)
	}
	require.NoError(t, lines.Err())
	return all
}

func write(t *testing.T, path string, all []observation) {
	t.Helper()
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for _, o := range all {
		require.NoError(t, enc.Encode(o))
	}
	require.NoError(t, os.WriteFile(path, []byte(out.String()), 0o600))
}
