package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/matrix"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

func newMatrix(a *app) *cobra.Command {
	l := &linter{app: a}
	var browsers bool
	c := &cobra.Command{
		Use:   "matrix [-c FILE]... [FILE]",
		Short: "show where passkeys work: every origin, both methods, both gates",
		Long: `Asks the browser's gate and Kratos' gate for every origin that the configuration
deploys: pages of the flows, --domain, and the configured origins. Exit code 0:
all of them work; 1: some do not.`,
		Example: `  oly-passkey matrix -c kratos.yml --domain auth.example.com --domain app.example.com
  oly-passkey matrix --browsers --format markdown kratos.yml`,
		RunE: func(cmd *cobra.Command, args []string) error { return l.matrix(cmd.Context(), args, browsers) },
	}
	f := c.Flags()
	f.StringArrayVarP(&l.layers, "config", "c", nil, "a layer of the configuration (repeatable, in order)")
	f.BoolVar(&l.env, "env", false, "lay the process' environment over the files, as Kratos does")
	f.StringArrayVar(&l.envFiles, "env-file", nil, "lay a file of NAME=VALUE lines over the files (repeatable, in order)")
	f.StringArrayVar(&l.domains, "domain", nil, "a deployed domain: a host (https) or an origin (repeatable)")
	f.StringVar(&l.related, "related-origins", "", "`FILE` with what https://RP-ID/.well-known/webauthn answers, or will")
	f.StringVar(&l.format, "format", "text", "text, json, markdown or html")
	l.outsideFlag(c)
	f.BoolVar(&browsers, "browsers", false, "add the first version of each browser for what passkeys lean on")
	return c
}

func (l *linter) matrix(ctx context.Context, args []string, browsers bool) error {
	write, ok := map[string]func(matrix.Matrix, io.Writer, []matrix.Browser) error{
		"text": matrix.Matrix.Text, "json": matrix.Matrix.JSON, "markdown": matrix.Matrix.Markdown, "html": matrix.Matrix.HTML,
	}[l.format]
	if !ok {
		return cli.Usagef("--format is %q; it takes text, json, markdown or html", l.format)
	}
	if err := l.bound(args); err != nil {
		return err
	}
	configs, err := l.configs(args)
	if err != nil {
		return err
	}
	if len(configs) != 1 {
		return cli.Usagef("a matrix is of one configuration, these are %d", len(configs))
	}
	opts, err := l.options()
	if err != nil {
		return err
	}
	var unreadable []finding.Finding
	pass, err := interruptible(ctx, func() (pass *passkeys.Config, err error) {
		pass, unreadable, err = lint.Load(configs[0], opts)
		return pass, err
	})
	if err != nil {
		return err
	}
	if len(unreadable) > 0 {
		if err := report.Text(l.app.stderr, unreadable); err != nil {
			return err
		}
		return fmt.Errorf("%q cannot be read", configs[0][0].Name)
	}
	var table []matrix.Browser
	if browsers {
		table = matrix.Browsers()
	}
	m, err := interruptible(ctx, func() (matrix.Matrix, error) { return matrix.New(pass), nil })
	if err != nil {
		return err
	}
	if err := write(m, l.app.stdout, table); err != nil {
		return err
	}
	if !m.OK() {
		return cli.Findings()
	}
	return nil
}
