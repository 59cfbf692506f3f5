// Package chromium starts the real Chromium for tests: headless, on loopback
// only, with virtual authenticators.
package chromium

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Path finds the browser: $CHROMIUM, or a usual name in PATH. A machine without
// one fails the test with the line that installs it.
func Path(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	require.FailNow(tb, "no chromium found: apt-get install -y chromium, or set CHROMIUM")
	return ""
}

// Start launches a browser with a fresh profile. Every host name resolves to
// loopback; resolve adds rules such as "MAP *:443 127.0.0.1:8443" before that.
// The browser ends with the test.
func Start(tb testing.TB, resolve []string, flags ...chromedp.ExecAllocatorOption) context.Context {
	tb.Helper()
	// Off switches for everything that talks to the outside or gets in the way.
	features := "AutofillServerCommunication,HttpsUpgrades,HttpsFirstBalancedMode,HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter,Translate"
	options := append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(Path(tb)),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-default-apps", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("password-store", "basic"),
		chromedp.Flag("disable-features", features),
		chromedp.Flag("host-resolver-rules", strings.Join(append(resolve, "MAP * 127.0.0.1"), ",")),
		chromedp.UserDataDir(tb.TempDir()),
	}, flags...)
	allocator, cancelAllocator := chromedp.NewExecAllocator(tb.Context(), options...)
	tb.Cleanup(cancelAllocator)
	browser, cancelBrowser := chromedp.NewContext(allocator)
	tb.Cleanup(func() {
		_ = chromedp.Cancel(browser) // waits, so that the profile can be removed
		cancelBrowser()
	})
	require.NoError(tb, chromedp.Do(browser))
	return browser
}

// AddAuthenticator plugs a virtual authenticator with user verification into a
// tab: transport "internal", "usb", "ble" or "cable" (hybrid).
func AddAuthenticator(ctx context.Context, transport webauthn.AuthenticatorTransport) (webauthn.AuthenticatorID, error) {
	if _, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		return "", err
	}
	added, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol:                    webauthn.AuthenticatorProtocolCtap2,
			Ctap2version:                webauthn.Ctap2versionCtap21,
			Transport:                   transport,
			HasResidentKey:              true,
			HasUserVerification:         true,
			IsUserVerified:              true,
			AutomaticPresenceSimulation: true,
		},
	})
	return added.AuthenticatorID, err
}
