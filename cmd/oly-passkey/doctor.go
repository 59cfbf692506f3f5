package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/cmd/internal/sidecarcmd"
	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
	"github.com/olympusoss/oly-passkey/pkg/doctor"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// doctorCommand holds the flags of `doctor`.
type doctorCommand struct {
	app          *app
	files        linter // reads the configuration
	reach        reachFlags
	kratosURL    string
	adminURL     string
	access       kratosadmin.Access // to the admin API
	androidApps  []string
	appleApps    []string
	sidecar      string
	keyFile      string
	insecureHTTP bool
	timeout      time.Duration
	ceremony     ceremonyFlags
	format       string
	failOn       string
}

func newDoctor(a *app) *cobra.Command {
	d := &doctorCommand{app: a, files: linter{app: a}}
	c := &cobra.Command{
		Use:   "doctor URL",
		Short: "examine a running deployment: will passkeys work on this page?",
		Long: `Visits the sign-in page at URL, Kratos behind it and the documents of rp.id's
host, and says what keeps passkeys from working, or will. It only reads.

With -c it also holds the deployment against the configuration that Kratos is
meant to run with, with --admin-url it learns Kratos' version, with --sidecar
whether the index follows. What does not apply, as on localhost, is n/a.

With --ceremony it then does what people do, with a local Chromium and a virtual
authenticator: it signs a throw-away identity up with the traits of a file,
signs it in, adds and removes a passkey, and deletes it again through the admin
API. It says first which hooks and mails that triggers, and needs --yes on
anything but localhost.

Exit code 0: clean; 1: findings; 3: there was not enough time.`,
		Example: `  oly-passkey doctor https://login.example.com/login -c kratos.yml
  oly-passkey doctor login.example.com --resolve login.example.com:443:10.0.0.7 --ca-file ca.pem
  oly-passkey doctor http://localhost:4455/login --admin-url http://127.0.0.1:4434
  echo '{"email": "doctor-{random}@example.org"}' > traits.json
  oly-passkey doctor https://login.example.com/login -c kratos.yml \
    --admin-url http://127.0.0.1:4434 --ceremony --traits traits.json --yes`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return d.run(cmd.Context(), args[0]) },
	}
	d.reach.register(c)
	f := c.Flags()
	f.StringArrayVarP(&d.files.layers, "config", "c", nil, "a layer of the configuration (repeatable, in order)")
	f.BoolVar(&d.files.env, "env", false, "lay the process' environment over the files, as Kratos does")
	f.StringArrayVar(&d.files.envFiles, "env-file", nil, "lay a file of NAME=VALUE lines over the files (repeatable, in order)")
	f.StringVar(&d.files.version, "kratos-version", "", "the Kratos that reads the files (from an image tag beside them, else v26.2.0)")
	f.StringVar(&d.kratosURL, "kratos-url", "", "`URL` of Kratos' public API (default: where the page leads)")
	f.StringVar(&d.adminURL, "admin-url", "", "`URL` of Kratos' admin API, without /admin")
	sidecarcmd.KratosAccessFlags(c, &d.access)
	f.StringArrayVar(&d.androidApps, "android-app", nil, "`PACKAGE[=FINGERPRINT]` of an app (repeatable)")
	f.StringArrayVar(&d.appleApps, "apple-app", nil, "`TEAMID.bundle.id` of an app (repeatable)")
	f.StringVar(&d.sidecar, "sidecar", "", "`URL` of the sidecar")
	f.StringVar(&d.keyFile, "api-key-file", "", "`FILE` with the sidecar's key of scope read")
	insecureHTTPFlag(c, &d.insecureHTTP)
	d.files.outsideFlag(c)
	f.DurationVar(&d.timeout, "timeout", 30*time.Second, "of all checks together")
	d.ceremony.register(c)
	f.StringVar(&d.format, "format", "text", "text, json, html, or with -c sarif")
	f.StringVar(&d.failOn, "fail-on", "error", "exit with 1 for findings from this severity on: error, warning or info")
	return c
}

func (d *doctorCommand) run(ctx context.Context, where string) error {
	failOn, ok := finding.ParseSeverity(d.failOn)
	switch {
	case !ok:
		return cli.Usagef("--fail-on is %q; it takes error, warning or info", d.failOn)
	case !slices.Contains([]string{"text", "json", "html", "sarif"}, d.format):
		return cli.Usagef("--format is %q; it takes text, json, html or sarif", d.format)
	case d.format == "sarif" && len(d.files.layers) == 0:
		return cli.Usagef("--format sarif needs -c FILE, to which findings are attached")
	case d.timeout <= 0:
		return cli.Usagef("--timeout is %s; it takes a duration, such as 30s", d.timeout)
	}
	opts, err := d.options(where)
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
		if p.Severity >= failOn {
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
	return doctor.Text(d.app.stdout, r)
}

func (d *doctorCommand) options(where string) (doctor.Options, error) {
	o := doctor.Options{URL: where, KratosURL: d.kratosURL, AdminURL: d.adminURL, SidecarURL: d.sidecar, Apple: d.appleApps, Timeout: d.timeout}
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
	for _, id := range d.appleApps {
		if !wellknown.IsAppleApp(id) {
			return o, cli.Usagef("--apple-app %q is not the ten characters of a team id, a dot and a bundle id", id)
		}
	}
	if d.keyFile != "" {
		if d.sidecar != "" {
			if err := keyGoesTo(d.sidecar, d.insecureHTTP); err != nil {
				return o, err
			}
		}
		keys, err := api.ReadKeyFile(d.keyFile)
		if err != nil {
			return o, err
		}
		o.SidecarKey = keys.Key(api.ScopeRead)
	}
	if len(d.files.layers) > 0 {
		o.Files, o.Lint, err = d.files.together()
	}
	return o, err
}

// together reads the layers as one configuration.
func (l *linter) together() ([]*source.File, lint.Options, error) {
	opts, err := l.options()
	if err != nil {
		return nil, opts, err
	}
	configs, err := l.configs(nil)
	if err != nil {
		return nil, opts, err
	}
	opts.Version, err = l.kratosVersion(configs)
	return configs[0], opts, err
}
