package sidecarcmd

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/api"
)

// NewHealthcheck returns the command for images that contain only this program.
func NewHealthcheck(a *cli.App) *cobra.Command {
	var listen string
	c := &cobra.Command{
		Use:   "healthcheck",
		Short: "check whether the local sidecar is ready",
		Long: `Requests /readyz from a sidecar on this machine, for the HEALTHCHECK of a
container and for monitoring.

Exit code 0: ready; 1: not ready, or unreachable.`,
		Example: `  oly-passkey healthcheck
  oly-passkey healthcheck --metrics-listen 0.0.0.0:4478`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if env := a.Getenv(serveEnvPrefix + "METRICS_LISTEN"); env != "" && !cmd.Flags().Changed("metrics-listen") {
				listen = env
			}
			return healthcheck(cmd.Context(), a, listen)
		},
	}
	c.Flags().StringVar(&listen, "metrics-listen", api.DefaultMetricsListen, "`HOST:PORT` of the sidecar's /readyz (also from OLY_PASSKEY_SERVE_METRICS_LISTEN)")
	return c
}

// healthcheckTimeout is shorter than what container engines wait for.
const healthcheckTimeout = 3 * time.Second

func healthcheck(ctx context.Context, a *cli.App, listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return cli.Usagef("invalid --metrics-listen %q: use HOST:PORT", listen)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost" // the server listens everywhere
	}
	ctx, stop := context.WithTimeout(ctx, healthcheckTimeout)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	answer := "ready"
	resp, err := (&http.Transport{}).RoundTrip(req) // no proxy, no redirect
	if err != nil {
		answer = "not ready: " + err.Error()
	} else {
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			why, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
			answer = "not ready: " + resp.Status + ": " + strings.TrimSpace(string(why))
		}
	}
	if _, err := fmt.Fprintln(a.Stdout, answer); err != nil {
		return err
	}
	if answer != "ready" {
		return cli.Findings()
	}
	return nil
}
