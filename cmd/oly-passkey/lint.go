package main

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/client"
	"github.com/olympusoss/oly-passkey/pkg/config/input"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/matrix"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// linter holds the flags of `lint`.
type linter struct {
	app           *app
	input         input.Options
	loader        *input.Loader
	format        string
	failOn        string
	color         string
	quiet         bool
	fix           string
	diff          bool
	explain       string
	baseline      string
	writeBaseline string
	sidecar       sidecarAccess
}

func newLint(a *app) *cobra.Command {
	l := &linter{app: a}
	c := &cobra.Command{
		Use:   "lint [-c FILE]... [FILE|FOLDER]...",
		Short: "check kratos.yml: will passkeys work where you deploy it?",
		Long: `Checks Kratos configurations offline: rp.id, origins, hooks, identity schemas.

Files given with -c are layers of one configuration; later files override
earlier ones, as in "kratos serve -c base.yml -c prod.yml". Files and folders
given without -c are separate configurations; "-" is standard input. Without
arguments, lint checks the environments of .oly-passkey.yaml, or kratos.yml.

A comment with a reason silences a rule on its line:

  id: example.com # oly:ignore rp-id-too-broad because we own every subdomain

Exit code 0: no finding of --fail-on or worse; 1: findings; 3: a file cannot be
read.`,
		Example: `  oly-passkey lint -c kratos.yml --domain auth.example.com
  oly-passkey lint -c base.yml -c prod.yml --env-file kratos.env --fix
  oly-passkey lint --format sarif deploy/ > lint.sarif
  oly-passkey lint --ory-project 9d7b6d0e-3f2a-4a4e-9a0f-1c2b3d4e5f60 \
    --ory-api-key-file ory.key
  oly-passkey lint --explain origin-trailing-slash`,
		RunE: func(cmd *cobra.Command, args []string) error { return l.run(cmd.Context(), args) },
	}
	l.flags(c)
	return cli.Graceful(c) // --fix writes files
}

func (l *linter) flags(c *cobra.Command) {
	o := &l.input
	cli.Group(c, configurationFlags, func(f *pflag.FlagSet) {
		l.app.configFlags(f, o)
		f.BoolVar(&o.Online, "online", false, "download identity schemas from http and https URLs; private addresses need --allow-outside")
		f.StringVar(&o.StdinFilename, "stdin-filename", "", "`NAME` of the standard input in findings")
	})
	cli.Group(c, deploymentFlags, func(f *pflag.FlagSet) {
		domainFlag(f, o)
		f.StringArrayVar(&o.DomainsFrom, "domains-from", nil, "take deployed domains from `FILE`: hosts, Ingress, HTTPRoute, Caddyfile, nginx (repeatable)")
		relatedFlag(f, o)
		f.StringVar(&o.Profile, "profile", "", "how strict some rules are, `PROFILE`: dev or prod (default: guessed from the domains)")
	})
	cli.Group(c, "Fixes", func(f *pflag.FlagSet) {
		cli.Choice(f, &l.fix, "fix", "", "apply fixes in `MODE`", "safe", "suggested")
		f.Lookup("fix").NoOptDefVal = "safe"
		f.Lookup("fix").Usage += ", which includes fixes that are usually right"
		f.BoolVar(&l.diff, "diff", false, "show what --fix would change, and write nothing")
	})
	cli.Group(c, outputFlags, func(f *pflag.FlagSet) {
		cli.Format(f, &l.format, report.Formats()...)
		failOnFlag(f, &l.failOn)
		f.BoolVarP(&l.quiet, "quiet", "q", false, "show only findings that --fail-on counts")
		colorFlag(f, &l.color)
		f.StringVar(&l.explain, "explain", "", "show why `RULE` exists, with an example")
	})
	cli.Group(c, "Comparison with an earlier state", func(f *pflag.FlagSet) {
		f.StringVar(&l.baseline, "baseline", "", "compare with an earlier `FILE|git:REV`, or leave out the findings recorded in FILE")
		f.StringVar(&l.writeBaseline, "write-baseline", "", "write the current findings to `FILE`, for --baseline")
		l.sidecar.flags(f, "", api.ScopeRead)
		f.Lookup("sidecar").Usage = "`URL` of the sidecar, to count the users whom a changed rp.id locks out"
	})
	cli.Group(c, "Environments", func(f *pflag.FlagSet) {
		f.StringVar(&o.Project, "project", "", "`FILE` that describes the environments (default: .oly-passkey.yaml)")
		f.StringVar(&o.Environment, "environment", "", "check only the environment `NAME`")
		f.BoolVar(&o.AllEnvironments, "all-environments", false, "check every environment, even if files are named")
	})
	cli.Group(c, "Ory Network", func(f *pflag.FlagSet) {
		f.StringVar(&o.Network.ID, "ory-project", "", "check the identity configuration of the project with the UUID `ID`")
		f.StringVar(&o.Network.KeyFile, "ory-api-key-file", "", "`FILE` with an API key of the project or its workspace (default: $ORY_WORKSPACE_API_KEY, $ORY_PROJECT_API_KEY)")
		f.StringVar(&o.Network.URL, "ory-api-url", "", "`URL` of the Ory Network's API, if it is not the default")
	})
	for flag, complete := range map[string]cobra.CompletionFunc{
		"profile": cli.Values("dev", "prod"),
		"explain": completeRules,
	} {
		_ = c.RegisterFlagCompletionFunc(flag, complete) // the flag exists
	}
}

