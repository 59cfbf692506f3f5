package ceremony

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// ErrNoBrowser is returned if no Chromium is found; it says how to install one.
var ErrNoBrowser = errors.New("no Chromium found: install one (apt-get install chromium, dnf install chromium, brew install --cask chromium), or pass its path with --browser")

// Find returns the path of Chromium: the given name or path, or one of the usual
// ones.
func Find(given string) (string, error) {
	if given != "" {
		path, err := exec.LookPath(given)
		if err != nil {
			return "", fmt.Errorf("no Chromium at %q: %w", given, err)
		}
		return path, nil
	}
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoBrowser
}

// BrowserOptions are the options for starting Chromium.
type BrowserOptions struct {
	Path string // see Find
	// Resolve are host resolver rules, such as "MAP example.com:443 127.0.0.1:8443".
	Resolve []string
	// SPKI are the public keys of certificates to trust regardless of their issuer:
	// the SHA-256 of the SubjectPublicKeyInfo, in base64.
	SPKI []string
	// More are additional flags.
	More []chromedp.ExecAllocatorOption
}

// off are features that contact other servers or interfere with ceremonies.
const off = "AutofillServerCommunication,HttpsUpgrades,HttpsFirstBalancedMode,HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter,Translate"

// Launch starts a headless Chromium with a new profile. Tabs are created from the
// context; end waits until the browser has exited, and removes its profile.
func Launch(ctx context.Context, o BrowserOptions) (browser context.Context, end func(), err error) {
	profile, err := os.MkdirTemp("", "oly-passkey-chromium-")
	if err != nil {
		return nil, nil, err
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(o.Path), chromedp.UserDataDir(profile),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.DisableGPU,
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-default-apps", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("password-store", "basic"),
		chromedp.Flag("disable-features", off),
	}
	if len(o.Resolve) > 0 {
		options = append(options, chromedp.Flag("host-resolver-rules", strings.Join(o.Resolve, ",")))
	}
	if len(o.SPKI) > 0 {
		options = append(options, chromedp.Flag("ignore-certificate-errors-spki-list", strings.Join(o.SPKI, ",")))
	}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to run its sandbox as root
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(ctx, append(options, o.More...)...)
	browser, cancelBrowser := chromedp.NewContext(allocator)
	end = func() {
		_ = chromedp.Cancel(browser) // wait, so that the profile can be removed
		cancelBrowser()
		cancelAllocator()
		_ = os.RemoveAll(profile) // it is in the temporary directory
	}
	if err := chromedp.Do(browser); err != nil {
		end()
		return nil, nil, fmt.Errorf("chromium %q does not start: %w", o.Path, err)
	}
	return browser, end, nil
}

// AddAuthenticator adds a virtual authenticator with user verification to a tab: transport "internal", "usb", "ble" or "cable" (hybrid).
func AddAuthenticator(tab context.Context, transport webauthn.AuthenticatorTransport) (webauthn.AuthenticatorID, error) {
	if _, err := chromedp.Call(tab, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		return "", err
	}
	added, err := chromedp.Call(tab, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
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
