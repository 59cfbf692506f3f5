package manifests_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// TestPromQL parses every expression of the alerts and of the dashboard with
// Prometheus' own parser; pkg/sidecar/server holds what they name against a running
// server.
func TestPromQL(t *testing.T) {
	var expressions []string
	raw, err := os.ReadFile("../../templates/deploy/prometheus-rules.yml")
	require.NoError(t, err)
	var rules struct {
		Groups []struct {
			Rules []struct {
				Expr string `json:"expr"`
			} `json:"rules"`
		} `json:"groups"`
	}
	require.NoError(t, yaml.Unmarshal(raw, &rules))
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			expressions = append(expressions, r.Expr)
		}
	}
	raw, err = os.ReadFile("../../templates/deploy/grafana-dashboard.json")
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
		for _, target := range p.Targets {
			// Grafana puts values in their place.
			expressions = append(expressions, strings.NewReplacer("$__rate_interval", "5m", "$name", ".*").Replace(target.Expr))
		}
	}
	require.Greater(t, len(expressions), 25)
	for _, e := range expressions {
		require.NotEmpty(t, e)
		_, err := parser.NewParser(parser.Options{}).ParseExpr(e)
		require.NoError(t, err, e)
	}
}