func (l *linter) run(ctx context.Context, args []string) error {
	if l.explain != "" {
		return explainRule(l.app.stdout, l.explain)
	}
	if l.input.Files = args; len(args) == 1 && (args[0] == "safe" || args[0] == "suggested") && l.fix != "" {
		if _, err := os.Stat(args[0]); errors.Is(err, fs.ErrNotExist) {
			return cli.Usagef("--fix takes its value after =: --fix=%s", args[0])
		}
	}
	if err := l.input.Check(); err != nil {
		return err
	}
	if l.input.Network.ID != "" && l.fix != "" && !l.diff && l.format != "text" {
		return cli.Usagef("--fix with --ory-project prints a command for the Ory CLI; use --format text")
	}
	l.input.Named = []string{l.baseline, l.writeBaseline}
	var err error
	if l.loader, err = input.New(l.input); err != nil {
		return err
	}
	configs, err := cli.Interruptible(ctx, func() ([]input.Config, error) { return l.loader.Configs(ctx) })
	if err != nil {
		return err
	}
	if err := l.enrolled(ctx, configs); err != nil {
		return err
	}
	base, err := l.loader.Baseline(l.baseline)
	if err != nil {
		return err
	}
	all, err := l.check(ctx, configs, base)
	if err != nil {
		return err
	}
	for _, c := range configs {
		if c.Network != nil {
			locate(c.Network, all)
		}
	}
	all = l.loader.Apply(all, time.Now())
	if l.writeBaseline != "" {
		return l.record(all)
	}
	write, err := l.writer(ctx, configs)
	if err != nil {
		return err
	}
	return l.answer(all, write)
}

// writer returns the writer of the format.
func (l *linter) writer(ctx context.Context, configs []input.Config) (report.Writer, error) {
	switch l.format {
	case "html":
		return cli.Interruptible(ctx, func() (report.Writer, error) { return withMatrix(configs) })
	case "text":
		return l.app.look(l.color).Text, nil
	}
	write, _ := report.ForFormat(l.format) // the flag takes no other value
	return write, nil
}

