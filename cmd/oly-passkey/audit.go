package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/cmd/internal/sidecarcmd"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/audit"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// auditor holds the flags of `audit`.
type auditor struct {
	app            *app
	kratosAdminURL string
	state, output  string
	format, failOn string
	rpIDChange     string
	since          string
	pageSize       int
	access         kratosadmin.Access
}

func newAudit(a *app) *cobra.Command {
	u := &auditor{app: a}
	c := &cobra.Command{
		Use:   "audit --kratos-admin-url URL",
		Short: "count the passkeys of all identities, and find what is wrong with them",
		Long: `Reads all identities of a Kratos once and reports which passkeys there are, where
they live, and what to look at: copied keys, people whom one lost device locks
out, stale and personal user handles, keys of the older method. Nothing is
written to Kratos, and the report names identities by their id alone.

With --state an interrupted audit goes on where it was; the folder is removed at
the end. --rp-id-change says who would be locked out by another rp.id, --since
compares with an earlier report (--format json).

Exit code 0: no finding of --fail-on or worse; 1: findings; 3: it could not
finish.`,
		Example: `  oly-passkey audit --kratos-admin-url http://127.0.0.1:4434
  oly-passkey audit --kratos-admin-url http://127.0.0.1:4434 --format html --output passkeys.html
  oly-passkey audit --kratos-admin-url http://127.0.0.1:4434 --rp-id-change example.org --max-rps 5 --state audit.state
  oly-passkey audit --kratos-admin-url https://SLUG.projects.oryapis.com --kratos-admin-token-file ory.key`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return u.run(cmd.Context()) },
	}
	f := c.Flags()
	f.StringVar(&u.kratosAdminURL, "kratos-admin-url", "", "`URL` of Kratos' admin API, without /admin")
	f.StringVar(&u.format, "format", "text", "text, csv, json or html")
	f.StringVarP(&u.output, "output", "o", "", "`FILE` to write the report to (default: stdout)")
	f.StringVar(&u.state, "state", "", "`DIR` that keeps what was read, so that an interrupted audit can go on")
	sidecarcmd.KratosAccessFlags(c, &u.access)
	f.IntVar(&u.pageSize, "page-size", 500, "identities a request (1 to 1000)")
	f.StringVar(&u.rpIDChange, "rp-id-change", "", "forecast what `ID` in place of today's rp.id would do")
	f.StringVar(&u.since, "since", "", "`FILE` of an earlier report in JSON to compare with")
	f.StringVar(&u.failOn, "fail-on", "error", "exit with 1 for findings from this severity on: error, warning or info")
	if err := c.MarkFlagRequired("kratos-admin-url"); err != nil {
		panic(err) // the flag is defined above
	}
	return c
}

func (u *auditor) run(ctx context.Context) error {
	if !slices.Contains([]string{"text", "csv", "json", "html"}, u.format) {
		return cli.Usagef("--format is %q; it takes text, csv, json or html", u.format)
	}
	var err error
	failOn, ok := finding.ParseSeverity(u.failOn)
	if !ok {
		return cli.Usagef("--fail-on is %q; it takes error, warning or info", u.failOn)
	}
	if u.access.MaxRPS < 0 || u.pageSize < 1 || u.pageSize > 1000 {
		return cli.Usagef("--max-rps has to be 0 or more, and --page-size 1 to 1000")
	}
	o := audit.Options{Source: u.kratosAdminURL, State: u.state, MaxRPS: u.access.MaxRPS}
	if u.rpIDChange != "" {
		if o.Forecast, err = audit.NewForecast(u.rpIDChange); err != nil {
			return cli.Usagef("--rp-id-change: %w", err)
		}
	}
	var since *audit.Saved
	if u.since != "" {
		if since, err = readSaved(u.since); err != nil {
			return err
		}
	}
	if o.Kratos, err = u.kratos(); err != nil {
		return err
	}
	bar := cli.NewProgressLine(u.app.stderr)
	o.Progress = bar.Show
	report, err := audit.Run(ctx, o)
	bar.End()
	if err != nil {
		return err
	}
	report.Since, report.Source, report.Made = since, u.kratosAdminURL, time.Now()
	if err := u.write(report); err != nil {
		return errors.Join(err, report.Keep())
	}
	worst := report.Summary.Worst()
	if err := report.Close(); err != nil {
		return err
	}
	if worst >= failOn {
		return cli.Findings()
	}
	return nil
}

// kratos makes the client; how fast it may ask is the audit's own affair.
func (u *auditor) kratos() (*kratosadmin.Client, error) {
	access := u.access
	access.MaxRPS = 0
	transport, err := access.Transport()
	if err != nil {
		return nil, err
	}
	c, err := kratosadmin.New(kratosadmin.Options{URL: u.kratosAdminURL, PageSize: u.pageSize, Transport: transport})
	if err != nil {
		return nil, cli.Usagef("--kratos-admin-url: %w", err)
	}
	return c, nil
}

func readSaved(path string) (*audit.Saved, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	saved, err := audit.ReadSaved(f)
	if err != nil {
		return nil, fmt.Errorf("--since %s: %w", path, err)
	}
	return saved, nil
}

// write writes the report to stdout, or whole or not at all to a file.
func (u *auditor) write(r *audit.Report) error {
	write := map[string]func(io.Writer) error{"text": r.WriteText, "csv": r.WriteCSV, "json": r.WriteJSON, "html": r.WriteHTML}[u.format]
	if u.output == "" {
		return write(u.app.stdout)
	}
	s, err := source.Stage(u.output, 0o600, write)
	if err != nil {
		return err
	}
	defer s.Discard()
	return s.Commit()
}
