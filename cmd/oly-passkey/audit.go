package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/pkg/audit"
	"github.com/olympusoss/oly-passkey/pkg/kratosadmin"
)

// auditor holds the flags of `audit`.
type auditor struct {
	app            *app
	kratosAdminURL string
	state, output  string
	format, failOn string
	rpIDChange     string
	since          string
	maxRPS         float64
	pageSize       int
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
  oly-passkey audit --kratos-admin-url http://127.0.0.1:4434 --rp-id-change example.org --max-rps 5 --state audit.state`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return u.run(cmd.Context()) },
	}
	f := c.Flags()
	f.StringVar(&u.kratosAdminURL, "kratos-admin-url", "", "`URL` of Kratos' admin API, without /admin")
	f.StringVar(&u.format, "format", "text", "text, csv, json or html")
	f.StringVarP(&u.output, "output", "o", "", "`FILE` to write the report to (default: stdout)")
	f.StringVar(&u.state, "state", "", "`DIR` that keeps what was read, so that an interrupted audit can go on")
	f.Float64Var(&u.maxRPS, "max-rps", 0, "requests a second at most (0: as fast as Kratos answers)")
	f.IntVar(&u.pageSize, "page-size", 500, "identities a request (1 to 1000)")
	f.StringVar(&u.rpIDChange, "rp-id-change", "", "forecast what another rp.`ID` would do")
	f.StringVar(&u.since, "since", "", "`FILE` of an earlier report in JSON to compare with")
	f.StringVar(&u.failOn, "fail-on", "error", "exit with 1 for findings from this severity on: error, warning or info")
	if err := c.MarkFlagRequired("kratos-admin-url"); err != nil {
		panic(err) // the flag is defined above
	}
	return c
}

func (u *auditor) run(ctx context.Context) error {
	if !slices.Contains([]string{"text", "csv", "json", "html"}, u.format) {
		return usagef("--format is %q; it takes text, csv, json or html", u.format)
	}
	failOn, err := audit.ParseSeverity(u.failOn)
	if err != nil {
		return usagef("--fail-on: %w", err)
	}
	if u.maxRPS < 0 || u.pageSize < 1 || u.pageSize > 1000 {
		return usagef("--max-rps has to be 0 or more, and --page-size 1 to 1000")
	}
	o := audit.Options{Source: u.kratosAdminURL, State: u.state, MaxRPS: u.maxRPS}
	if u.rpIDChange != "" {
		if o.Forecast, err = audit.NewForecast(u.rpIDChange); err != nil {
			return usagef("--rp-id-change: %w", err)
		}
	}
	var since *audit.Saved
	if u.since != "" {
		if since, err = readSaved(u.since); err != nil {
			return err
		}
	}
	o.Kratos, err = kratosadmin.New(kratosadmin.Options{URL: u.kratosAdminURL, PageSize: u.pageSize})
	if err != nil {
		return usagef("--kratos-admin-url: %w", err)
	}
	bar := &progressLine{w: u.app.stderr, tty: isTerminal(u.app.stderr), shown: time.Now()}
	o.Progress = bar.show
	report, err := audit.Run(ctx, o)
	bar.end()
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
	if worst != "" && worst.AtLeast(failOn) {
		return findings()
	}
	return nil
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
	tmp, err := os.CreateTemp(filepath.Dir(u.output), ".oly-passkey-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone already once it was renamed
	if err := errors.Join(write(tmp), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), u.output)
}

// progressLine shows how far an audit is: one line that is written over on a
// terminal, a line every ten seconds elsewhere.
type progressLine struct {
	w     io.Writer
	tty   bool
	shown time.Time
}

func (l *progressLine) show(p audit.Progress) {
	every := 10 * time.Second
	if l.tty {
		every = 100 * time.Millisecond
	}
	if time.Since(l.shown) < every {
		return
	}
	l.shown = time.Now()
	text := fmt.Sprintf("%s identities, %.0f %%, %s a second, %s left", audit.Thousands(p.Identities), 100*p.Fraction, audit.Thousands(int(p.Rate())), p.Left())
	if l.tty {
		_, _ = fmt.Fprintf(l.w, "\r\x1b[K%s", text)
		return
	}
	_, _ = fmt.Fprintf(l.w, "oly-passkey: %s\n", text)
}

func (l *progressLine) end() {
	if l.tty {
		_, _ = fmt.Fprint(l.w, "\r\x1b[K")
	}
}
