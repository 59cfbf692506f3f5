package gate_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdp "github.com/chromedp/cdproto/webauthn"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/kratos/e2e/chromium"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// TestRuleCasesOnChromium takes the cases of every rule about rp.id and origins
// to the real browser: each page of a case with each method's rp.id. Browser and
// pkg/webauthn agree, and lint has an error for what they reject.
func TestRuleCasesOnChromium(t *testing.T) {
	s := chromium.StartSite(t)
	tab := s.Browse(t)
	_, err := chromium.AddAuthenticator(tab, cdp.AuthenticatorTransportInternal)
	require.NoError(t, err)
	asked := map[string]bool{}
	for _, pattern := range []string{"rp_*.txtar", "origin*.txtar", "ui_origin*.txtar", "localhost*.txtar"} {
		archives, err := filepath.Glob("../../../pkg/config/lint/rules/" + pattern)
		require.NoError(t, err)
		for _, path := range archives {
			for _, c := range ceremonies(t, path) {
				key := c.page.Origin() + " " + c.rpID
				if asked[key] {
					continue
				}
				asked[key] = true
				o := &observation{Page: withKnownPort(c.page), RPID: &c.rpID}
				got, err := ask(tab, t, s, o)
				require.NoError(t, err, "%s: %s", filepath.Base(path), key)
				require.Equal(t, webauthn.Browser(c.page, &c.rpID, nil).Class, got.Class, "%s: %s", filepath.Base(path), key)
				if !got.OK {
					require.True(t, c.hasError, "%s: the browser rejects %s, and lint reports no error", filepath.Base(path), key)
				}
			}
		}
	}
	t.Logf("%d pairs of page and rp.id", len(asked))
	require.GreaterOrEqual(t, len(asked), 30)
}

// withKnownPort moves a page to a port that a server of this run has: the
// browser's gate does not look at ports.
func withKnownPort(p webauthn.Page) string {
	if p.Port == 0 {
		return p.Origin()
	}
	if p.Scheme == "http" {
		return "http://" + p.Host + ":18080"
	}
	return "https://" + p.Host + ":18443"
}

type ceremonyCase struct {
	page     webauthn.Page
	rpID     string
	hasError bool
}

// ceremonies are the pages and rp.ids of the cases without templates and with
// one configuration file.
func ceremonies(t *testing.T, path string) (out []ceremonyCase) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	require.NoError(t, err)
	for _, f := range archive.Files {
		if !strings.HasSuffix(f.Name, "/kratos.yml") || strings.Contains(f.Name, "/fixed/") || strings.Contains(f.Name, "/suggested/") || bytes.ContainsAny(f.Data, "$@%{") {
			continue
		}
		file := source.New("kratos.yml", f.Data)
		doc, err := kratosconf.Parse(file, kratosconf.ParseOptions{})
		require.NoError(t, err)
		config, err := kratosconf.Load([]*kratosconf.Document{doc}, nil)
		require.NoError(t, err)
		opts := lint.Options{}
		opts.Schemas.Read = func(string) (*source.File, error) { return nil, os.ErrNotExist }
		found, err := lint.Check([]*source.File{file}, opts, rules.All())
		require.NoError(t, err)
		hasError := false
		for _, one := range found {
			hasError = hasError || one.Severity == finding.Error
		}
		pass := passkeys.New(config, opts.Model())
		for _, m := range pass.Enabled() {
			for _, p := range pass.PagesOf(m) {
				if p.Known && m.ID.Is(kratosconf.String) && m.ID.Str != "" {
					out = append(out, ceremonyCase{page: p.Page, rpID: m.ID.Str, hasError: hasError})
				}
			}
		}
	}
	return out
}
