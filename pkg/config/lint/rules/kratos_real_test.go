//go:build realkratos

package rules_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Claims about Kratos that a finding's message may contain.
const (
	claimStart = "does not start"
	claim500   = "every registration"
)

// before and behind are layers around a case's own files: required keys, and
// the addresses of this Kratos.
const (
	before = `selfservice: { default_browser_return_url: "http://localhost:4455/" }
identity: { default_schema_id: default, schemas: [ { id: default, url: "file://good.schema.json" } ] }
`
	behind = `serve:
  public: { host: 127.0.0.1, port: %[1]s, base_url: "http://localhost:%[1]s/" }
  admin: { host: 127.0.0.1, port: %[2]s, base_url: "http://127.0.0.1:%[2]s/" }
`
	goodSchema = `{"$id": "https://example.com/p.json", "type": "object", "properties": {"traits": {"type": "object", "required": ["email"],
"properties": {"email": {"type": "string", "title": "E-mail", "ory.sh/kratos": {"credentials": {
"password": {"identifier": true}, "webauthn": {"identifier": true}, "passkey": {"display_name": true}}}}}}}}`
)

// TestRealKratosKeepsTheWordOfEveryRule starts a real Kratos with one case of
// every rule that claims that Kratos does not start or that every registration
// fails, and again after the fix or the proposal. With OLY_PASSKEY_PROOF=1 it
// runs all such cases.
func TestRealKratosKeepsTheWordOfEveryRule(t *testing.T) {
	version, err := kratosconf.ParseVersion(kratostest.Version(t))
	require.NoError(t, err)
	claims := make(map[string]int)
	for _, rule := range rules.All() {
		_, examples := readExamples(t, strings.ReplaceAll(rule.ID, "-", "_")+".txtar")
		for _, e := range examples {
			if strings.Contains(e.files[argsFile], "--kratos-version") || claims[rule.ID] > 0 && os.Getenv("OLY_PASSKEY_PROOF") != "1" {
				continue
			}
			files, opts := e.config(t)
			opts.Version = version
			all, err := lint.Check(files, opts, rules.All())
			if err != nil {
				continue // an invalid environment is not a finding
			}
			found := only(all, rule.ID)
			claim := claimed(found)
			if claim == "" || claim == claim500 && claimed(all) == claimStart || !deployable(e) {
				continue
			}
			claims[rule.ID]++
			t.Run(rule.ID+"/"+e.name, func(t *testing.T) {
				require.Equal(t, claim, startKratos(t, e, opts.Env, nil), found[0].Message)
				for _, pick := range []func(finding.Finding) []source.Edit{safe, suggested} {
					changed := e.repaired(found, pick)
					if len(changed) > 0 && len(all) == len(found) {
						require.Empty(t, startKratos(t, e, opts.Env, changed), "fixed")
					}
				}
			})
		}
	}
	t.Logf("rules whose word a real Kratos kept: %v", claims)
	require.Greater(t, len(claims), 12)
}

// TestRealKratosAnswersWhereLintClaimsNothing checks the reverse for the cases
// about the trait that labels passkeys, for which Kratos is hard to predict.
func TestRealKratosAnswersWhereLintClaimsNothing(t *testing.T) {
	version, err := kratosconf.ParseVersion(kratostest.Version(t))
	require.NoError(t, err)
	for _, id := range []string{"no-display-name", "display-trait-untitled", "display-trait-ambiguous", "display-trait-nested", "duplicate-title"} {
		_, examples := readExamples(t, strings.ReplaceAll(id, "-", "_")+".txtar")
		for _, e := range examples {
			files, opts := e.config(t)
			opts.Version = version
			all, err := lint.Check(files, opts, rules.All())
			require.NoError(t, err)
			if claimed(all) != "" || strings.Contains(e.files[argsFile], "--kratos-version") || !deployable(e) {
				continue
			}
			t.Run(id+"/"+e.name, func(t *testing.T) {
				require.Empty(t, startKratos(t, e, opts.Env, nil))
			})
		}
	}
}

// claimed returns the worst claim of the findings, or "".
func claimed(findings []finding.Finding) string {
	claim := ""
	for _, f := range findings {
		switch {
		case f.Severity != finding.Error:
		case strings.Contains(f.Message, claimStart):
			return claimStart
		case strings.Contains(f.Message, claim500) && strings.Contains(f.Message, "500"):
			claim = claim500
		}
	}
	return claim
}

// deployable reports whether Kratos can run a case as is: no manifest, no
// template, and no domain other than localhost.
func deployable(e *example) bool {
	for name, text := range e.files {
		if strings.HasSuffix(name, ".yml") && !isExpected(name) && (strings.ContainsAny(text, "$@%") || strings.Contains(text, "{{") || strings.Contains(text, "kind: ") || strings.Contains(text, "__")) {
			return false
		}
	}
	return true
}

// startKratos runs a real Kratos with a case, with some files replaced, and
// returns the claim that is true, or "".
func startKratos(t *testing.T, e *example, env []kratosconf.Variable, replaced map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	ports := kratostest.FreePorts(t, 2)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		text = strings.ReplaceAll(text, "file:///etc/config/", "file://")
		if filepath.Ext(name) == ".yml" {
			text = strings.ReplaceAll(text, "file://", "file://"+dir+"/")
		}
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	args := []string{"serve", "--sqa-opt-out", "--dev", "-c", write("before.yml", before)}
	write("good.schema.json", goodSchema)
	for _, name := range e.order {
		text := e.files[name]
		if fixed, ok := replaced[name]; ok {
			text = fixed
		}
		if isExpected(name) || name == argsFile {
			continue
		}
		path := write(name, text)
		if ext := filepath.Ext(name); (ext == ".yml" || ext == ".json") && !strings.Contains(name, "schema") {
			args = append(args, "-c", path)
		}
	}
	args = append(args, "-c", write("behind.yml", fmt.Sprintf(behind, ports[0], ports[1])))
	environ := []string{"PATH=" + os.Getenv("PATH"), "DSN=memory"}
	for _, v := range env {
		environ = append(environ, v.Name+"="+v.Value)
	}
	return tryKratos(t, args, environ, ports[0])
}

// tryKratos waits until Kratos exits or responds to a registration.
func tryKratos(t *testing.T, args, environ []string, port string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var log bytes.Buffer
	kratos := exec.CommandContext(ctx, kratostest.Binary(t), args...)
	kratos.Env, kratos.Stdout, kratos.Stderr = environ, &log, &log
	require.NoError(t, kratos.Start())
	ended := make(chan struct{})
	go func() { _ = kratos.Wait(); close(ended) }()
	defer func() { stop(); <-ended }()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-ended:
			require.NoError(t, ctx.Err(), log.String())
			return claimStart
		case <-poll.C:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+"/self-service/registration/browser", nil)
		require.NoError(t, err)
		req.Header.Set("Accept", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			continue // it does not listen yet
		}
		require.NoError(t, resp.Body.Close())
		if resp.StatusCode == http.StatusInternalServerError {
			return claim500
		}
		require.Equal(t, http.StatusOK, resp.StatusCode)
		return ""
	}
}
