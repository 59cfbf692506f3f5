package bench_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/internal/testing/postgrestest"
)

func writeFile(path, content string) error { return os.WriteFile(path, []byte(content), 0o600) }

// buildRounds is how often each build is compared with the paging.
const buildRounds = 2

func measureBuild(t *testing.T, s scale, p *part) {
	p.printf("The bare client asks for one page after the other and throws it away; the build is the whole of `serve` on an empty data\n" +
		"directory, from its start until the index is complete. PostgreSQL is a throw-away cluster that does not flush (fsync=off).\n\n")
	p.printf("| | identities | bare client | build | of the bare client | most memory outside of the page cache |\n|---|---:|---:|---:|---:|---:|\n")
	rounds := min(s.rounds, buildRounds)

	fake := "http://" + startRole(t, "fakekratos", fmt.Sprint(s.faked))
	cluster := postgrestest.Start(t)
	onBolt := func(t *testing.T) []string { t.Helper(); return []string{"--data-dir", t.TempDir()} }
	onPostgres := func(t *testing.T) []string {
		t.Helper()
		file := filepath.Join(t.TempDir(), "dsn")
		require.NoError(t, writeFile(file, cluster.Database(t)))
		return []string{"--postgres-dsn-file", file}
	}
	compareBuilds(t, p, "fake admin API, bbolt", fake, s.faked, rounds, onBolt)

	k := startKratos(t, kratostest.FreeAddresses(t, 1)[0])
	k.populate(t, s.listed)
	compareBuilds(t, p, "real Kratos on PostgreSQL, bbolt", k.admin, s.listed+1, rounds, onBolt)
	compareBuilds(t, p, "real Kratos on PostgreSQL, PostgreSQL", k.admin, s.listed+1, rounds, onPostgres)
}

// compareBuilds builds and pages in turns, and writes a line of the table.
func compareBuilds(t *testing.T, p *part, what, kratos string, people, rounds int, store func(*testing.T) []string) {
	t.Helper()
	var bare, build, ratios []float64
	most := 0.0
	for round := range rounds {
		t.Run(fmt.Sprintf("%s %d", what, round), func(t *testing.T) {
			from := time.Now()
			require.Equal(t, people, pageThrough(t, kratos))
			bare = append(bare, float64(people)/time.Since(from).Seconds())

			from = time.Now()
			side := startSidecar(t, append(store(t), "--kratos-admin-url", kratos)...)
			await(t, "the index is complete", 20*time.Millisecond, func() bool {
				most = max(most, side.memory(t))
				return isComplete(t, side)
			})
			build = append(build, float64(people)/time.Since(from).Seconds())
			ratios = append(ratios, build[round]/bare[round])
			side.stop()
		})
		require.Len(t, ratios, round+1)
	}
	p.printf("| %s | %s | %s/s | %s/s | %.2f | %.0f MB |\n", what, count(people), count(int(median(bare))), count(int(median(build))), median(ratios), most)
}

// pageThrough counts the bytes that look like the start of an identity.
func pageThrough(t *testing.T, kratos string) (people int) {
	t.Helper()
	const page = 1000
	for next := "/admin/identities?include_credential=webauthn&page_size=" + fmt.Sprint(page); next != ""; {
		resp, err := http.Get(kratos + next)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		var counted countIdentities
		_, err = io.Copy(&counted, resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		people += counted.n
		next = ""
		for link := range strings.SplitSeq(resp.Header.Get("Link"), ",") {
			if target, ok := strings.CutSuffix(link, `; rel="next"`); ok {
				u, err := url.Parse(strings.Trim(strings.TrimSpace(target), "<>"))
				require.NoError(t, err)
				next = u.RequestURI()
			}
		}
	}
	return people
}

// countIdentities throws a page away and counts what every identity has once.
type countIdentities struct {
	n    int
	tail string
}

func (c *countIdentities) Write(p []byte) (int, error) {
	const mark = `"schema_url":`
	c.n += strings.Count(c.tail+string(p), mark)
	text := c.tail + string(p)
	c.tail = text[max(0, len(text)-len(mark)+1):]
	return len(p), nil
}

func isComplete(t *testing.T, side *sidecar) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+side.addr+"/v1/index", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+key+"3")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	var status struct {
		Complete bool `json:"complete"`
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&status))
	return status.Complete
}
