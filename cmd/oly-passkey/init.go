package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/pkg/report"
	"github.com/olympusoss/oly-passkey/pkg/scaffold"
)

func newInit(a *app) *cobra.Command {
	var (
		opts  scaffold.Options
		dir   string
		force bool
	)
	c := &cobra.Command{
		Use:   "init --domain HOST",
		Short: "write a kratos.yml with passkeys, its identity schema, hooks and keys",
		Long: strings.TrimSpace(`
Init writes a Kratos configuration with passkeys: kratos.yml, the identity schema,
the bodies of the hooks, kratos.env with the secrets, sidecar.key and a README with
the next steps.

It can be run again: it changes nothing that is right, keeps every key, and does
not overwrite a file that somebody changed unless --force is given.`),
		Example: strings.Trim(`
  oly-passkey init --domain auth.example.com --app-name "Example"
  oly-passkey init --domain auth.example.com --rp-id example.com --dir deploy
  oly-passkey init --domain localhost --sign-up passkey-first`, "\n"),
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.init(opts, dir, force)
		},
	}
	f := c.Flags()
	f.StringVar(&opts.Domain, "domain", "", "`HOST` name where people sign in, such as auth.example.com")
	f.StringVar(&opts.AppName, "app-name", "", "`NAME` that people know the site by (default its registrable domain)")
	f.StringVar(&opts.RPID, "rp-id", "", "relying party `ID`, the domain or a parent of it; never changes again (default DOMAIN)")
	f.StringVar(&dir, "dir", ".", "`FOLDER` to write to")
	f.StringVar(&opts.KratosURL, "kratos-url", "", "public `URL` of Kratos (default https://DOMAIN/, on localhost http://localhost:4433/)")
	f.StringVar(&opts.UIURL, "ui-url", "", "`URL` in front of /login and the other pages (default https://DOMAIN, on localhost http://localhost:4455)")
	f.StringVar(&opts.SidecarURL, "sidecar-url", "http://127.0.0.1:4477", "`URL` of oly-passkey serve as Kratos reaches it")
	f.StringVar(&opts.Mount, "mount", "", "absolute `FOLDER` where a container sees the files (default relative to Kratos' working directory)")
	f.StringVar((*string)(&opts.SignUp), "sign-up", string(scaffold.CodeFirst), "how accounts begin: code-first or passkey-first, which needs a user name")
	f.StringVar((*string)(&opts.WebAuthn), "webauthn", "", "also take keys without discoverable credentials: passwordless or second-factor")
	f.BoolVar(&force, "force", false, "replace files that differ; keys are kept all the same")
	return c
}

func (a *app) init(opts scaffold.Options, dir string, force bool) error {
	have, err := scaffold.ReadState(dir)
	if err != nil {
		return err
	}
	files, err := scaffold.Files(opts, have, rand.Reader)
	var wrong *scaffold.OptionError
	if errors.As(err, &wrong) {
		return usagef("%w", wrong)
	}
	if err != nil {
		return err
	}
	if err := a.lintBeforeWriting(files); err != nil {
		return err
	}
	changes, err := scaffold.Write(dir, files, force)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if _, err := fmt.Fprintf(a.stdout, "%-9s  %s\n", c.Action, filepath.Join(dir, filepath.FromSlash(c.Path))); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.stderr, "next steps are in %s\n", filepath.Join(dir, "README.md"))
	return err
}

// lintBeforeWriting refuses to write what lint would complain about: variables
// that somebody added to kratos.env can do that.
func (a *app) lintBeforeWriting(files []scaffold.File) error {
	found, err := scaffold.Lint(files)
	if err != nil || len(found) == 0 {
		return err
	}
	return errors.Join(report.Text(a.stderr, found), errors.New("with kratos.env as it is this would not work, so nothing was written"))
}
