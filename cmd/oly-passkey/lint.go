package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// linter holds the flags of `lint`.
type linter struct {
	app             *app
	layers          []string
	env             bool
	envFiles        []string
	rendered        bool
	domains         []string
	online          bool
	fetch           func(string) (*source.File, error)
	related         string
	domainsFrom     []string
	schemas         []string
	profile         string
	version         string
	format          string
	failOn          string
	color           string
	quiet           bool
	fix             string
	diff            bool
	explain         string
	stdinFilename   string
	baseline        string
	writeBaseline   string
	sidecar         string
	keyFile         string
	project         string
	environment     string
	allEnvironments bool
	network         oryNetwork
	allowOutside    bool
	insecureHTTP    bool
	bounds          *source.Bounds // of the files that are read, nil until the first
	bodies          *hookbody.Bodies
}

func newLint(a *app) *cobra.Command {
	l := &linter{app: a}
	c := &cobra.Command{
		Use:   "lint [-c FILE]... [FILE|FOLDER]...",
		Short: "check kratos.yml: will passkeys work where you deploy it?",
		Long: `Checks Kratos configurations offline: rp.id, origins, hooks, identity schemas.

Files given with -c are layers of one configuration, the later over the earlier,
as in "kratos serve -c base.yml -c prod.yml". Files and folders given without -c
are checked each by itself; "-" is the standard input. Without any argument it
checks the environments of .oly-passkey.yaml, or kratos.yml.

A comment silences a rule on its line, if it says why:
  id: example.com # oly:ignore rp-id-too-broad because only we own names below it`,
		Example: `  oly-passkey lint -c kratos.yml --domain auth.example.com
  oly-passkey lint -c base.yml -c prod.yml --env-file kratos.env --fix
  oly-passkey lint --format sarif deploy/ > lint.sarif
  oly-passkey lint --ory-project 9d7b6d0e-3f2a-4a4e-9a0f-1c2b3d4e5f60 --ory-api-key-file ory.key
  oly-passkey lint --explain origin-trailing-slash`,
		RunE: func(cmd *cobra.Command, args []string) error { return l.run(cmd.Context(), args) },
	}
	f := c.Flags()
	f.StringArrayVarP(&l.layers, "config", "c", nil, "a layer of the configuration (repeatable, in order)")
	f.BoolVar(&l.env, "env", false, "lay the process' environment over the files, as Kratos does")
	f.StringArrayVar(&l.envFiles, "env-file", nil, "lay a file of NAME=VALUE lines over the files (repeatable, in order)")
	f.BoolVar(&l.rendered, "rendered", false, "the files are rendered: template expressions are plain text")
	f.StringArrayVar(&l.domains, "domain", nil, "a deployed domain: a host (https) or an origin (repeatable)")
	f.StringArrayVar(&l.domainsFrom, "domains-from", nil, "take deployed domains from a `FILE`: hosts, Ingress, HTTPRoute, Caddyfile, nginx (repeatable)")
	f.BoolVar(&l.online, "online", false, "fetch identity schemas that are at an http or https URL")
	f.StringVar(&l.related, "related-origins", "", "`FILE` with what https://RP-ID/.well-known/webauthn answers, or will")
	f.StringVar(&l.project, "project", "", "the `FILE` that describes the environments (.oly-passkey.yaml)")
	f.StringVar(&l.environment, "environment", "", "check one environment of the project")
	f.BoolVar(&l.allEnvironments, "all-environments", false, "check every environment of the project, also when files are named")
	f.StringArrayVar(&l.schemas, "identity-schema", nil, "`[ID=]FILE`: where an identity schema is (repeatable)")
	f.StringVar(&l.profile, "profile", "", "dev or prod: how strict some rules are (guessed from the domains)")
	f.StringVar(&l.version, "kratos-version", "", "the Kratos that reads the files (from an image tag beside them, else v26.2.0)")
	f.StringVar(&l.format, "format", "text", strings.Join(report.Formats(), ", "))
	f.StringVar(&l.color, "color", "auto", "auto (on a terminal, unless NO_COLOR is set), always or never")
	f.StringVar(&l.failOn, "fail-on", "error", "exit with 1 for findings from this severity on: error, warning or info")
	f.BoolVarP(&l.quiet, "quiet", "q", false, "show only the findings that --fail-on counts")
	f.StringVar(&l.fix, "fix", "", "mend what can be mended safely; --fix=suggested mends what is right most of the time, too")
	f.Lookup("fix").NoOptDefVal = "safe"
	f.BoolVar(&l.diff, "diff", false, "show what --fix would do, and write nothing")
	f.StringVar(&l.explain, "explain", "", "say why a rule exists, with an example")
	f.StringVar(&l.baseline, "baseline", "", "compare with an earlier `FILE|git:REV`, or leave out the findings recorded in FILE")
	f.StringVar(&l.writeBaseline, "write-baseline", "", "record the findings of now in `FILE`, for --baseline")
	f.StringVar(&l.sidecar, "sidecar", "", "`URL` of the sidecar, which knows how many people a changed rp.id locks out")
	f.StringVar(&l.keyFile, "api-key-file", "", "`FILE` with the sidecar's key of scope read")
	insecureHTTPFlag(c, &l.insecureHTTP)
	l.outsideFlag(c)
	l.network.flags(f)
	f.StringVar(&l.stdinFilename, "stdin-filename", "", "the name of what is read from \"-\"")
	return c
}

