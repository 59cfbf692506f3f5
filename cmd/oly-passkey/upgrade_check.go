package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/input"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/config/upgrade"
)

// upgradeCheck holds the flags of `upgrade-check`.
type upgradeCheck struct {
	app    *app
	input  input.Options
	to     string
	format string
	failOn string
}

func newUpgradeCheck(a *app) *cobra.Command {
	u := &upgradeCheck{app: a}
	c := &cobra.Command{
		Use:   "upgrade-check --to VERSION",
		Short: "show what a Kratos upgrade changes for your passkeys",
		Long: `Compares two versions of Kratos for one configuration: what stops working, what
starts working, and what behaves differently. --to may be the older one.

Exit code 0: no finding of --fail-on or worse; 1: findings; 3: the configuration
cannot be read.`,
		Example: `  oly-passkey upgrade-check --from v1.3.1 --to v26.2.0 -c kratos.yml`,
		Args:    cli.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return u.run(cmd.Context()) },
	}
	cli.Group(c, "Versions", func(f *pflag.FlagSet) {
		f.StringVar(&u.to, "to", "", "Kratos `VERSION` to change to")
	})
	cli.Group(c, configurationFlags, func(f *pflag.FlagSet) {
		a.configFlags(f, &u.input)
		from := f.Lookup("kratos-version")
		from.Name, from.Usage = "from", "current Kratos `VERSION` (default: from a nearby image tag)"
	})
	cli.Group(c, outputFlags, func(f *pflag.FlagSet) {
		cli.Format(f, &u.format, report.Formats()...)
		failOnFlag(f, &u.failOn)
	})
	cli.Renamed(c, map[string]string{"kratos-version": "from"})
	for _, flag := range []string{"from", "to"} {
		_ = c.RegisterFlagCompletionFunc(flag, completeVersions) // the flag exists
	}
	return c
}

func (u *upgradeCheck) run(ctx context.Context) error {
	if u.to == "" {
		return cli.Usagef("upgrade-check needs --to VERSION, such as --to v26.2.0")
	}
	to, err := kratosconf.ParseVersion(u.to)
	if err != nil {
		return cli.Usagef("--to: %w", err)
	}
	if u.input.Version != "" {
		if _, err := kratosconf.ParseVersion(u.input.Version); err != nil {
			return cli.Usagef("--from: %w", err)
		}
	}
	l, err := input.New(u.input)
	if err != nil {
		return err
	}
	config, err := l.One(ctx)
	if err != nil {
		return err
	}
	if config.Lint.Version == (kratosconf.Version{}) {
		return cli.Usagef("upgrade-check needs --from VERSION: no image tag near the files shows the current version")
	}
	if newest := slices.MaxFunc(upgrade.Versions(), kratosconf.Version.Compare); to.AtLeast(newest) && to != newest {
		u.app.notice(fmt.Sprintf("%s is newer than the changes that this version of oly-passkey knows", to))
	}
	found, err := upgrade.Check(config.Files, config.Lint, config.Lint.Version, to)
	if err != nil {
		return err
	}
	write, _ := report.ForFormat(u.format) // the flag takes no other value
	if err := write(u.app.stdout, found); err != nil {
		return err
	}
	for _, f := range found {
		if failed(f.Severity, u.failOn) {
			return cli.Findings()
		}
	}
	return nil
}

// completeVersions completes versions of Kratos.
func completeVersions(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var all []string
	for _, v := range upgrade.Versions() {
		all = append(all, v.String())
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}
