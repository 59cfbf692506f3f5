package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/report"
	"github.com/olympusoss/oly-passkey/pkg/scaffold"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// scaffolder holds the flags of `init`.
type scaffolder struct {
	app     *app
	opts    scaffold.Options
	preset  string
	answers string
	dir     string
	force   bool
	dryRun  bool
	diff    bool
}

func newInit(a *app) *cobra.Command {
	s := &scaffolder{app: a}
	c := &cobra.Command{
		Use:   "init [--domain HOST]",
		Short: "write a kratos.yml with passkeys, its identity schema, hooks and keys",
		Long: strings.TrimSpace(`
Init writes a Kratos configuration with passkeys: kratos.yml, the identity schema,
the bodies of the hooks, kratos.env with the secrets, sidecar.key and a README with
the next steps. On a terminal it asks for what no flag says.

It can be run again: it changes nothing that is right, keeps every key, and does
not overwrite a file that somebody changed unless --force is given.`),
		Example: strings.Trim(`
  oly-passkey init
  oly-passkey init --domain auth.example.com --app-name "Example"
  oly-passkey init --domain auth.example.com --rp-id example.com --dir deploy
  oly-passkey init --domain auth.example.com --preset subdomains --origin https://app.example.com
  oly-passkey init --domain auth.example.com --target compose --ci github
  oly-passkey init --domain localhost --sign-up passkey-first
  oly-passkey init --answers passkeys.yml --diff`, "\n"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Flags()) },
	}
	f := c.Flags()
	f.StringVar(&s.opts.Domain, "domain", "", "`HOST` name where people sign in, such as auth.example.com")
	f.StringVar(&s.opts.AppName, "app-name", "", "`NAME` that people know the site by (default its registrable domain)")
	f.StringVar(&s.opts.RPID, "rp-id", "", "relying party `ID`, the domain or a parent of it; never changes again (default DOMAIN)")
	f.StringVar(&s.opts.KratosURL, "kratos-url", "", "public `URL` of Kratos (default https://DOMAIN/, on localhost http://localhost:4433/)")
	f.StringVar(&s.opts.UIURL, "ui-url", "", "`URL` in front of /login and the other pages (default https://DOMAIN, on localhost http://localhost:4455)")
	f.StringArrayVar(&s.opts.Origins, "origin", nil, "further `ORIGIN` whose scripts use passkeys, under the relying party id (repeatable)")
	f.StringVar(&s.opts.SidecarURL, "sidecar-url", "", "`URL` of oly-passkey serve as Kratos reaches it (default http://127.0.0.1:4477, with compose http://sidecar:4477)")
	f.StringVar(&s.opts.Mount, "mount", "", "absolute `FOLDER` where a container sees the files (default relative to Kratos' working directory)")
	f.StringVar(&s.opts.PublicListen, "public-listen", "", "`IP:PORT` of Kratos' public API (default 127.0.0.1:4433, in containers 0.0.0.0:4433)")
	f.StringVar(&s.opts.AdminListen, "admin-listen", "", "`IP:PORT` of Kratos' admin API (default 127.0.0.1:4434, in containers 0.0.0.0:4434)")
	f.StringVar((*string)(&s.opts.SignUp), "sign-up", string(scaffold.CodeFirst), "`HOW` accounts begin: code-first or passkey-first, which needs a user name")
	f.StringVar((*string)(&s.opts.WebAuthn), "webauthn", "", "`USE` of keys without discoverable credentials, when they are taken: passwordless or second-factor")
	f.StringVar((*string)(&s.opts.Target), "target", "", "`HOW` it is deployed, to be written as well: compose, kubernetes or systemd")
	f.StringVar((*string)(&s.opts.CI), "ci", "", "`WHERE` changes are linted, to be written as well: github, gitlab or pre-commit")
	f.StringVar(&s.preset, "preset", "", "`NAME` of a start: one-domain, subdomains (rp.id is their parent) or localhost")
	f.StringVar(&s.answers, "answers", "", "YAML `FILE` with flags, without the dashes; a flag on the command line wins")
	f.StringVar(&s.dir, "dir", ".", "`FOLDER` to write to")
	f.BoolVar(&s.force, "force", false, "replace files that differ; keys are kept all the same")
	f.BoolVar(&s.dryRun, "dry-run", false, "say what would be written, and write nothing")
	f.BoolVar(&s.diff, "diff", false, "show as a diff what --force would change, and write nothing")
	c.MarkFlagsMutuallyExclusive("dry-run", "diff")
	return c
}

