//go:build realkratos

package demo

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

// TestRealDemo starts everything, gets a code by mail without any script, and
// finds nothing left in the end.
func TestRealDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("LOG_LEVEL", "nonsense") // Kratos would not start with it
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	d, err := Start(ctx, Options{KratosBin: kratostest.Binary(t), SignUp: setup.CodeFirst, WebAuthn: setup.Passwordless, Log: io.Discard})
	require.NoError(t, err)

	code := signUpForCode(t, d, "ada@example.org")
	require.Len(t, code, 6)

	stop()
	require.NoError(t, d.Wait())
	for _, address := range []string{d.URL, d.KratosURL, d.AdminURL, d.SidecarURL} {
		l, err := net.Listen("tcp", hostPort(address))
		require.NoError(t, err, "the port of %s is still taken", address)
		require.NoError(t, l.Close())
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// signUpForCode submits the forms and returns the code from the email.
func signUpForCode(t *testing.T, d *Demo, email string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	page := fetch(t, client, http.MethodGet, d.URL+"/registration", nil)
	for _, method := range []string{"profile", "code"} {
		form := url.Values{"method": {method}, "traits.email": {email}, "csrf_token": {attribute(t, page, `name="csrf_token" value="([^"]+)"`)}}
		page = fetch(t, client, http.MethodPost, attribute(t, page, `method="post" action="([^"]+)"`), form)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		mails := fetch(t, client, http.MethodGet, d.URL+"/mail", nil)
		if m := regexp.MustCompile(`<p class="code"><code>([0-9]+)</code></p>`).FindStringSubmatch(mails); m != nil {
			return m[1]
		}
	}
	t.Fatal("no mail within 20 s")
	return ""
}

func fetch(t *testing.T, client *http.Client, method, target string, form url.Values) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", body)
	return string(body)
}

var unescape = strings.NewReplacer("&#43;", "+", "&#34;", `"`, "&amp;", "&")

func attribute(t *testing.T, page, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(page)
	require.NotNil(t, m, "%s in %s", pattern, page)
	return unescape.Replace(m[1])
}
