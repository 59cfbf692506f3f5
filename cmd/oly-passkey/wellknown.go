package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
)

// siteFlags say what the documents are about.
type siteFlags struct {
	config         []string
	env            bool
	rpID           string
	androidApps    []string
	appleApps      []string
	enroll, manage string
}

func (s *siteFlags) given() bool {
	return len(s.config)+len(s.androidApps)+len(s.appleApps) > 0 || s.rpID != "" || s.enroll != "" || s.manage != ""
}

func newWellknown(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "wellknown",
		Short: "write, check or serve the documents under /.well-known/ that passkeys need",
		Long: `Writes, checks and serves the four documents that passkeys need, all on the host
of rp.id:

  webauthn                     related origins: pages of other domains
  passkey-endpoints            where people add and manage passkeys
  assetlinks.json              Android apps
  apple-app-site-association   iOS and macOS apps

What they say comes from kratos.yml (-c) and flags.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return cli.Usagef("wellknown needs generate, check or serve") },
	}
	c.AddCommand(newWellknownGenerate(a), newWellknownCheck(a), newWellknownServe(a))
	return c
}

func (s *siteFlags) register(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVarP(&s.config, "config", "c", nil, "a layer of the configuration (repeatable, in order)")
	f.BoolVar(&s.env, "env", false, "lay the process' environment over the files, as Kratos does")
	f.StringVar(&s.rpID, "rp-id", "", "rp.`ID` (default: that of the configuration)")
	f.StringArrayVar(&s.androidApps, "android-app", nil, "`PACKAGE[=FINGERPRINT]` of an app (repeatable; without a fingerprint those in rp.origins)")
	f.StringArrayVar(&s.appleApps, "apple-app", nil, "`TEAMID.bundle.id` of an app (repeatable)")
	f.StringVar(&s.enroll, "enroll", "", "`URL` on which people add a passkey (default: the settings page)")
	f.StringVar(&s.manage, "manage", "", "`URL` on which people manage passkeys (default: the settings page)")
}

// site turns the flags into what the documents say.
func (s *siteFlags) site(a *app) (*wellknown.Site, error) {
	site := &wellknown.Site{}
	if len(s.config) > 0 {
		var err error
		if site, err = s.fromConfig(a); err != nil {
			return nil, err
		}
	}
	if s.rpID != "" {
		if passkeys.CheckRPID(s.rpID) != passkeys.RPIDOK {
			return nil, cli.Usagef("--rp-id %q is no bare lower-case domain, such as example.com", s.rpID)
		}
		site.RPID = s.rpID
	}
	if site.RPID == "" {
		return nil, cli.Usagef("wellknown needs -c FILE or --rp-id ID")
	}
	for _, text := range s.androidApps {
		if err := addAndroidApp(site, text); err != nil {
			return nil, err
		}
	}
	for _, id := range s.appleApps {
		if !wellknown.IsAppleApp(id) {
			return nil, cli.Usagef("--apple-app %q is not the ten characters of a team id, a dot and a bundle id", id)
		}
		site.Apple = append(site.Apple, id)
	}
	for _, url := range []string{s.enroll, s.manage} {
		if url != "" && !strings.HasPrefix(url, "https://") {
			return nil, cli.Usagef("%q is no https URL", url)
		}
	}
	site.Enroll = cmp.Or(s.enroll, site.Enroll)
	site.Manage = cmp.Or(s.manage, site.Manage)
	return site, nil
}

func (s *siteFlags) fromConfig(a *app) (*wellknown.Site, error) {
	l := &linter{app: a, env: s.env, layers: s.config}
	opts, err := l.options()
	if err != nil {
		return nil, err
	}
	var docs []*kratosconf.Document
	for _, name := range s.config {
		f, err := l.open(name)
		if err != nil {
			return nil, err
		}
		d, err := kratosconf.Parse(f, kratosconf.ParseOptions{})
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	config, err := kratosconf.Load(docs, opts.Env)
	if err != nil {
		return nil, err
	}
	return wellknown.FromConfig(passkeys.New(config, opts.Model()))
}

// addAndroidApp reads PACKAGE[=FINGERPRINT]; a package that is given twice has
// two certificates.
func addAndroidApp(site *wellknown.Site, text string) error {
	name, fingerprint, given := strings.Cut(text, "=")
	if !strings.Contains(name, ".") || strings.ContainsAny(name, " :/") {
		return cli.Usagef("--android-app %q does not begin with a package name, such as com.example.app", text)
	}
	var keys []wellknown.Fingerprint
	if given {
		key, err := wellknown.ParseFingerprint(fingerprint)
		if err != nil {
			return cli.Usagef("--android-app: %w", err)
		}
		keys = append(keys, key)
	}
	for i := range site.Apps {
		if site.Apps[i].Package == name {
			site.Apps[i].Keys = append(site.Apps[i].Keys, keys...)
			return nil
		}
	}
	site.Apps = append(site.Apps, wellknown.AndroidApp{Package: name, Keys: keys})
	return nil
}

func newWellknownGenerate(a *app) *cobra.Command {
	var s siteFlags
	var dir string
	var force bool
	c := &cobra.Command{
		Use:   "generate [DOCUMENT] [--dir DIR]",
		Short: "write a document, or all that there is something to say in",
		Example: `  oly-passkey wellknown generate webauthn -c kratos.yml
  oly-passkey wellknown generate -c kratos.yml --apple-app ABCDE12345.com.example.app --dir public`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			site, err := s.site(a)
			if err != nil {
				return err
			}
			switch {
			case dir != "":
				return writeDocuments(a, site, args, dir, force)
			case len(args) == 0:
				return cli.Usagef("generate needs a document, or --dir for all of them")
			}
			name, err := wellknown.ParseName(args[0])
			if err != nil {
				return cli.Usagef("%w", err)
			}
			text, err := wellknown.Generate(name, site)
			if errors.Is(err, wellknown.ErrNothing) {
				return &cli.ExitError{Code: cli.ExitFindings, Err: err}
			}
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(text)
			return err
		},
	}
	s.register(c)
	c.Flags().StringVar(&dir, "dir", "", "write to `DIR`/.well-known/ in place of stdout")
	c.Flags().BoolVar(&force, "force", false, "with --dir: replace documents that say something else, keeping a copy (.bak)")
	return c
}

// writeDocuments writes those documents that have something to say; nothing is
// written where one of them would be replaced.
func writeDocuments(a *app, site *wellknown.Site, args []string, dir string, force bool) error {
	names, err := documentNames(args)
	if err != nil {
		return err
	}
	texts := make(map[wellknown.Name][]byte)
	for _, name := range names {
		text, err := wellknown.Generate(name, site)
		if errors.Is(err, wellknown.ErrNothing) {
			_, _ = fmt.Fprintf(a.stderr, "%s: %v\n", name, err)
			continue
		}
		if err != nil {
			return err
		}
		texts[name] = text
	}
	written, err := wellknown.WriteDir(dir, texts, force)
	for _, path := range written {
		_, _ = fmt.Fprintln(a.stdout, path)
	}
	return err
}

func documentNames(args []string) ([]wellknown.Name, error) {
	if len(args) == 0 {
		return wellknown.Names(), nil
	}
	var names []wellknown.Name
	for _, arg := range args {
		name, err := wellknown.ParseName(arg)
		if err != nil {
			return nil, cli.Usagef("%w", err)
		}
		names = append(names, name)
	}
	return names, nil
}
