//go:build realkratos

package patch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestRealCorpus patches published configurations in the order of their index and
// has the real Kratos start on each: it issues a passkey challenge at sign-in and
// opens its sign-up. It leaves out those on which Kratos does not start
// even before the patch, and those that are rejected or that only their owner can
// fix. It runs twenty with OLY_PASSKEY_PROOF, otherwise four.
func TestRealCorpus(t *testing.T) {
	want := 4
	if os.Getenv("OLY_PASSKEY_PROOF") != "" {
		want = 20
	}
	all := corpus(t)
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "configuration\tafter the patch\tlines\tlint errors")
	done := 0
	for _, p := range all {
		if done == want {
			break
		}
		plan, err := p.patch()
		if err != nil || len(plan.Errors()) > 0 {
			_, _ = fmt.Fprintf(w, "%s\tleft to its owner\t\t\n", p.name)
			continue
		}
		config, schema := p.config, p.schema
		for _, c := range plan.Changed {
			if c.Name == "kratos.yml" {
				config = c.After
			} else {
				schema = c.After
			}
		}
		if problem := start(t, config, schema, true); problem != "" {
			published := start(t, p.config, p.schema, false)
			require.NotEmpty(t, published, "%s starts as published, and patched: %s", p.name, problem)
			_, _ = fmt.Fprintf(w, "%s\tdoes not start as published: %s\t\t\n", p.name, published)
			continue
		}
		done++
		_, _ = fmt.Fprintf(w, "%s\tstarts, passkeys offered\t%s\t%d\n", p.name, lines(plan), len(plan.Errors()))
	}
	require.NoError(t, w.Flush())
	t.Logf("\n%s", table.String())
	require.Equal(t, want, done)
}

// lines counts what a patch adds and takes away.
func lines(plan *patch.Plan) string {
	plus, minus := 0, 0
	for _, c := range plan.Changed {
		for line := range strings.Lines(string(diff.Diff("a", c.Before, "b", c.After))) {
			switch {
			case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
			case strings.HasPrefix(line, "+"):
				plus++
			case strings.HasPrefix(line, "-"):
				minus++
			}
		}
	}
	return fmt.Sprintf("+%d -%d", plus, minus)
}

// start runs Kratos on a configuration and a layer with the test's database, ports and
// identity schema. It returns what went wrong. With passkeys both flows must open, and
// the sign-in must offer a passkey.
func start(t *testing.T, config, schema []byte, passkeys bool) string {
	t.Helper()
	dir := t.TempDir()
	ports := kratostest.FreePorts(t, 2)
	public, admin := ports[0], ports[1]
	for name, content := range map[string][]byte{"kratos.yml": config, "schema.json": schema, "here.yml": layer(t, config, dir, public, admin)} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	p, err := kratostest.Start(t.Context(), kratostest.Command(t, dir, "serve", "-c", "kratos.yml", "-c", "here.yml", "--dev", "--sqa-opt-out"), "http://127.0.0.1:"+admin+"/admin/health/ready")
	if errors.Is(err, kratostest.ErrRefused) {
		return reason.FindString(err.Error())
	}
	require.NoError(t, err)
	defer p.Stop()
	return offered(t.Context(), "http://127.0.0.1:"+public, config, passkeys)
}

// reason is what Kratos says of the configuration.
var reason = regexp.MustCompile(`Error: .*`)

// layer returns a second configuration file, for the ports and the data of the test.
func layer(t *testing.T, config []byte, dir, public, admin string) []byte {
	t.Helper()
	doc, err := kratosconf.Parse(source.New("kratos.yml", config), kratosconf.ParseOptions{})
	require.NoError(t, err)
	defaultID := doc.Root.Get("identity.default_schema_id").Text()
	if defaultID == "" {
		defaultID = "default"
	}
	ids := []string{defaultID}
	for _, s := range doc.Root.Get("identity.schemas").Items() {
		if id := s.Get("id").Text(); id != "" && id != defaultID {
			ids = append(ids, id)
		}
	}
	var schemas []map[string]string
	for _, id := range ids {
		schemas = append(schemas, map[string]string{"id": id, "url": "file://" + filepath.Join(dir, "schema.json")})
	}
	text, err := json.Marshal(map[string]any{
		"dsn": "memory",
		"serve": map[string]any{
			"public": map[string]any{"host": "127.0.0.1", "port": json.Number(public)},
			"admin":  map[string]any{"host": "127.0.0.1", "port": json.Number(admin)},
		},
		"identity": map[string]any{"default_schema_id": defaultID, "schemas": schemas},
	})
	require.NoError(t, err)
	return text
}

// offered asks for the flows as a script would.
func offered(ctx context.Context, base string, config []byte, passkeys bool) string {
	if !passkeys {
		return ""
	}
	code, body := get(ctx, base+"/self-service/login/browser")
	if code != http.StatusOK || !strings.Contains(body, "passkey_challenge") {
		return fmt.Sprintf("sign-in answers %d: %s", code, body)
	}
	doc, err := kratosconf.Parse(source.New("kratos.yml", config), kratosconf.ParseOptions{})
	if err != nil || doc.Root.Get("selfservice.flows.registration.enabled").False() {
		return ""
	}
	if code, body := get(ctx, base+"/self-service/registration/browser"); code != http.StatusOK {
		return fmt.Sprintf("sign-up answers %d: %s", code, body)
	}
	return ""
}

func get(ctx context.Context, url string) (int, string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

// TestRealAddress: the real Kratos accepts the hook that rejects changes of address
// in every list that has it.
func TestRealAddress(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/address.txtar")
	require.NoError(t, err)
	c := readCase(t, archive)
	plan, err := patch.New(c.files, c.opts, c.env)
	require.NoError(t, err)
	require.Empty(t, plan.Errors())
	require.Len(t, plan.Changed, 2)
	require.Empty(t, start(t, plan.Changed[0].After, plan.Changed[1].After, true))
}
