// Package chromium starts the real Chromium for tests, on loopback only.
package chromium

import (
	"context"
	"os"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/doctor/ceremony"
)

// Path finds the browser: $CHROMIUM, or a usual name in PATH. A machine without
// one fails the test with the line that installs it.
func Path(tb testing.TB) string {
	tb.Helper()
	path, err := ceremony.Find(os.Getenv("CHROMIUM"))
	require.NoError(tb, err)
	return path
}

// Start launches a browser with a fresh profile. Every host name resolves to
// loopback; resolve adds rules such as "MAP *:443 127.0.0.1:8443" before that.
// The browser ends with the test.
func Start(tb testing.TB, resolve []string, flags ...chromedp.ExecAllocatorOption) context.Context {
	tb.Helper()
	browser, end, err := ceremony.Launch(context.Background(), ceremony.BrowserOptions{
		Path: Path(tb), Resolve: append(resolve, "MAP * 127.0.0.1"), More: append(flags, chromedp.NoSandbox), // machines of CI have none
	})
	require.NoError(tb, err)
	tb.Cleanup(end)
	return browser
}

// AddAuthenticator plugs a virtual authenticator into a tab, see package
// ceremony.
func AddAuthenticator(tab context.Context, transport webauthn.AuthenticatorTransport) (webauthn.AuthenticatorID, error) {
	return ceremony.AddAuthenticator(tab, transport)
}
