package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/explain"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/audit"
)

// explainer holds the flags of `explain`.
type explainer struct {
	app     *app
	config  []string
	env     bool
	domains []string
	format  string
}

// maxExplained is how much of an input is looked at, in bytes.
const maxExplained = 1 << 20

func newExplain(a *app) *cobra.Command {
	e := &explainer{app: a}
	c := &cobra.Command{
		Use:   "explain [-c FILE]... [TEXT...]",
		Short: "give the cause and the cure of an error, a code or a credential",
		Long: `Gives the likely causes of what somebody saw, in order, how to tell them apart,
and what to do. TEXT is a browser's error, a Kratos error or log line, a problem
of the sidecar, an Android or iOS code, a rule's id, or clientDataJSON or a
credential, as JSON or base64url. Without TEXT, or with -, it is read from stdin.

With -c it says which cause it is: the findings of lint, and a credential held
against the configured origins and rp.id, stand as proofs.

Exit code 0: it is explained; 1: nothing is known about it.`,
		Example: `  oly-passkey explain "Error validating origin" -c kratos.yml
  oly-passkey explain rp-id-not-suffix
  pbpaste | oly-passkey explain -c kratos.yml`,
		RunE: func(_ *cobra.Command, args []string) error { return e.run(args) },
	}
	f := c.Flags()
	f.StringArrayVarP(&e.config, "config", "c", nil, "a layer of the configuration (repeatable, in order)")
	f.BoolVar(&e.env, "env", false, "lay the process' environment over the files, as Kratos does")
	f.StringArrayVar(&e.domains, "domain", nil, "a deployed domain: a host (https) or an origin (repeatable)")
	f.StringVar(&e.format, "format", "text", "text or json")
	return c
}

func (e *explainer) run(args []string) error {
	if e.format != "text" && e.format != "json" {
		return cli.Usagef("--format is %q; it takes text or json", e.format)
	}
	input, err := e.input(args)
	if err != nil {
		return err
	}
	l := &linter{app: e.app, env: e.env, domains: e.domains, layers: e.config}
	opts := explain.Options{Rules: otherRules()}
	if opts.Lint, err = l.options(); err != nil {
		return err
	}
	for _, name := range e.config {
		f, err := l.open(name)
		if err != nil {
			return err
		}
		opts.Files = append(opts.Files, f)
	}
	table, err := explain.Load()
	if err != nil {
		return err
	}
	answer, err := table.Explain(input, opts)
	if err != nil {
		return err
	}
	write := answer.WriteText
	if e.format == "json" {
		write = answer.WriteJSON
	}
	if err := write(e.app.stdout); err != nil {
		return err
	}
	if answer.Kind == explain.KindUnknown {
		return cli.Findings()
	}
	return nil
}

// otherRules are the rules of audit and wellknown, which have no cases to show.
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

// input is the text of the arguments, or the first part of stdin.
func (e *explainer) input(args []string) ([]byte, error) {
	if len(args) > 0 && args[0] != "-" {
		return []byte(strings.Join(args, " ")), nil
	}
	if len(args) == 0 && cli.IsTerminal(e.app.stdin) {
		return nil, cli.Usagef("explain needs a text, or one on stdin")
	}
	text, err := io.ReadAll(io.LimitReader(e.app.stdin, maxExplained))
	if err != nil {
		return nil, fmt.Errorf("stdin: %w", err)
	}
	if rest, err := e.app.stdin.Read(make([]byte, 1)); rest > 0 || err != nil && !errors.Is(err, io.EOF) {
		_, _ = fmt.Fprintf(e.app.stderr, "oly-passkey: only the first %d bytes of stdin were looked at\n", maxExplained)
	}
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return nil, cli.Usagef("explain needs a text, and stdin is empty")
	case bytes.IndexByte(text, 0) >= 0:
		_, _ = fmt.Fprintln(e.app.stderr, "oly-passkey: stdin is no text; give the error's words, or the credential as JSON or base64url")
	}
	return text, nil
}
