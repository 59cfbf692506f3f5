package matrix_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/matrix"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

func load(t *testing.T, text string) matrix.Matrix {
	t.Helper()
	p, unreadable, err := lint.Load([]*source.File{source.New("kratos.yml", []byte(text))}, lint.Options{})
	require.NoError(t, err)
	require.Empty(t, unreadable)
	return matrix.New(p)
}

func TestBothMethodsAndBothGates(t *testing.T) {
	m := load(t, `
serve: {public: {base_url: "https://auth.example.com/"}}
selfservice:
  flows:
    login: {ui_url: "https://auth.example.com/login"}
    registration: {ui_url: "https://signup.example.org/"}
  methods:
    passkey: {enabled: true, config: {rp: {id: example.com, display_name: x, origins: ["https://auth.example.com", "https://old.example.com"]}}}
    webauthn: {enabled: true, config: {passwordless: false, rp: {id: example.com, display_name: x}}}
`)
	var got []string
	for _, r := range m.Rows {
		got = append(got, strings.Join([]string{r.Origin, r.Where, r.Method, "browser=" + string(r.Browser.Class), "kratos=" + string(r.Kratos.Class)}, " "))
	}
	require.Equal(t, []string{
		"https://auth.example.com login ui_url passkey browser=ok kratos=ok",
		"https://signup.example.org registration ui_url passkey browser=not-suffix-and-no-related-origins kratos=origin-not-configured",
		"https://old.example.com rp.origins passkey browser=ok kratos=ok",
		// A second factor has no sign-up, and its only origin is derived from base_url
		// and rp.id.
		"https://auth.example.com login ui_url webauthn browser=ok kratos=origin-not-configured",
	}, got)
	require.False(t, m.OK())
	require.Equal(t, `list "https://signup.example.org" in https://example.com/.well-known/webauthn`, m.Rows[1].Related)
}

func TestTextFitsATerminal(t *testing.T) {
	m := load(t, `
selfservice:
  flows:
    login: {ui_url: "https://a-very-long-name-for-a-login-page.departments.example.org:8443/login"}
  methods:
    passkey: {enabled: true, config: {rp: {id: example.com, display_name: x, origins: ["https://one.example.com", "https://two.example.com"]}}}
`)
	var out strings.Builder
	require.NoError(t, m.Text(&out, matrix.Browsers(), report.Look{Columns: 80}))
	for line := range strings.Lines(out.String()) {
		require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
	}
	require.Contains(t, out.String(), "https://a-very-long-name-for-a-login-page.departments.example.org:8443\n")
}

func TestTemplatesAreSkipped(t *testing.T) {
	m := load(t, "selfservice: {methods: {passkey: {enabled: true, config: {rp: {id: \"${ID}\", display_name: x}}}}}")
	require.Empty(t, m.Rows)
	require.Equal(t, []string{"passkey: rp.id or the origins depend on a template"}, m.Skipped)
	require.True(t, m.OK())
}
