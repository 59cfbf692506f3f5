package server_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/sidecar/server"
)

// expressions are the PromQL expressions of the dashboard and of the alerts.
func expressions(t *testing.T) []string {
	t.Helper()
	var all []string
	raw, err := os.ReadFile("../../../templates/deploy/grafana-dashboard.json")
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct {
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	require.NoError(t, json.Unmarshal(raw, &dashboard))
	for _, p := range dashboard.Panels {
		require.NotEmpty(t, p.Targets)
		for _, target := range p.Targets {
			all = append(all, target.Expr)
		}
	}
	raw, err = os.ReadFile("../../../templates/deploy/prometheus-rules.yml")
	require.NoError(t, err)
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert       string            `yaml:"alert"`
				Expr        string            `yaml:"expr"`
				Annotations map[string]string `yaml:"annotations"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	require.NoError(t, yaml.Unmarshal(raw, &rules))
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			require.NotEmpty(t, r.Annotations["summary"], r.Alert)
			require.NotEmpty(t, r.Annotations["description"], r.Alert)
			requireRunbook(t, r.Annotations["runbook_url"])
			all = append(all, r.Expr)
		}
	}
	return all
}

// requireRunbook requires the part of the runbooks that an alert links to.
func requireRunbook(t *testing.T, url string) {
	t.Helper()
	anchor, ok := strings.CutPrefix(url, "https://github.com/olympusoss/oly-passkey/blob/main/docs/runbooks.md#")
	require.True(t, ok, url)
	page, err := os.ReadFile("../../../docs/runbooks.md")
	require.NoError(t, err)
	var anchors []string
	for _, heading := range regexp.MustCompile(`(?m)^## (.*)$`).FindAllStringSubmatch(string(page), -1) {
		anchors = append(anchors, strings.ReplaceAll(strings.ToLower(regexp.MustCompile(`[^A-Za-z0-9 -]`).ReplaceAllString(heading[1], "")), " ", "-"))
	}
	require.Contains(t, anchors, anchor)
}

// scraped reads the metrics of a server that has done a little of everything:
// their names, as PromQL knows them, with their labels.
func scraped(t *testing.T) map[string][]string {
	t.Helper()
	ca := newAuthority(t)
	dir := t.TempDir()
	cert, key := ca.issue(t, "sidecar.internal", 2)
	require.NoError(t, os.WriteFile(dir+"/crt", cert, 0o600))
	require.NoError(t, os.WriteFile(dir+"/key", key, 0o600))
	s := serve(t, func(o *server.Options) {
		o.Name, o.Version = "one", "v1"
		o.TLS = server.TLS{CertFile: dir + "/crt", KeyFile: dir + "/key"}
	})
	client := ca.client(t, "")
	ask := func(path, key, body string) {
		req, err := http.NewRequest(http.MethodPost, s.URL()+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("X-Api-Key", key)
		resp, err := client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		ask("/v1/resolve", "resolve-key", `{"user_handle":"`+handle+`"}`)
		ask("/v1/hooks/kratos/login", "hooks-key", `{"identity_id":"`+somebody+`"}`)
		_, _, body := call(t, http.MethodGet, s.MetricsURL()+"/metrics", "", "")
		shown := map[string][]string{}
		for _, line := range sample.FindAllStringSubmatch(body, -1) {
			shown[line[1]] = nil
			for _, label := range matcher.FindAllStringSubmatch(line[2], -1) {
				shown[line[1]] = append(shown[line[1]], label[1])
			}
		}
		_, swept := shown["oly_passkey_last_complete_sweep_timestamp_seconds"]
		_, asked := shown["oly_passkey_kratos_requests_total"]
		if swept && asked {
			return shown
		}
		require.False(t, time.Now().After(deadline), "%s", body)
	}
}

var (
	sample   = regexp.MustCompile(`(?m)^([a-z_]+)(\{[^}]*\})? `)
	selector = regexp.MustCompile(`\b((?:oly_passkey|go|process)_[a-z0-9_]+)(\{[^}]*\})?`)
	matcher  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring) \(([^)]*)\)`)
)

// TestDashboardsShowWhatThereIs holds every metric and label of the dashboard
// and the alerts against those that a running server shows.
func TestDashboardsShowWhatThereIs(t *testing.T) {
	shown := scraped(t)
	used := map[string]bool{}
	for _, expr := range expressions(t) {
		labels := []string{"instance", "job"} // Prometheus adds these
		found := selector.FindAllStringSubmatch(expr, -1)
		require.NotEmpty(t, found, expr)
		for _, one := range found {
			name := one[1]
			used[name] = true
			require.Contains(t, shown, name, expr)
			for _, m := range matcher.FindAllStringSubmatch(one[2], -1) {
				require.Contains(t, shown[name], m[1], expr)
			}
			labels = append(labels, shown[name]...)
		}
		for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
			for _, label := range strings.Split(g[1], ",") {
				require.Contains(t, labels, strings.TrimSpace(label), expr)
			}
		}
	}
	// Whatever the server shows of itself is looked at somewhere.
	var unseen []string
	for name := range shown {
		ofHistogram := strings.HasSuffix(name, "_sum") || strings.HasSuffix(name, "_count")
		if strings.HasPrefix(name, "oly_passkey_") && !used[name] && !ofHistogram {
			unseen = append(unseen, name)
		}
	}
	slices.Sort(unseen)
	require.Equal(t, []string{"oly_passkey_sweep_read_identities"}, unseen)
}
