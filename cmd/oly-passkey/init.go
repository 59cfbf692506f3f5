package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/input"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
	"github.com/olympusoss/oly-passkey/pkg/flagtable"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// initializer holds the flags of `init`, and what one run knows.
type initializer struct {
	app     *app
	flags   setup.Options
	answers string
	force   bool
	dryRun  bool
	diff    bool

	in      setup.Inputs
	found   *setup.Discovery
	configs []string   // to patch
	ask     *interview // nil without a terminal
}

func newInit(a *app) *cobra.Command {
	i := &initializer{app: a}
	c := &cobra.Command{
		Use:   "init [--domain HOST | -c kratos.yml]",
		Short: "write a kratos.yml with passkeys, or add passkeys to an existing one",
		Long: strings.TrimSpace(`
Writes a Kratos configuration with passkeys: kratos.yml, the identity schema,
the hook bodies, kratos.env with the secrets, sidecar.key and a README with next
steps. If a kratos.yml exists, init patches it and its identity schemas instead:
with as few changes as possible, and only if lint finds no error afterwards.

Init searches the project for what it needs (kratos.yml, compose file,
manifests, proxy), tells where each value comes from, and on a terminal asks for
the rest. It is idempotent: options that you leave out are taken from the
previous run, correct files and all keys are left alone, and modified files are
only overwritten with --force, which keeps a copy (FILE.bak).`),
		Example: strings.Trim(`
  oly-passkey init
  oly-passkey init --domain auth.example.com --app-name "Example"
  oly-passkey init -c deploy/kratos.yml --diff
  oly-passkey init --domain auth.example.com --preset subdomains \
    --origin https://app.example.com
  oly-passkey init --domain auth.example.com --target compose --ci github --ui
  oly-passkey init --preset localhost --sign-up passkey-first
  oly-passkey init --answers passkeys.yml --dry-run`, "\n"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := i.run(cmd.Context(), cmd.Flags())
			var option *setup.OptionError
			var question *patch.QuestionError
			if errors.As(err, &option) || errors.As(err, &question) {
				return cli.Usagef("%w", err)
			}
			return err
		},
	}
	f := c.Flags()
	f.SortFlags = false
	initTable(&i.flags).Register(f)
	f.StringVar(&i.answers, "answers", "", "YAML `FILE` with options: the names of flags, without dashes; flags override it")
	f.BoolVar(&i.force, "force", false, "overwrite modified files and keep a copy of each (FILE.bak); keys are always kept")
	f.BoolVar(&i.dryRun, "dry-run", false, "list what would be written, and write nothing")
	f.BoolVar(&i.diff, "diff", false, "show the changes as a diff, and write nothing")
	c.MarkFlagsMutuallyExclusive("dry-run", "diff")
	for flag, values := range map[string][]string{
		"preset": setup.Presets(), "target": {"compose", "kubernetes", "helm", "systemd"}, "ci": {"github", "gitlab", "pre-commit"},
		"sign-up": {"code-first", "passkey-first"}, "webauthn": {"passwordless", "second-factor"},
	} {
		_ = c.RegisterFlagCompletionFunc(flag, cli.Values(values...)) // the flag exists
	}
	return cli.Graceful(c) // it writes files
}

