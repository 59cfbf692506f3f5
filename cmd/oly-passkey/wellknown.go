package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/input"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// siteFlags are the flags for the content of the documents.
type siteFlags struct {
	input          input.Options
	rpID           string
	androidApps    []string
	appleApps      []string
	enroll, manage string
}

func newWellknown(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "wellknown",
		Short: "write, check or serve the /.well-known/ documents for passkeys",
		Long: `Writes, checks and serves the four documents that passkeys need, all on the host
of rp.id:

  webauthn                     related origins: pages on other domains
  passkey-endpoints            where users add and manage passkeys
  assetlinks.json              Android apps
  apple-app-site-association   iOS and macOS apps

Their content comes from kratos.yml (-c) and flags.`,
	}
	return cli.Parent(c, newWellknownGenerate(a), newWellknownCheck(a), newWellknownServe(a))
}

func (s *siteFlags) register(a *app, c *cobra.Command) {
	cli.Group(c, configurationFlags, func(f *pflag.FlagSet) { a.configFlags(f, &s.input) })
	cli.Group(c, "Content", func(f *pflag.FlagSet) {
		f.StringVar(&s.rpID, "rp-id", "", "`RP-ID` of the documents (default: that of the configuration)")
		f.StringArrayVar(&s.androidApps, "android-app", nil, "Android app: `PACKAGE[=FINGERPRINT]` (repeatable; without a fingerprint, those in rp.origins)")
		f.StringArrayVar(&s.appleApps, "apple-app", nil, "Apple app: `TEAMID.BUNDLEID` (repeatable)")
		f.StringVar(&s.enroll, "enroll", "", "`URL` where users add a passkey (default: the settings page)")
		f.StringVar(&s.manage, "manage", "", "`URL` where users manage passkeys (default: the settings page)")
	})
}

// site returns the content of the documents.
func (s *siteFlags) site(ctx context.Context) (*wellknown.Site, error) {
	site := &wellknown.Site{}
	if len(s.input.Layers) > 0 {
		var err error
		if site, err = s.fromConfig(ctx); err != nil {
			return nil, err
		}
	}
	if s.rpID != "" {
		if passkeys.CheckRPID(s.rpID) != passkeys.RPIDOK {
			return nil, cli.Usagef("invalid --rp-id %q: use a bare lower-case domain, such as example.com", s.rpID)
		}
		site.RPID = s.rpID
	}
	if site.RPID == "" {
		return nil, cli.Usagef("wellknown needs -c FILE or --rp-id RP-ID")
	}
	for _, text := range s.androidApps {
		if err := addAndroidApp(site, text); err != nil {
			return nil, err
		}
	}
	apple, err := parseAppleApps(s.appleApps)
	if err != nil {
		return nil, err
	}
	site.Apple = append(site.Apple, apple...)
	for flag, url := range map[string]string{"enroll": s.enroll, "manage": s.manage} {
		if url != "" && !strings.HasPrefix(url, "https://") {
			return nil, cli.Usagef("invalid --%s %q: use an https URL", flag, safetext.URL(url))
		}
	}
	site.Enroll = cmp.Or(s.enroll, site.Enroll)
	site.Manage = cmp.Or(s.manage, site.Manage)
	return site, nil
}

func (s *siteFlags) fromConfig(ctx context.Context) (*wellknown.Site, error) {
	l, err := input.New(s.input)
	if err != nil {
		return nil, err
	}
	config, err := l.Layers(ctx)
	if err != nil {
		return nil, err
	}
	pass, err := config.Parse()
	if err != nil {
		return nil, err
	}
	return wellknown.FromConfig(pass)
}

// parseAppleApps checks the values of --apple-app.
func parseAppleApps(ids []string) ([]string, error) {
	for _, id := range ids {
		if !wellknown.IsAppleApp(id) {
			return nil, cli.Usagef("invalid --apple-app %q: use a ten-character team id, a dot and a bundle id", id)
		}
	}
	return ids, nil
}

// addAndroidApp parses PACKAGE[=FINGERPRINT]. A package that is given twice has two
// certificates.
func addAndroidApp(site *wellknown.Site, text string) error {
	name, fingerprint, given := strings.Cut(text, "=")
	if !strings.Contains(name, ".") || strings.ContainsAny(name, " :/") {
		return cli.Usagef("invalid --android-app %q: start with a package name, such as com.example.app", text)
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
		Short: "write one document, or all that apply",
		Long: `Writes one document to standard output, or with --dir all documents that are not
empty to a folder. DOCUMENT is webauthn, passkey-endpoints, assetlinks.json or
apple-app-site-association.

Exit code 0: written; 1: the document would be empty.`,
		Example: `  oly-passkey wellknown generate webauthn -c kratos.yml
  oly-passkey wellknown generate -c kratos.yml --dir public \
    --apple-app ABCDE12345.com.example.app`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			site, err := cli.Interruptible(cmd.Context(), func() (*wellknown.Site, error) { return s.site(cmd.Context()) })
			if err != nil {
				return err
			}
			switch {
			case dir != "":
				return writeDocuments(a, site, args, dir, force)
			case len(args) == 0:
				return cli.Usagef("generate needs a document, or --dir DIR to write all of them")
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
	s.register(a, c)
	cli.Group(c, outputFlags, func(f *pflag.FlagSet) {
		f.StringVar(&dir, "dir", "", "write to `DIR`/.well-known/ instead of standard output")
		f.BoolVar(&force, "force", false, "with --dir: overwrite documents that differ, keeping a copy (.bak)")
	})
	completeDocuments(c)
	return cli.Graceful(c) // it writes files
}

// writeDocuments writes the documents that are not empty. It writes nothing if one
// of them would overwrite a file.
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

// completeDocuments completes the names of documents.
func completeDocuments(c *cobra.Command) {
	var names []string
	for _, name := range wellknown.Names() {
		names = append(names, string(name))
	}
	completeArgs(c, names...)
}
