package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// wellknownCheck holds the flags of `wellknown check`.
type wellknownCheck struct {
	app    *app
	site   siteFlags
	dir    string
	base   string
	reach  reachFlags
	format string
	failOn string
}

// reachFlags say how a deployment is reached, as curl's flags do.
type reachFlags struct {
	resolve []string
	caFile  string
}

func (r *reachFlags) register(c *cobra.Command) {
	c.Flags().StringArrayVar(&r.resolve, "resolve", nil, "`HOST:PORT:ADDR` to connect to in place of what DNS says (repeatable)")
	c.Flags().StringVar(&r.caFile, "ca-file", "", "PEM `FILE` of certificates to trust in place of the system's")
}

func (r *reachFlags) options() (wellknown.FetchOptions, error) {
	o := wellknown.FetchOptions{Resolve: make(map[string]string)}
	for _, text := range r.resolve {
		parts := strings.SplitN(text, ":", 3)
		if len(parts) != 3 || parts[0] == "" || parts[2] == "" {
			return o, cli.Usagef("--resolve %q is not HOST:PORT:ADDR", text)
		}
		addr := strings.Trim(parts[2], "[]")
		if _, _, err := net.SplitHostPort(parts[2]); err == nil {
			addr = parts[2] // with a port of its own
		} else {
			addr = net.JoinHostPort(addr, parts[1])
		}
		o.Resolve[net.JoinHostPort(parts[0], parts[1])] = addr
	}
	if r.caFile != "" {
		pem, err := os.ReadFile(r.caFile)
		if err != nil {
			return o, err
		}
		o.Roots = x509.NewCertPool()
		if !o.Roots.AppendCertsFromPEM(pem) {
			return o, fmt.Errorf("%q holds no PEM certificate", r.caFile)
		}
	}
	return o, nil
}

func newWellknownCheck(a *app) *cobra.Command {
	k := &wellknownCheck{app: a}
	c := &cobra.Command{
		Use:   "check [DOCUMENT...]",
		Short: "check the documents of a deployment, or those in a folder",
		Long: `Reads the documents from https://RP-ID/.well-known/, or from a folder with --dir,
and checks how they are served, what they say, and that they and rp.origins agree
in both directions. Without DOCUMENT all four are checked.

Exit code 0: clean; 1: findings; 3: the configuration could not be read.`,
		Example: `  oly-passkey wellknown check -c kratos.yml
  oly-passkey wellknown check webauthn --rp-id example.com
  oly-passkey wellknown check -c kratos.yml --dir public`,
		RunE: func(cmd *cobra.Command, args []string) error { return k.run(cmd.Context(), args) },
	}
	k.site.register(c)
	k.reach.register(c)
	f := c.Flags()
	f.StringVar(&k.dir, "dir", "", "read `DIR`/.well-known/ in place of the deployment")
	f.StringVar(&k.base, "base-url", "", "read from this `URL` in place of https://RP-ID, such as a staging host")
	f.StringVar(&k.format, "format", "text", "text or json")
	f.StringVar(&k.failOn, "fail-on", "error", "exit with 1 for findings from this severity on: error, warning or info")
	c.MarkFlagsMutuallyExclusive("dir", "base-url")
	return c
}

func (k *wellknownCheck) run(ctx context.Context, args []string) error {
	failOn, ok := finding.ParseSeverity(k.failOn)
	if !ok {
		return cli.Usagef("--fail-on is %q; it takes error, warning or info", k.failOn)
	}
	if k.format != "text" && k.format != "json" {
		return cli.Usagef("--format is %q; it takes text or json", k.format)
	}
	if k.base != "" && !strings.HasPrefix(k.base, "https://") {
		return cli.Usagef("--base-url %q is no https URL", safetext.URL(k.base))
	}
	names, err := documentNames(args)
	if err != nil {
		return err
	}
	site, err := k.site.site(k.app)
	if err != nil {
		return err
	}
	problems, err := k.check(ctx, names, site)
	if err != nil {
		return err
	}
	if err := k.print(problems); err != nil {
		return err
	}
	for _, p := range problems {
		if p.Severity >= failOn {
			return cli.Findings()
		}
	}
	return nil
}

func (k *wellknownCheck) check(ctx context.Context, names []wellknown.Name, site *wellknown.Site) ([]wellknown.Problem, error) {
	opts, err := k.reach.options()
	if err != nil {
		return nil, err
	}
	opts.Base = strings.TrimRight(k.base, "/")
	fetcher := wellknown.NewFetcher(opts)
	defer fetcher.Close()
	var out []wellknown.Problem
	for _, name := range names {
		if k.dir != "" {
			out = append(out, wellknown.Check(name, wellknown.ReadFile(k.dir, name), site)...)
			continue
		}
		doc := fetcher.Fetch(ctx, site.RPID, name)
		out = append(out, wellknown.Check(name, doc, site)...)
		if name == wellknown.PasskeyEndpoints {
			page := func(url string) *wellknown.Fetched { return fetcher.Page(ctx, url) }
			out = append(out, wellknown.CheckEndpoints(doc, page)...)
		}
	}
	return out, ctx.Err()
}

func (k *wellknownCheck) print(problems []wellknown.Problem) error {
	if k.format == "json" {
		type problem struct {
			ID       string         `json:"id"`
			Severity string         `json:"severity"`
			Document wellknown.Name `json:"document"`
			URL      string         `json:"url"`
			Message  string         `json:"message"`
			Help     string         `json:"help"`
		}
		out := struct {
			Findings []problem `json:"findings"`
		}{Findings: []problem{}}
		for _, p := range problems {
			out.Findings = append(out.Findings, problem{p.ID, p.Severity.String(), p.Document, p.URL, p.Message, p.Help})
		}
		return writeJSONLine(k.app.stdout, out)
	}
	for _, p := range problems {
		if _, err := fmt.Fprintf(k.app.stdout, "%s\n  help: %s\n", p, p.Help); err != nil {
			return err
		}
	}
	return nil
}