// initTable returns the options of init: its flags, and the keys of --answers.
func initTable(o *setup.Options) flagtable.Table {
	return flagtable.Table{Blanks: true, Options: []flagtable.Option{
		flagtable.Text(&o.Domain, "domain", "", "`HOST` name where users sign in, such as auth.example.com"),
		flagtable.List(&o.Configs, "config", "existing kratos.yml `FILE` to patch (repeatable, in Kratos' order; default the one in --dir)").Short("c"),
		flagtable.List(&o.Schemas, "identity-schema", "`[ID=]FILE`: where an identity schema of the file to patch is (repeatable)"),
		flagtable.Switch(&o.WithoutSchema, "without-schema", false, "patch without seeing an identity schema: registration may fail with HTTP 500"),
		flagtable.Text((*string)(&o.Preset), "preset", "", "`LAYOUT` to start from: "+strings.Join(setup.Presets(), ", ")),
		flagtable.Text(&o.AppName, "app-name", "", "`NAME` by which users know the site (default its registrable domain)"),
		flagtable.Text(&o.RPID, "rp-id", "", "relying party `ID`, the domain or a parent of it; cannot be changed later (default DOMAIN)"),
		flagtable.List(&o.Origins, "origin", "further `ORIGIN` whose scripts use passkeys (repeatable)"),
		flagtable.Text((*string)(&o.SignUp), "sign-up", string(setup.CodeFirst), "`METHOD` of signing up: code-first, or passkey-first with a username"),
		flagtable.Switch(&o.RefuseAddressChange, "refuse-address-change", false, "make the sidecar reject changes of the email address in settings, which could claim another user's address"),
		flagtable.Text((*string)(&o.WebAuthn), "webauthn", "", "also allow security keys that cannot store passkeys, in this `MODE`: passwordless or second-factor"),
		flagtable.Text((*string)(&o.Target), "target", "", "also write files for `PLATFORM`: compose, kubernetes, helm or systemd"),
		flagtable.Text((*string)(&o.CI), "ci", "", "also write a CI job for `PROVIDER`: github, gitlab or pre-commit"),
		flagtable.Switch(&o.UI, "ui", false, "also write sign-in pages and their server, below ui/"),
		flagtable.Text(&o.Kratos, "kratos-version", "", "`VERSION` of Kratos that reads the files (default from an image tag in the project, otherwise "+api.DefaultKratosVersion+")"),
		flagtable.Text(&o.KratosURL, "kratos-url", "", "public `URL` of Kratos (default https://DOMAIN/, on localhost http://localhost:4433/)"),
		flagtable.Text(&o.UIURL, "ui-url", "", "`URL` in front of /login and the other pages (default https://DOMAIN, on localhost http://localhost:4455)"),
		flagtable.Text(&o.SidecarURL, "sidecar-url", "", "`URL` of oly-passkey serve as Kratos reaches it (default http://127.0.0.1:4477, with compose http://sidecar:4477)"),
		flagtable.List(&o.AndroidApps, "android-app", "`PACKAGE=SHA256` of an app and its signing certificate (repeatable)"),
		flagtable.List(&o.AppleApps, "apple-app", "`TEAMID.BUNDLEID` of an app (repeatable)"),
		flagtable.Text(&o.StaffDomain, "staff-domain", "", "`HOST` where staff signs in, with --preset two-kratos (default staff.DOMAIN)"),
		flagtable.Text(&o.Mount, "mount", "", "absolute `FOLDER` where a container sees the files (default relative to Kratos' working directory)"),
		flagtable.Text(&o.PublicListen, "public-listen", "", "`IP:PORT` of Kratos' public API (default 127.0.0.1:4433, in containers 0.0.0.0:4433)"),
		flagtable.Text(&o.AdminListen, "admin-listen", "", "`IP:PORT` of Kratos' admin API (default 127.0.0.1:4434, in containers 0.0.0.0:4434)"),
		flagtable.Text(&o.Dir, "dir", ".", "`FOLDER` to write to"),
	}}
}

// readAnswers returns the options in a file of --answers.
func readAnswers(f *source.File) (setup.Layer, error) {
	var o setup.Options
	table := initTable(&o)
	if err := table.Read(pflag.NewFlagSet("", pflag.ContinueOnError), nil, f); err != nil {
		return setup.Layer{}, cli.Usagef("%w", err)
	}
	names, err := table.Keys(f)
	if err == nil && len(names) == 0 {
		err = cli.Usagef("%s: contains no options", f.Name)
	}
	return setup.NewLayer(o, setup.Source(f.Name), names), err
}

func (i *initializer) run(ctx context.Context, flags *pflag.FlagSet) error {
	if err := i.given(flags); err != nil {
		return err
	}
	o := i.options()
	dir := cmp.Or(o.Dir, ".")
	var err error
	if i.found, err = setup.Discover(dir); err != nil {
		return err
	}
	if i.app.interactive() {
		i.ask = newInterview(ctx, i.app)
	}
	if o.Domain == "" && len(o.Configs) == 0 {
		if err := i.recall(dir); err != nil {
			return err
		}
	}
	if err := i.existing(dir); err != nil {
		return err
	}
	if len(i.configs) > 0 {
		return i.patch()
	}
	return i.create()
}

// given reads the flags and the answers.
func (i *initializer) given(flags *pflag.FlagSet) error {
	var names []string
	for _, name := range setup.Names() {
		if flags.Changed(name) {
			names = append(names, name)
		}
	}
	i.in.Flags = setup.NewLayer(i.flags, setup.FromFlags, names)
	if i.answers == "" {
		return nil
	}
	f, err := source.Open(i.answers)
	if err != nil {
		return err
	}
	i.in.Answers, err = readAnswers(f)
	return err
}

func (i *initializer) options() setup.Options { return i.in.Merge().Options }