// withMatrix returns the writer of an HTML report with the matrix of each
// configuration that can be read.
func withMatrix(configs []input.Config) (report.Writer, error) {
	var b strings.Builder
	for _, c := range configs {
		pass, err := c.Parse()
		var unreadable *input.UnreadableError
		if errors.As(err, &unreadable) {
			continue // lint reports it
		}
		if err != nil {
			return nil, err
		}
		if len(pass.Enabled()) == 0 {
			continue
		}
		if err := matrix.New(pass).Tables(&b, nil); err != nil {
			return nil, err
		}
	}
	return func(w io.Writer, findings []finding.Finding) error {
		return report.HTMLWith(w, findings, template.HTML(b.String())) //nolint:gosec // html/template has escaped it
	}, nil
}

// check lints each configuration, after fixing it if that was asked for.
func (l *linter) check(ctx context.Context, configs []input.Config, base input.Baseline) ([]finding.Finding, error) {
	var all []finding.Finding
	reported := make(map[string]bool) // environments share files
	for _, c := range configs {
		var found []finding.Finding
		var err error
		if c.Lint.Baseline, err = base.Before(ctx, c.Files); err != nil {
			return nil, err
		}
		if l.fix != "" || l.diff {
			found, err = l.applyFixes(ctx, c)
		} else {
			found, err = cli.Interruptible(ctx, func() ([]finding.Finding, error) { return lint.Check(c.Files, c.Lint, rules.All()) })
		}
		if err != nil {
			return nil, fmt.Errorf("check %q: %w", c.Files[0].Name, err)
		}
		for _, f := range found {
			key := f.Rule + "\x00" + f.Span.String() + "\x00" + f.Message
			if !reported[key] {
				reported[key] = true
				all = append(all, f)
			}
		}
	}
	return base.New(all), nil
}

func (l *linter) answer(all []finding.Finding, write report.Writer) error {
	bad := false
	shown := all[:0:0]
	for _, f := range all {
		counts := failed(f.Severity, l.failOn)
		bad = bad || counts
		if counts || !l.quiet {
			shown = append(shown, f)
		}
	}
	if !l.diff {
		if err := write(l.app.stdout, shown); err != nil {
			return err
		}
	}
	if bad {
		return cli.Findings()
	}
	return nil
}

// record writes the current findings to --write-baseline.
func (l *linter) record(all []finding.Finding) error {
	name := l.writeBaseline
	text, err := input.Record(all)
	if err != nil {
		return err
	}
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return l.rewrite([]yamledit.Change{{Name: name, After: text}})
	}
	if err := l.loader.MayWrite(name); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644) //nolint:gosec // it is committed beside the configuration
}

// rewrite replaces existing files, none of them outside of the bounds.
func (l *linter) rewrite(changed []yamledit.Change) error {
	for _, c := range changed {
		if err := l.loader.MayWrite(c.Name); err != nil {
			return err
		}
	}
	return rewriteAll(changed)
}

// enrolled asks the sidecar how many users have keys.
func (l *linter) enrolled(ctx context.Context, configs []input.Config) error {
	if l.sidecar.url == "" {
		for _, c := range configs {
			if e := c.Environment; l.sidecar.keyFile != "" && e.Sidecar != "" {
				return cli.Usagef("environment %q names a sidecar, but a key is only sent to a URL from the command line: add --sidecar", e.Name)
			}
		}
		return nil
	}
	if err := l.sidecar.check(); err != nil {
		return err
	}
	key, err := l.sidecar.key(api.ScopeRead)
	if err != nil {
		return err
	}
	c, err := client.New(client.Options{URL: l.sidecar.url, Key: key})
	if err != nil {
		return cli.Usagef("--sidecar: %w", err)
	}
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	index, err := c.Index(ctx)
	if errors.Is(err, client.ErrKey) {
		err = fmt.Errorf("%w; pass a key of scope read with --api-key-file", err)
	}
	if err != nil {
		return fmt.Errorf("ask the sidecar: %w", err)
	}
	if !index.Complete {
		return errors.New("ask the sidecar: its index is not complete yet; try again, or leave out --sidecar")
	}
	users := index.Enrolled()
	for i := range configs {
		configs[i].Lint.Enrolled = &users
	}
	return nil
}