func (s *scaffolder) run(flags *pflag.FlagSet) error {
	if err := s.complete(flags); err != nil {
		return err
	}
	repository, err := belowRepository(s.dir)
	if err != nil {
		return err
	}
	s.opts.Repository, s.opts.Version = repository, releaseVersion()
	have, err := scaffold.ReadState(s.dir)
	if err != nil {
		return err
	}
	files, err := scaffold.Files(s.opts, have, rand.Reader)
	var wrong *scaffold.OptionError
	if errors.As(err, &wrong) {
		return usagef("%w", wrong)
	}
	if err != nil {
		return err
	}
	if err := s.lint(files); err != nil {
		return err
	}
	switch {
	case s.diff:
		return scaffold.Diff(s.app.stdout, s.dir, files)
	case s.dryRun:
		changes, err := scaffold.Compare(s.dir, files, s.force)
		if err == nil {
			err = s.list(changes)
		}
		if err == nil {
			_, err = fmt.Fprintln(s.app.stderr, "a dry run: nothing was written")
		}
		return err
	}
	changes, err := scaffold.Write(s.dir, files, s.force)
	if err != nil {
		return err
	}
	if err := s.list(changes); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.app.stderr, "next steps are in %s\n", filepath.Join(s.dir, "README.md"))
	return err
}

// complete adds to the flags what the answers file, the preset and the person at
// the terminal say.
func (s *scaffolder) complete(flags *pflag.FlagSet) error {
	if s.answers != "" {
		f, err := source.Open(s.answers)
		if err != nil {
			return err
		}
		if err := applyAnswers(flags, f); err != nil {
			return err
		}
	}
	if s.opts.Domain == "" && s.preset == "localhost" {
		if err := flags.Set("domain", "localhost"); err != nil {
			return err
		}
	}
	if s.opts.Domain == "" && s.app.interactive() {
		return ask(s.app, flags, &s.opts, s.applyPreset)
	}
	return s.applyPreset(flags)
}

// applyPreset fills in what follows from the domain.
func (s *scaffolder) applyPreset(flags *pflag.FlagSet) error {
	switch s.preset {
	case "", "one-domain", "localhost":
		return nil
	case "subdomains":
		parent := webauthn.RegistrableDomain(strings.ToLower(s.opts.Domain))
		if parent == "" || flags.Changed("rp-id") {
			return nil // Files says what is wrong with the domain
		}
		return flags.Set("rp-id", parent)
	}
	return usagef("--preset %q is unknown; use one-domain, subdomains or localhost", s.preset)
}

// belowRepository answers where a folder stands below the root of its git
// repository, which is where CI looks for its file; "" outside one.
func belowRepository(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for root := dir; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, ".git")); err == nil {
			below, err := filepath.Rel(root, dir)
			return strings.TrimPrefix(filepath.ToSlash(below), "."), err
		}
		if root == filepath.Dir(root) {
			return "", nil
		}
	}
}

// releaseVersion is the version of a released binary, "" for any other: CI
// installs what wrote its file, where that can be had.
func releaseVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || !release.MatchString(info.Main.Version) {
		return ""
	}
	return info.Main.Version
}

var release = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+$`)

func (s *scaffolder) list(changes []scaffold.Change) error {
	for _, c := range changes {
		if _, err := fmt.Fprintf(s.app.stdout, "%-9s  %s\n", c.Action, filepath.Join(s.dir, filepath.FromSlash(c.Path))); err != nil {
			return err
		}
	}
	return nil
}

// lint refuses to write what cannot work: variables that somebody added to
// kratos.env can break it. Milder findings are only told.
func (s *scaffolder) lint(files []scaffold.File) error {
	found, err := scaffold.Lint(files)
	if err != nil || len(found) == 0 {
		return err
	}
	if err := report.Text(s.app.stderr, found); err != nil {
		return err
	}
	for _, f := range found {
		if f.Severity == lint.Error {
			return errors.New("with kratos.env as it is this would not work, so nothing was written")
		}
	}
	return nil
}