// recall takes the options that are left out from the files of an earlier run.
func (i *initializer) recall(dir string) error {
	layer, err := setup.RecallFolder(dir)
	if err != nil || layer.Domain == "" {
		return err
	}
	i.in.Recalled = layer
	merged := i.in.Merge()
	from := layer.From["domain"]
	what := commandLine(merged.Flags(func(_ string, source setup.Source) bool { return source == from }))
	if layer.Instance != "" {
		what = "the " + layer.Instance + " of --preset " + string(setup.TwoKratos)
	}
	return i.tellf("from %s: %s\n", from, what)
}

// existing looks for an existing kratos.yml to patch. One in a subfolder is offered on
// a terminal and otherwise only mentioned.
func (i *initializer) existing(dir string) error {
	o := i.options()
	i.configs = o.Configs
	if len(o.Configs) > 0 || i.force || o.Preset == setup.TwoKratos {
		return nil
	}
	config, further, err := i.found.Existing(dir, o.Domain != "")
	if err != nil {
		return err
	}
	further = further[:min(len(further), 5)]
	switch {
	case len(further) == 0:
	case i.ask != nil && o.Domain == "" && o.Preset == "":
		if config, err = i.ask.config(further); err != nil {
			return err
		}
	default:
		return i.tellf("found %s; to patch it: %s\n", strings.Join(further, ", "), setup.Shell("oly-passkey", "init", "-c", further[0]))
	}
	if config != "" {
		i.configs = []string{config}
	}
	return nil
}

// create writes a new deployment.
func (i *initializer) create() error {
	if err := i.find("kratos-version", i.found.Version); err != nil {
		return err
	}
	domain := func() error { return i.find("domain", i.found.Domain) }
	if i.ask != nil && i.options().Domain == "" {
		domain = i.interview
	}
	if err := domain(); err != nil {
		return err
	}
	o := i.options()
	o.Version = cmp.Or(o.Version, releaseVersion())
	plan, err := setup.New(o, rand.Reader)
	if err != nil {
		return err
	}
	if err := report.Text(i.app.stderr, plan.Findings); err != nil {
		return err
	}
	if len(plan.Errors()) > 0 {
		return errors.New("this configuration does not work with the existing kratos.env (see above); nothing was written")
	}
	signUp := "code-first: sign-up with a passkey is rejected"
	if o.SignUp == setup.PasskeyFirst {
		signUp = "passkey-first: an account can start with a passkey"
	}
	if err := i.tellf("sign-up: %s\n", signUp); err != nil {
		return err
	}
	if err := i.write(plan); err != nil || i.dryRun || i.diff {
		return err
	}
	return i.tellf("next steps: %s\n", plan.Path("README.md"))
}

// interview asks for everything that is not known.
func (i *initializer) interview() error {
	known := i.in.Merge()
	questions := slices.DeleteFunc(setup.Questions(i.found), func(q setup.Question) bool { return known.From[q.Field] != "" })
	last := ""
	if !i.dryRun && !i.diff {
		last = "Write these files to " + cmp.Or(known.Dir, ".") + "?"
		if cmp.Or(known.Dir, ".") == "." {
			last = "Write these files to the current directory?"
		}
	}
	in, yes, err := i.ask.options(i.in, questions, last)
	if err != nil {
		return err
	}
	i.in = in
	merged := i.in.Merge()
	line := commandLine(append([][]string{{"oly-passkey", "init"}}, merged.Flags(func(string, setup.Source) bool { return true })...))
	if err := i.tellf("Run the same without prompts: %s\n\n", line); err != nil {
		return err
	}
	if !yes {
		return errNotWritten
	}
	return nil
}

// patch adds passkeys to an existing configuration.
func (i *initializer) patch() error {
	plan, err := i.planPatch()
	if err != nil {
		return err
	}
	for _, fact := range plan.Patch.Facts {
		if err := i.tellFact(fact); err != nil {
			return err
		}
	}
	for _, step := range plan.Patch.Steps {
		if err := i.tellf("%s: %s\n", setup.Place(step.At), step.What); err != nil {
			return err
		}
	}
	if errs := plan.Errors(); len(errs) > 0 && !i.diff {
		if err := report.Text(i.app.stderr, errs); err != nil {
			return err
		}
		return fmt.Errorf("the patched configuration would still fail lint [%s]; nothing was written. Fix that first, or see the patch with --diff", errs[0].Rule)
	}
	if len(plan.Patch.Changed) == 0 && !i.diff {
		if err := i.tellf("%s already has passkeys; nothing to patch\n", i.configs[0]); err != nil {
			return err
		}
	}
	if err := i.write(plan); err != nil || i.diff {
		return err
	}
	if err := report.Text(i.app.stderr, plan.Warnings()); err != nil || plan.Serve == "" {
		return err
	}
	return i.tellf("next steps: start Kratos with the variables in %s, and run the sidecar:\n  %s\n", plan.Path(setup.KratosEnv), plan.Serve)
}

