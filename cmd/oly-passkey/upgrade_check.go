package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/config/upgrade"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// upgradeCheck holds the flags of `upgrade-check`.
type upgradeCheck struct {
	files    linter // reads the configuration
	from, to string
	format   string
	failOn   string
}

func newUpgradeCheck(a *app) *cobra.Command {
	u := &upgradeCheck{files: linter{app: a}}
	c := &cobra.Command{
		Use:   "upgrade-check --to VERSION",
		Short: "what another Kratos changes for passkeys, with this configuration",
		Long: `Tells what changes for passkeys between two versions of Kratos, for one
configuration: what stops working, what works at last, and what behaves
otherwise. --to may be the older one.

Exit code 0: clean; 1: findings; 3: the configuration could not be read.`,
		Example: `  oly-passkey upgrade-check --from v1.3.1 --to v26.2.0 -c kratos.yml`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return u.run(cmd.Context()) },
	}
	f := c.Flags()
	f.StringVar(&u.from, "from", "", "`VERSION` that runs (default: of an image tag beside the files)")
	f.StringVar(&u.to, "to", "", "`VERSION` that is meant to run")
	f.StringArrayVarP(&u.files.layers, "config", "c", nil, "a layer of the configuration (repeatable, in order; default kratos.yml)")
	f.BoolVar(&u.files.env, "env", false, "lay the process' environment over the files, as Kratos does")
	f.StringArrayVar(&u.files.envFiles, "env-file", nil, "lay a file of NAME=VALUE lines over the files (repeatable, in order)")
	f.StringArrayVar(&u.files.schemas, "identity-schema", nil, "`[ID=]FILE`: where an identity schema is (repeatable)")
	u.files.outsideFlag(c)
	f.StringVar(&u.format, "format", "text", strings.Join(report.Formats(), ", "))
	f.StringVar(&u.failOn, "fail-on", "error", "exit with 1 for findings from this severity on: error, warning or info")
	return c
}

func (u *upgradeCheck) run(ctx context.Context) error {
	failOn, ok := finding.ParseSeverity(u.failOn)
	if !ok {
		return cli.Usagef("--fail-on is %q; it takes error, warning or info", u.failOn)
	}
	write, ok := report.ForFormat(u.format)
	if !ok {
		return cli.Usagef("--format is %q; it takes %s", u.format, strings.Join(report.Formats(), ", "))
	}
	to, err := kratosconf.ParseVersion(u.to)
	if err != nil {
		return cli.Usagef("--to: %w", err)
	}
	if u.from != "" {
		if _, err := kratosconf.ParseVersion(u.from); err != nil {
			return cli.Usagef("--from: %w", err)
		}
	}
	u.files.version = u.from
	files, opts, err := u.files.together()
	if err != nil {
		return err
	}
	if opts.Version == (kratosconf.Version{}) {
		return cli.Usagef("upgrade-check needs --from, because no image tag beside the files says what runs")
	}
	found, err := interruptible(ctx, func() ([]finding.Finding, error) { return upgrade.Check(files, opts, opts.Version, to) })
	if err != nil {
		return err
	}
	if err := write(u.files.app.stdout, found); err != nil {
		return err
	}
	for _, f := range found {
		if f.Severity >= failOn {
			return cli.Findings()
		}
	}
	return nil
}
