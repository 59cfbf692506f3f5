package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/explain"
	"github.com/olympusoss/oly-passkey/pkg/config/input"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/audit"
)

// explainer holds the flags of `explain`.
type explainer struct {
	app    *app
	input  input.Options
	format string
	color  string
}

// maxExplained is how much of standard input is read, in bytes.
const maxExplained = 1 << 20

func newExplain(a *app) *cobra.Command {
	e := &explainer{app: a}
	c := &cobra.Command{
		Use:   "explain [-c FILE]... [TEXT...]",
		Short: "explain an error, a code or a credential, and how to fix it",
		Long: `Lists the likely causes of an error, most likely first, how to tell them apart,
and what to do. TEXT is an error of a browser, a Kratos error or log line, a
problem of the sidecar, an Android or iOS code, a rule's id, or clientDataJSON
or a credential, as JSON or base64url. Without TEXT, or with -, it is read from
standard input.

With -c, explain says which of the causes it is: lint's findings confirm one,
and a credential is compared with the configured origins and rp.id.

Exit code 0: there is an explanation; 1: there is none.`,
		Example: `  oly-passkey explain "Error validating origin" -c kratos.yml
  oly-passkey explain rp-id-not-suffix
  pbpaste | oly-passkey explain -c kratos.yml`,
		ValidArgsFunction: completeRules,
		RunE:              func(cmd *cobra.Command, args []string) error { return e.run(cmd.Context(), args) },
	}
	cli.Group(c, configurationFlags, func(f *pflag.FlagSet) {
		a.configFlags(f, &e.input)
		domainFlag(f, &e.input)
	})
	cli.Group(c, outputFlags, func(f *pflag.FlagSet) {
		cli.Format(f, &e.format, "text", "json")
		colorFlag(f, &e.color)
	})
	return c
}

func (e *explainer) run(ctx context.Context, args []string) error {
	text, err := e.text(args)
	if err != nil {
		return err
	}
	l, err := input.New(e.input)
	if err != nil {
		return err
	}
	config, err := l.Layers(ctx)
	if err != nil {
		return err
	}
	table, err := explain.Load()
	if err != nil {
		return err
	}
	answer, err := table.Explain(text, explain.Options{Files: config.Files, Lint: config.Lint, Rules: otherRules()})
	if err != nil {
		return err
	}
	if e.format == "json" {
		err = answer.WriteJSON(e.app.stdout)
	} else {
		err = answer.WriteText(e.app.stdout, e.app.look(e.color))
	}
	if err != nil {
		return err
	}
	if answer.Kind == explain.KindUnknown {
		return cli.Findings()
	}
	return nil
}

// otherRules returns the rules of audit and wellknown, which have no examples.
func otherRules() []explain.Rule {
	var out []explain.Rule
	for _, r := range audit.Rules() {
		out = append(out, explain.Rule{ID: r.ID, Prose: fmt.Sprintf("%s: %s\n\nwhy: %s\ndo:  %s", r.Severity, r.Title, r.Why, r.Do)})
	}
	for _, r := range wellknown.Rules() {
		out = append(out, explain.Rule{ID: r.ID, Prose: fmt.Sprintf("%s\n\nsource: %s", r.Why, r.Source)})
	}
	return out
}

// text returns the arguments, or the first part of standard input.
func (e *explainer) text(args []string) ([]byte, error) {
	if len(args) > 0 && args[0] != "-" {
		return []byte(strings.Join(args, " ")), nil
	}
	if len(args) == 0 && cli.IsTerminal(e.app.stdin) {
		return nil, cli.Usagef("explain needs a text, as an argument or on stdin")
	}
	text, err := io.ReadAll(io.LimitReader(e.app.stdin, maxExplained))
	if err != nil {
		return nil, fmt.Errorf("stdin: %w", err)
	}
	if rest, err := e.app.stdin.Read(make([]byte, 1)); rest > 0 || err != nil && !errors.Is(err, io.EOF) {
		e.app.notice(fmt.Sprintf("only the first %d bytes of stdin were read", maxExplained))
	}
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return nil, cli.Usagef("explain needs a text, and stdin is empty")
	case bytes.IndexByte(text, 0) >= 0:
		e.app.notice("stdin is not text; pass the error message, or the credential as JSON or base64url")
	}
	return text, nil
}
