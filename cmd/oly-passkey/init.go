package main

import (
	"context"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/api"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/config/survey"
)

// scaffolder holds the flags of `init`.
type scaffolder struct {
	app     *app
	opts    setup.Options
	configs []string // to patch
	schemas []string // [ID=]FILE
	without bool     // patch although an identity schema was not seen
	preset  string
	staff   string // domain of the second Kratos
	answers string
	dir     string
	force   bool
	dryRun  bool
	diff    bool

	found *survey.Survey
	ask   *interview // nil when nobody can be asked
}

func newInit(a *app) *cobra.Command {
	s := &scaffolder{app: a}
	c := &cobra.Command{
		Use:   "init [--domain HOST | -c kratos.yml]",
		Short: "write a kratos.yml with passkeys, or patch the one that is there",
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
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context(), cmd.Flags()) },
	}
	s.flags(c.Flags())
	c.MarkFlagsMutuallyExclusive("dry-run", "diff")
	for flag, values := range map[string][]string{
		"preset": presetNames(), "target": {"compose", "kubernetes", "helm", "systemd"}, "ci": {"github", "gitlab", "pre-commit"},
		"sign-up": {"code-first", "passkey-first"}, "webauthn": {"passwordless", "second-factor"},
	} {
		_ = c.RegisterFlagCompletionFunc(flag, cli.Values(values...)) // the flag exists
	}
	return cli.Graceful(c) // it writes files
}

func (s *scaffolder) flags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.StringVar(&s.opts.Domain, "domain", "", "`HOST` name where people sign in, such as auth.example.com")
	f.StringArrayVarP(&s.configs, "config", "c", nil, "`FILE` to patch, a kratos.yml that exists (repeatable, in Kratos' order; default the one in --dir)")
	f.StringArrayVar(&s.schemas, "identity-schema", nil, "`[ID=]FILE`: where an identity schema of the file to patch is (repeatable)")
	f.BoolVar(&s.without, "without-schema", false, "patch although an identity schema was not seen: registration may answer 500")
	f.StringVar(&s.preset, "preset", "", "`LAYOUT` to start from: "+strings.Join(presetNames(), ", "))
	f.StringVar(&s.opts.AppName, "app-name", "", "`NAME` that people know the site by (default its registrable domain)")
	f.StringVar(&s.opts.RPID, "rp-id", "", "relying party `ID`, the domain or a parent of it; never changes again (default DOMAIN)")
	f.StringArrayVar(&s.opts.Origins, "origin", nil, "further `ORIGIN` whose scripts use passkeys (repeatable)")
	f.StringVar((*string)(&s.opts.SignUp), "sign-up", string(setup.CodeFirst), "`HOW` accounts begin: code-first or passkey-first, which needs a user name")
	f.BoolVar(&s.opts.RefuseAddressChange, "refuse-address-change", false, "have the sidecar refuse changes of the e-mail address in settings, where an account could take a stranger's")
	f.StringVar((*string)(&s.opts.WebAuthn), "webauthn", "", "`USE` of keys without discoverable credentials, when they are taken: passwordless or second-factor")
	f.StringVar((*string)(&s.opts.Target), "target", "", "`HOW` it is deployed, to be written as well: compose, kubernetes, helm or systemd")
	f.StringVar((*string)(&s.opts.CI), "ci", "", "`WHERE` changes are linted, to be written as well: github, gitlab or pre-commit")
	f.BoolVar(&s.opts.UI, "ui", false, "write the pages and their server as well, below ui/")
	f.StringVar(&s.opts.Kratos, "kratos-version", "", "Kratos `VERSION` that reads the files (default: from a nearby image tag, otherwise "+api.DefaultKratosVersion+")")
	f.StringVar(&s.opts.KratosURL, "kratos-url", "", "public `URL` of Kratos (default https://DOMAIN/, on localhost http://localhost:4433/)")
	f.StringVar(&s.opts.UIURL, "ui-url", "", "`URL` in front of /login and the other pages (default https://DOMAIN, on localhost http://localhost:4455)")
	f.StringVar(&s.opts.SidecarURL, "sidecar-url", "", "`URL` of oly-passkey serve as Kratos reaches it (default http://127.0.0.1:4477, with compose http://sidecar:4477)")
	f.StringArrayVar(&s.opts.AndroidApps, "android-app", nil, "`PACKAGE=SHA256` of an app and its signing certificate (repeatable)")
	f.StringArrayVar(&s.opts.AppleApps, "apple-app", nil, "Apple app: `TEAMID.BUNDLEID` (repeatable)")
	f.StringVar(&s.staff, "staff-domain", "", "`HOST` where staff sign in, with --preset two-kratos (default staff.DOMAIN)")
	f.StringVar(&s.opts.Mount, "mount", "", "absolute `FOLDER` where a container sees the files (default relative to Kratos' working directory)")
	f.StringVar(&s.opts.PublicListen, "public-listen", "", "`IP:PORT` of Kratos' public API (default 127.0.0.1:4433, in containers 0.0.0.0:4433)")
	f.StringVar(&s.opts.AdminListen, "admin-listen", "", "`IP:PORT` of Kratos' admin API (default 127.0.0.1:4434, in containers 0.0.0.0:4434)")
	f.StringVar(&s.answers, "answers", "", "YAML `FILE` with flags, without the dashes; a flag on the command line wins")
	f.StringVar(&s.dir, "dir", ".", "`FOLDER` to write to")
	f.BoolVar(&s.force, "force", false, "replace files that differ, keeping a copy of each (FILE.bak); keys stay")
	f.BoolVar(&s.dryRun, "dry-run", false, "say what would be written, and write nothing")
	f.BoolVar(&s.diff, "diff", false, "show the changes as a diff, and write nothing")
}

func (s *scaffolder) run(ctx context.Context, flags *pflag.FlagSet) error {
	if err := s.readAnswers(flags); err != nil {
		return err
	}
	var err error
	if s.found, err = survey.Look(s.dir); err != nil {
		return err
	}
	if s.app.interactive() {
		s.ask = newInterview(ctx, s, flags)
	}
	if s.preset == "localhost" {
		if err := setAbsent(flags, "domain", "localhost"); err != nil {
			return err
		}
	}
	if err := s.recall(flags); err != nil {
		return err
	}
	if err := s.findConfig(); err != nil {
		return err
	}
	if len(s.configs) > 0 {
		return s.patch(flags)
	}
	for _, name := range []string{"identity-schema", "without-schema"} {
		if flags.Changed(name) {
			return cli.Usagef("--%s goes with the kratos.yml to patch; name it with --config", name)
		}
	}
	if err := s.complete(flags); err != nil {
		return err
	}
	return s.scaffold()
}
