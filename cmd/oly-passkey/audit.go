package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/cmd/internal/sidecarcmd"
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
		Short: "report on the passkeys of all identities, and problems with them",
		Long: `Reads all identities of a Kratos once and reports which passkeys exist, who
provides them, and what needs attention: copied keys, users whom one lost device
locks out, stale and personal user handles, keys of the older method. Nothing is
written to Kratos, and the report names identities only by their id.

With --state an interrupted audit continues where it stopped; the folder is
removed at the end. --rp-id-change predicts who would be locked out by another
rp.id, --since compares with an earlier report (--format json).

Exit code 0: no finding of --fail-on or worse; 1: findings; 3: not finished.`,
		Example: `  oly-passkey audit --kratos-admin-url http://127.0.0.1:4434
  oly-passkey audit --kratos-admin-url http://127.0.0.1:4434 \
    --format html --output passkeys.html
  oly-passkey audit --kratos-admin-url http://127.0.0.1:4434 \
    --rp-id-change example.org --max-rps 5 --state audit.state
  oly-passkey audit --kratos-admin-url https://SLUG.projects.oryapis.com \
    --kratos-admin-token-file ory.key`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return u.run(cmd.Context()) },
	}
	cli.Group(c, kratosFlags, func(f *pflag.FlagSet) {
		f.StringVar(&u.kratosAdminURL, "kratos-admin-url", "", "`URL` of Kratos' admin API, without /admin")
		sidecarcmd.KratosAccessFlags(f, &u.access)
		f.IntVar(&u.pageSize, "page-size", 500, "`NUMBER` of identities per request (1 to 1000)")
	})
	cli.Group(c, "Report", func(f *pflag.FlagSet) {
		f.StringVar(&u.rpIDChange, "rp-id-change", "", "forecast the effect of changing rp.id to `RP-ID`")
		f.StringVar(&u.since, "since", "", "compare with an earlier report in JSON, `FILE`")
		f.StringVar(&u.state, "state", "", "`DIR` that keeps what was read, to continue an interrupted audit")
	})
	cli.Group(c, outputFlags, func(f *pflag.FlagSet) {
		cli.Format(f, &u.format, "text", "csv", "json", "html")
		f.StringVarP(&u.output, "output", "o", "", "`FILE` for the report (default: standard output)")
		failOnFlag(f, &u.failOn)
	})
	if err := c.MarkFlagRequired("kratos-admin-url"); err != nil {
		panic(err) // the flag is defined above
	}
	return cli.Graceful(c) // it keeps its state
}

func (u *auditor) run(ctx context.Context) error {
	var err error
	switch {
	case u.access.MaxRPS < 0:
		return cli.Usagef("invalid --max-rps %g: use 0 or more", u.access.MaxRPS)
	case u.pageSize < 1 || u.pageSize > 1000:
		return cli.Usagef("invalid --page-size %d: use 1 to 1000", u.pageSize)
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
	if failed(worst, u.failOn) {
		return cli.Findings()
	}
	return nil
}

// kratos returns the client. The audit itself limits the rate.
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

// write writes the report to stdout, or atomically to a file.
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