func (l *linter) run(ctx context.Context, args []string) error {
	l.fetch = fetcher(ctx, l.allowOutside)
	l.bodies = hookbody.NewBodies(l.app.bodies)
	if l.explain != "" {
		return explainRule(l.app.stdout, l.explain)
	}
	failOn, ok := finding.ParseSeverity(l.failOn)
	if !ok {
		return cli.Usagef("--fail-on is %q; it takes error, warning or info", l.failOn)
	}
	write, ok := report.ForFormat(l.format)
	if !ok {
		return cli.Usagef("--format is %q; it takes %s", l.format, strings.Join(report.Formats(), ", "))
	}
	if l.color != "auto" && l.color != "always" && l.color != "never" {
		return cli.Usagef("--color is %q; it takes auto, always or never", l.color)
	}
	if l.fix != "" && l.fix != "safe" && l.fix != "suggested" {
		return cli.Usagef("--fix is %q; it takes safe or suggested", l.fix)
	}
	if err := l.network.check(l, args); err != nil {
		return err
	}
	if err := l.bound(args); err != nil {
		return err
	}
	p, err := l.readProject()
	if err != nil {
		return err
	}
	targets, err := interruptible(ctx, func() ([]target, error) { return l.targets(ctx, args, p) })
	if err != nil {
		return err
	}
	base, err := l.readBaseline()
	if err != nil {
		return err
	}
	all, err := l.check(ctx, targets, base)
	if err != nil {
		return err
	}
	l.network.locate(all)
	if p != nil {
		all = p.Apply(all, l.everything(args), time.Now())
	}
	if l.writeBaseline != "" {
		return l.record(all)
	}
	if l.format == "text" && l.wantsColor() {
		write = report.ColorText
	}
	if l.format == "html" {
		if write, err = interruptible(ctx, func() (report.Writer, error) { return withMatrix(targets) }); err != nil {
			return err
		}
	}
	return l.answer(all, failOn, write)
}

// check lints each configuration, after mending it when that is asked for.
func (l *linter) check(ctx context.Context, targets []target, base baseline) ([]finding.Finding, error) {
	var all []finding.Finding
	said := make(map[string]bool) // environments share files
	for _, t := range targets {
		files, opts := t.files, t.opts
		var found []finding.Finding
		var err error
		if opts.Baseline, err = base.before(ctx, files); err != nil {
			return nil, err
		}
		if l.fix != "" || l.diff {
			found, err = l.mend(ctx, files, opts)
		} else {
			found, err = interruptible(ctx, func() ([]finding.Finding, error) { return lint.Check(files, opts, rules.All()) })
		}
		if err != nil {
			return nil, fmt.Errorf("check %q: %w", files[0].Name, err)
		}
		for _, f := range found {
			key := f.Rule + "\x00" + f.Span.String() + "\x00" + f.Message
			if !said[key] {
				said[key] = true
				all = append(all, f)
			}
		}
	}
	return base.unknown(all), nil
}

func (l *linter) answer(all []finding.Finding, failOn finding.Severity, write report.Writer) error {
	failed := false
	shown := all[:0:0]
	for _, f := range all {
		counts := f.Severity >= failOn
		failed = failed || counts
		if counts || !l.quiet {
			shown = append(shown, f)
		}
	}
	if !l.diff {
		if err := write(l.app.stdout, shown); err != nil {
			return err
		}
	}
	if failed {
		return cli.Findings()
	}
	return nil
}

// wantsColor follows https://no-color.org.
func (l *linter) wantsColor() bool {
	if l.color != "auto" {
		return l.color == "always"
	}
	return l.app.getenv("NO_COLOR") == "" && l.app.getenv("TERM") != "dumb" && cli.IsTerminal(l.app.stdout)
}
