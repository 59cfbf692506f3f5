// Package pages walks through the demo with a real Kratos and a real Chromium. Only
// the authenticators are virtual.
package pages

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/kratos/e2e/chromium"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/demo"
)

// root of the main module.
const root = "../../.."

// stack is a running demo and a browser.
type stack struct {
	*demo.Demo
	browser   context.Context
	artefacts string // folder of the screenshots
}

// start boots both for one test and all of its parts. Keys of the webauthn
// method are taken beside passkeys.
func start(t *testing.T, signUp setup.SignUp, change ...func(*demo.Options)) *stack {
	t.Helper()
	log := &log{}
	options := demo.Options{KratosBin: kratostest.Binary(t), SignUp: signUp, WebAuthn: setup.Passwordless, Log: log}
	for _, c := range change {
		c(&options)
	}
	ctx, stop := context.WithCancel(context.Background())
	d, err := demo.Start(ctx, options)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("sidecar and pages:\n%s", log)
		}
		stop()
		require.NoError(t, d.Wait())
	})
	return &stack{Demo: d, browser: chromium.Start(t, nil, chromedp.Flag("lang", "en-US")), artefacts: artefacts(t)}
}

func artefacts(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("OLY_PASSKEY_ARTEFACTS")
	if dir == "" {
		dir = filepath.Join(root, "artefacts")
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	return dir
}

// log keeps what the demo says, for a test that fails.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
