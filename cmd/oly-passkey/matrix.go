package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/input"
	"github.com/olympusoss/oly-passkey/pkg/config/matrix"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
)

func newMatrix(a *app) *cobra.Command {
	var o input.Options
	var format, color string
	var browsers bool
	c := &cobra.Command{
		Use:   "matrix [-c FILE]... [FILE]",
		Short: "show where passkeys work: every origin and both methods",
		Long: `Predicts for every origin of a deployment whether the browser and Kratos accept
a ceremony there. Origins are the pages of the flows, --domain, and those in the
configuration.

Exit code 0: passkeys work on all of them; 1: not on all.`,
		Example: `  oly-passkey matrix -c kratos.yml --domain auth.example.com \
    --domain app.example.com
  oly-passkey matrix --browsers --format markdown kratos.yml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Files = args
			return a.matrix(cmd.Context(), o, format, a.look(color), browsers)
		},
	}
	cli.Group(c, configurationFlags, func(f *pflag.FlagSet) { a.configFlags(f, &o) })
	cli.Group(c, deploymentFlags, func(f *pflag.FlagSet) {
		domainFlag(f, &o)
		relatedFlag(f, &o)
	})
	cli.Group(c, outputFlags, func(f *pflag.FlagSet) {
		cli.Format(f, &format, "text", "json", "markdown", "html")
		colorFlag(f, &color)
		f.BoolVar(&browsers, "browsers", false, "also show minimum browser versions")
	})
	return c
}

func (a *app) matrix(ctx context.Context, o input.Options, format string, look report.Look, browsers bool) error {
	l, err := input.New(o)
	if err != nil {
		return err
	}
	config, err := l.One(ctx)
	if err != nil {
		return err
	}
	pass, err := config.Parse()
	var unreadable *input.UnreadableError
	if errors.As(err, &unreadable) {
		if err := report.Text(a.stderr, unreadable.Findings); err != nil {
			return err
		}
		return fmt.Errorf("%q cannot be read", config.Files[0].Name)
	}
	if err != nil {
		return err
	}
	var table []matrix.Browser
	if browsers {
		table = matrix.Browsers()
	}
	write := map[string]func(matrix.Matrix, io.Writer, []matrix.Browser) error{
		"text": func(m matrix.Matrix, w io.Writer, table []matrix.Browser) error { return m.Text(w, table, look) }, "json": matrix.Matrix.JSON, "markdown": matrix.Matrix.Markdown, "html": matrix.Matrix.HTML,
	}[format]
	m := matrix.New(pass)
	if err := write(m, a.stdout, table); err != nil {
		return err
	}
	if !m.OK() {
		return cli.Findings()
	}
	return nil
}