// planPatch reads the configuration. If it does not contain the domain, the domain is
// inferred or asked for.
func (i *initializer) planPatch() (*setup.Plan, error) {
	files := make([]*source.File, 0, len(i.configs))
	for _, name := range i.configs {
		f, err := source.Open(name)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if dir := filepath.Dir(i.configs[0]); dir != filepath.Clean(cmp.Or(i.options().Dir, ".")) {
		var err error
		if i.found, err = setup.Discover(dir); err != nil {
			return nil, err
		}
	}
	if err := i.find("kratos-version", i.found.Version); err != nil {
		return nil, err
	}
	for {
		env, err := i.environment()
		if err != nil {
			return nil, err
		}
		said := i.in.Said()
		said.Configs, said.Version = i.configs, releaseVersion()
		plan, err := setup.NewPatch(said, files, env, rand.Reader)
		var question *patch.QuestionError
		if !errors.As(err, &question) || question.Flag != "--domain" || said.Domain != "" {
			return plan, err
		}
		switch {
		case i.found.Domain.Value != "":
			err = i.find("domain", i.found.Domain)
		case i.ask != nil:
			i.in, _, err = i.ask.options(i.in, setup.Questions(i.found)[:1], "")
		}
		if err != nil {
			return nil, err
		}
	}
}

// environment returns what lint needs to read the configuration.
func (i *initializer) environment() (lint.Options, error) {
	o := i.in.Said().Options
	bounds, err := source.NewBounds(".")
	if err != nil {
		return lint.Options{}, err
	}
	for _, name := range i.configs {
		bounds.NameConfig(name)
	}
	env := lint.Options{Bodies: hookbody.NewBodies(i.app.bodies), Schemas: kratosconf.SchemaOptions{Read: bounds.Open}}
	if env.Schemas.Named, err = input.Schemas(o.Schemas, source.Open); err != nil {
		return env, err
	}
	if o.Kratos != "" {
		if env.Version, err = kratosconf.ParseVersion(o.Kratos); err != nil {
			return env, cli.Usagef("--kratos-version: %w", err)
		}
	}
	return env, nil
}

var errNotWritten = errors.New("nothing was written")

// write writes a plan, or shows what would be written. A patch is shown and confirmed
// on a terminal.
func (i *initializer) write(plan *setup.Plan) error {
	if i.diff {
		return plan.Diff(i.app.stdout)
	}
	changes, err := plan.Compare(i.force)
	if err != nil {
		return err
	}
	if i.ask != nil && plan.Patch != nil && len(plan.Patch.Changed) > 0 {
		if err := plan.DiffPatch(i.app.stdout); err != nil {
			return err
		}
		if !i.dryRun {
			if yes, err := i.ask.confirm("Write this patch?"); err != nil || !yes {
				return cmp.Or(err, errNotWritten)
			}
		}
	}
	if !i.dryRun {
		if changes, err = plan.Write(i.force); err != nil {
			return err
		}
	}
	for _, c := range changes {
		if err := i.list(string(c.Action), c.Path); err != nil {
			return err
		}
		if c.Backup != "" {
			if err := i.list("kept", c.Backup); err != nil {
				return err
			}
		}
	}
	if i.dryRun {
		return i.tellf("dry run: nothing was written\n")
	}
	return nil
}

func (i *initializer) list(action, path string) error {
	_, err := fmt.Fprintf(i.app.stdout, "%-9s  %s\n", action, path)
	return err
}

// find takes a fact for an option that nothing else sets, and prints it.
func (i *initializer) find(name string, fact patch.Fact) error {
	if !i.in.Find(name, fact) {
		return nil
	}
	return i.tellFact(fact)
}

func (i *initializer) tellFact(fact patch.Fact) error {
	if fact.From.File == nil {
		return i.tellf("%s: %s\n", fact.Name, fact.Value)
	}
	return i.tellf("%s: %s (from %s)\n", fact.Name, fact.Value, setup.Place(fact.From))
}

// tellf prints a message for the user; results are on stdout.
func (i *initializer) tellf(format string, args ...any) error {
	_, err := fmt.Fprintf(i.app.stderr, format, args...)
	return err
}

// commandLine returns flags with their values as a shell takes them.
func commandLine(flags [][]string) string {
	return setup.Shell(slices.Concat(flags...)...)
}

// releaseVersion returns the version of a released binary, "" for any other: CI
// installs the version that wrote its file.
func releaseVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || !release.MatchString(info.Main.Version) {
		return ""
	}
	return info.Main.Version
}

var release = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+$`)
