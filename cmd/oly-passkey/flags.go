package main

import (
	"fmt"
	"net/netip"
	"net/url"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/input"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// Titles of groups of flags that several commands have.
const (
	configurationFlags = "Configuration"
	deploymentFlags    = "Deployment"
	outputFlags        = "Output"
	sidecarFlags       = "Sidecar"
	kratosFlags        = "Kratos"
)

// configFlags defines the flags that select and read a configuration.
func (a *app) configFlags(f *pflag.FlagSet, o *input.Options) {
	o.Stdin, o.Environ, o.Bodies = a.stdin, a.environ, a.bodies
	o.Notice = a.notice
	f.StringArrayVarP(&o.Layers, "config", "c", nil, "configuration `FILE`; later files override earlier ones (repeatable)")
	f.BoolVar(&o.Env, "env", false, "also apply this process's environment variables, as Kratos does")
	f.StringArrayVar(&o.EnvFiles, "env-file", nil, "apply NAME=VALUE lines from `FILE` (repeatable)")
	f.BoolVar(&o.Rendered, "rendered", false, "treat template expressions as literal text (files are already rendered)")
	f.StringArrayVar(&o.Schemas, "identity-schema", nil, "location of an identity schema: `[ID=]FILE` (repeatable)")
	f.StringVar(&o.Version, "kratos-version", "", "Kratos `VERSION` that reads the files (default: from a nearby image tag, otherwise v26.2.0)")
	f.BoolVar(&o.AllowOutside, "allow-outside", false, "allow the configuration to name files outside the repository")
}

// domainFlag defines --domain.
func domainFlag(f *pflag.FlagSet, o *input.Options) {
	f.StringArrayVar(&o.Domains, "domain", nil, "deployed `DOMAIN`: a host (https) or an origin (repeatable)")
}

// relatedFlag defines --related-origins.
func relatedFlag(f *pflag.FlagSet, o *input.Options) {
	f.StringVar(&o.Related, "related-origins", "", "`FILE` with the current or future content of https://RP-ID/.well-known/webauthn")
}

// failOnFlag defines --fail-on.
func failOnFlag(f *pflag.FlagSet, p *string) {
	cli.Choice(f, p, "fail-on", "error", "exit 1 for findings of at least this `SEVERITY`", "error", "warning", "info")
}

// failed reports whether a severity is at least that of --fail-on.
func failed(severity finding.Severity, failOn string) bool {
	least, _ := finding.ParseSeverity(failOn) // the flag takes no other value
	return severity >= least
}

// sidecarAccess is how a command reaches the sidecar.
type sidecarAccess struct {
	url, keyFile string
	insecureHTTP bool
}

func (s *sidecarAccess) flags(f *pflag.FlagSet, url string, scope api.Scope) {
	f.StringVar(&s.url, "sidecar", url, "`URL` of the sidecar")
	f.StringVar(&s.keyFile, "api-key-file", "", "`FILE` with a key of scope "+string(scope))
	f.BoolVar(&s.insecureHTTP, "insecure-http", false, "allow sending the key over plain HTTP to other machines, on a trusted network")
}

// check returns an error if a key must not be sent to the URL.
func (s *sidecarAccess) check() error {
	u, err := url.Parse(s.url)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return cli.Usagef("invalid --sidecar: use an http or https URL, such as http://127.0.0.1:4477")
	}
	ip, _ := netip.ParseAddr(u.Hostname()) // the zero address is not a loopback one
	if s.keyFile == "" || u.Scheme == "https" || s.insecureHTTP || u.Hostname() == "localhost" || ip.IsLoopback() {
		return nil
	}
	return cli.Usagef("--sidecar %q would get the key over plain HTTP; use https, or --insecure-http on a trusted network", safetext.URL(s.url))
}

// completeArgs completes arguments with a fixed set of values.
func completeArgs(c *cobra.Command, values ...string) {
	c.ValidArgsFunction = cli.Values(values...)
}

// key returns the key of a scope, "" without a key file.
func (s *sidecarAccess) key(scope api.Scope) (string, error) {
	if s.keyFile == "" {
		return "", nil
	}
	keys, err := api.ReadKeyFile(s.keyFile)
	if err != nil {
		return "", err
	}
	key := keys.Key(scope)
	if key == "" {
		return "", fmt.Errorf("api key file %q has no key of scope %q", s.keyFile, scope)
	}
	return key, nil
}

// colorFlag defines --color.
func colorFlag(f *pflag.FlagSet, p *string) {
	cli.Choice(f, p, "color", "auto", "`WHEN` to use colors (auto: on a terminal, unless NO_COLOR is set)", "auto", "always", "never")
}

// completeRules completes the ids of lint's rules.
func completeRules(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	for _, r := range rules.All() {
		ids = append(ids, r.ID)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// notice prints a message to stderr.
func (a *app) notice(text string) {
	_, _ = fmt.Fprintf(a.stderr, "oly-passkey: %s\n", safetext.Visible(text)) // a write error cannot be reported
}

// look returns how text on standard output is laid out: a terminal wraps at its
// width, at most 80 columns, and has colors unless https://no-color.org or --color
// says otherwise.
func (a *app) look(color string) report.Look {
	look := report.Look{Color: color == "always"}
	if columns := cli.Columns(a.stdout); columns > 0 {
		look.Columns = min(max(columns, 40), 80)
		look.Color = look.Color || color == "auto" && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
	}
	return look
}
