package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// fakekratosAdmin serves a list of identities in two pages of one each.
func fakekratosAdmin(t *testing.T, clone bool) string {
	t.Helper()
	identity := func(n int, recovery string) string {
		return fmt.Sprintf(`[{"id":"00000000-0000-4000-8000-00000000000%d","recovery_addresses":[%s],"credentials":{"passkey":{"identifiers":["%s"],"config":{"credentials":[
			{"id":"%d%d==","authenticator":{"aaguid":"6puNZk0BHSE85La0jLV11A==","clone_warning":%t},"flags":{"backup_eligible":true,"backup_state":true}}]}}}}]`,
			n, recovery, strings.Repeat("h", 63)+fmt.Sprint(n), n, n, clone && n == 2)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page_token") == "" {
			w.Header().Set("Link", `</admin/identities?page_token=2>; rel="next"`)
			_, _ = w.Write([]byte(identity(1, "{}")))
			return
		}
		_, _ = w.Write([]byte(identity(2, "")))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func runAudit(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), append([]string{"audit"}, args...), &app{stdout: &out, stderr: &errs})
	return code, out.String(), errs.String()
}

func TestAudit(t *testing.T) {
	url := fakekratosAdmin(t, false)
	code, out, errs := runAudit(t, "--kratos-admin-url", url)
	require.Equal(t, cli.ExitClean, code)
	require.Empty(t, errs)
	require.Contains(t, out, "  with passkeys only                                    2   100.0 %\n")
	require.Contains(t, out, "  warning: 1: losing one device locks the user out [lock-out-risk]\n")

	code, out, _ = runAudit(t, "--kratos-admin-url", url, "--fail-on", "warning", "--format", "csv", "--rp-id-change", "example.org")
	require.Equal(t, cli.ExitFindings, code)
	require.Equal(t, `rule,severity,identity_id,detail
lock-out-risk,warning,00000000-0000-4000-8000-000000000002,one passkey and no other way to sign in
orphan-forecast,warning,00000000-0000-4000-8000-000000000002,no other way to sign in
`, out)

	// A report in JSON, and the next one compared with it.
	dir := t.TempDir()
	saved := filepath.Join(dir, "before.json")
	code, out, _ = runAudit(t, "--kratos-admin-url", url, "--format", "json", "--output", saved, "--state", filepath.Join(dir, "state"))
	require.Equal(t, cli.ExitClean, code)
	require.Empty(t, out)
	code, out, _ = runAudit(t, "--kratos-admin-url", fakekratosAdmin(t, true), "--since", saved)
	require.Equal(t, cli.ExitFindings, code)
	require.True(t, strings.HasSuffix(out, "\n  clone-warning                                             1  (+1)\n"), out)
	code, out, _ = runAudit(t, "--kratos-admin-url", url, "--format", "html", "--since", saved)
	require.Equal(t, cli.ExitClean, code)
	require.Contains(t, out, "2 of 2 users have a passkey (100.0 %). 1 would be locked out by losing one device.")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "neither the state nor half a report is left")
}

func TestAuditFails(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(gone.Close)
	url := fakekratosAdmin(t, false)
	for _, c := range []struct {
		code int
		say  string
		args []string
	}{
		{cli.ExitUsage, `audit needs --kratos-admin-url`, nil},
		{cli.ExitUsage, `invalid --format "xml": use text, csv, json or html`, []string{"--kratos-admin-url", url, "--format", "xml"}},
		{cli.ExitUsage, `invalid --fail-on "x": use error, warning or info`, []string{"--kratos-admin-url", url, "--fail-on", "x"}},
		{cli.ExitUsage, `invalid --page-size 0: use 1 to 1000`, []string{"--kratos-admin-url", url, "--page-size", "0"}},
		{cli.ExitUsage, `--rp-id-change: invalid rp.id "https://x": use a bare lower-case domain, such as example.com`, []string{"--kratos-admin-url", url, "--rp-id-change", "https://x"}},
		{cli.ExitUsage, `--kratos-admin-url: invalid Kratos admin URL "x"`, []string{"--kratos-admin-url", "x"}},
		{cli.ExitFailed, `open nowhere.json: no such file or directory`, []string{"--kratos-admin-url", url, "--since", "nowhere.json"}},
		{cli.ExitFailed, `--since audit_test.go: not a report that oly-passkey audit --format json wrote`, []string{"--kratos-admin-url", url, "--since", "audit_test.go"}},
		{cli.ExitFailed, `returned a 404 that is not Kratos's: is this the admin API?`, []string{"--kratos-admin-url", gone.URL}},
		{cli.ExitFailed, `no such file or directory`, []string{"--kratos-admin-url", url, "--output", "nowhere/report.txt"}},
	} {
		code, out, errs := runAudit(t, c.args...)
		require.Equal(t, c.code, code, c.say)
		require.Empty(t, out)
		require.Contains(t, errs, c.say)
	}
}
