package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/cmd/internal/sidecarcmd"
	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/input"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
	"github.com/olympusoss/oly-passkey/pkg/doctor"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// doctorCommand holds the flags of `doctor`.
type doctorCommand struct {
	app         *app
	input       input.Options
	reach       reachFlags
	kratosURL   string
	adminURL    string
	access      kratosadmin.Access // to the admin API
	androidApps []string
	appleApps   []string
	sidecar     sidecarAccess
	timeout     time.Duration
	ceremony    ceremonyFlags
	format      string
	failOn      string
	color       string
}

func newDoctor(a *app) *cobra.Command {
	d := &doctorCommand{app: a}
	c := &cobra.Command{
		Use:   "doctor URL",
		Short: "check a running deployment: will passkeys work on this page?",
		Long: `Visits the sign-in page at URL, Kratos behind it and the documents on rp.id's
host, and reports what keeps passkeys from working, now or later. It only reads.

With -c it also compares the deployment with the configuration that Kratos
should run with, with --kratos-admin-url it reads Kratos' version, and with
--sidecar it checks that the index is up to date. Checks that do not apply, such
as some on localhost, are n/a.

With --ceremony it then does what users do, with a local Chromium and a virtual
authenticator: it signs up a temporary identity with the traits of a file, signs
in, adds and removes a passkey, and deletes the identity through the admin API.
It first lists the hooks and emails that this triggers. Anywhere but on
localhost it needs --yes.

Exit code 0: no finding of --fail-on or worse; 1: findings; 3: timed out.`,
		Example: `  oly-passkey doctor https://login.example.com/login -c kratos.yml
  oly-passkey doctor login.example.com --ca-file ca.pem \
    --resolve login.example.com:443:10.0.0.7
  oly-passkey doctor http://localhost:4455/login \
    --kratos-admin-url http://127.0.0.1:4434
  echo '{"email": "doctor-{random}@example.org"}' > traits.json
  oly-passkey doctor https://login.example.com/login -c kratos.yml \
    --kratos-admin-url http://127.0.0.1:4434 \
    --ceremony --traits traits.json --yes`,
		Args: cli.NeedsOne("the URL of a sign-in page, such as https://login.example.com"),
		RunE: func(cmd *cobra.Command, args []string) error { return d.run(cmd.Context(), args[0]) },
	}
	d.flags(c)
	return cli.Graceful(c) // an interrupted ceremony deletes its identity
}

func (d *doctorCommand) flags(c *cobra.Command) {
	cli.Group(c, deploymentFlags, func(f *pflag.FlagSet) {
		d.reach.flags(f)
		f.StringArrayVar(&d.androidApps, "android-app", nil, "Android app: `PACKAGE[=FINGERPRINT]` (repeatable)")
		f.StringArrayVar(&d.appleApps, "apple-app", nil, "Apple app: `TEAMID.BUNDLEID` (repeatable)")
		f.DurationVar(&d.timeout, "timeout", 30*time.Second, "maximum `TIME` of all checks together")
	})
	cli.Group(c, configurationFlags, func(f *pflag.FlagSet) { d.app.configFlags(f, &d.input) })
	cli.Group(c, kratosFlags, func(f *pflag.FlagSet) {
		f.StringVar(&d.kratosURL, "kratos-url", "", "`URL` of Kratos' public API (default: where the page leads)")
		f.StringVar(&d.adminURL, "kratos-admin-url", "", "`URL` of Kratos' admin API, without /admin")
		sidecarcmd.KratosAccessFlags(f, &d.access)
	})
	cli.Group(c, sidecarFlags, func(f *pflag.FlagSet) { d.sidecar.flags(f, "", api.ScopeRead) })
	cli.Group(c, "Ceremony", d.ceremony.flags)
	cli.Group(c, outputFlags, func(f *pflag.FlagSet) {
		cli.Format(f, &d.format, "text", "json", "html", "sarif")
		failOnFlag(f, &d.failOn)
		colorFlag(f, &d.color)
	})
	cli.Renamed(c, map[string]string{"admin-url": "kratos-admin-url"})
}

func (d *doctorCommand) run(ctx context.Context, where string) error {
	switch {
	case d.format == "sarif" && len(d.input.Layers) == 0:
		return cli.Usagef("--format sarif needs -c FILE, because its findings refer to files")
	case d.timeout <= 0:
		return cli.Usagef("invalid --timeout %q: use a duration, such as 30s", d.timeout)
	}
	opts, err := cli.Interruptible(ctx, func() (doctor.Options, error) { return d.options(ctx, where) })
	if err != nil {
		return err
	}
	if opts.Ceremony, err = d.plan(opts); errors.Is(err, doctor.ErrURL) {
		return cli.Usagef("%w", err)
	}
	if err != nil {
		return err
	}
	r, err := doctor.Run(ctx, opts)
	if errors.Is(err, doctor.ErrURL) {
		return cli.Usagef("%w", err)
	}
	if err != nil {
		return err
	}
	if err := d.print(r); err != nil {
		return err
	}
	for _, p := range r.Problems() {
		if failed(p.Severity, d.failOn) {
			return cli.Findings()
		}
	}
	if r.TimedOut || r.Unfinished() {
		return &cli.ExitError{Code: cli.ExitFailed}
	}
	return nil
}

func (d *doctorCommand) print(r *doctor.Report) error {
	switch d.format {
	case "json":
		return doctor.JSON(d.app.stdout, r)
	case "html":
		return doctor.HTML(d.app.stdout, r)
	case "sarif":
		return report.SARIF(d.app.stdout, r.Findings())
	}
	return doctor.Text(d.app.stdout, r, d.app.look(d.color))
}

func (d *doctorCommand) options(ctx context.Context, where string) (doctor.Options, error) {
	o := doctor.Options{URL: where, KratosURL: d.kratosURL, AdminURL: d.adminURL, SidecarURL: d.sidecar.url, Timeout: d.timeout}
	reach, err := d.reach.options()
	if err != nil {
		return o, err
	}
	o.Resolve, o.Roots = reach.Resolve, reach.Roots
	if d.access != (kratosadmin.Access{}) {
		if o.Admin, err = d.access.Transport(); err != nil {
			return o, err
		}
	}
	var apps wellknown.Site
	for _, text := range d.androidApps {
		if err := addAndroidApp(&apps, text); err != nil {
			return o, err
		}
	}
	o.Android = apps.Apps
	if o.Apple, err = parseAppleApps(d.appleApps); err != nil {
		return o, err
	}
	if d.sidecar.url != "" {
		if err := d.sidecar.check(); err != nil {
			return o, err
		}
	}
	if o.SidecarKey, err = d.sidecar.key(api.ScopeRead); err != nil {
		return o, err
	}
	l, err := input.New(d.input)
	if err != nil {
		return o, err
	}
	config, err := l.Layers(ctx)
	o.Files, o.Lint = config.Files, config.Lint
	return o, err
}
