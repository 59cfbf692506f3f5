package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/input"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/orynetwork"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// applyFixes fixes the files of a configuration, or shows the changes, and returns
// the findings that are left.
func (l *linter) applyFixes(ctx context.Context, c input.Config) ([]finding.Finding, error) {
	repair, err := cli.Interruptible(ctx, func() (lint.Repair, error) {
		return lint.Fix(c.Files, c.Lint, rules.All(), l.fix == "suggested")
	})
	if err != nil {
		return nil, err
	}
	for _, r := range repair.Changed {
		if err := r.Proven(); err != nil {
			return nil, err
		}
	}
	if l.diff {
		for _, r := range repair.Changed {
			name := strings.TrimPrefix(filepath.ToSlash(r.Name), "/")
			if _, err := l.app.stdout.Write(diff.Diff("a/"+name, r.Before, "b/"+name, r.After)); err != nil { // git apply and patch -p1 take it
				return nil, err
			}
		}
		return repair.Left, nil
	}
	if c.Network != nil {
		return repair.Left, l.printPatch(c.Network, repair.Changed)
	}
	for _, r := range repair.Changed {
		if l.loader.FromStdin(r.Name) {
			return nil, fmt.Errorf("%q is the standard input and cannot be written; use --diff", r.Name)
		}
	}
	if err := l.rewrite(repair.Changed); err != nil {
		return nil, err
	}
	for _, r := range repair.Changed {
		if _, err := fmt.Fprintf(l.app.stderr, "fixed %s\n", safetext.Visible(r.Name)); err != nil {
			return nil, err
		}
	}
	return repair.Left, nil
}

// locate adds to each finding of an Ory Network project the JSON pointer of the
// setting and its page in the Ory Console.
func locate(p *orynetwork.Project, findings []finding.Finding) {
	for i, f := range findings {
		if f.Span.File == nil || f.Span.File.Name != p.Name() {
			continue
		}
		pointer := orynetwork.Pointer(f.Span.File.Data, f.Span.Position())
		where := "only the Ory CLI sets it"
		if page := p.Setting(pointer); page != "" {
			where = "Ory Console: " + page
		}
		if pointer == "" {
			pointer = "/"
		}
		findings[i].Notes = slices.Concat(f.Notes, []finding.Note{{Span: f.Span, Message: pointer + " (" + where + ")"}})
	}
}

// printPatch prints the command for the Ory CLI that makes the changes.
func (l *linter) printPatch(p *orynetwork.Project, changed []yamledit.Change) error {
	for _, r := range changed {
		if r.Name != p.Name() {
			continue
		}
		ops, err := orynetwork.Diff(r.Before, r.After)
		if err != nil {
			return fmt.Errorf("compare the configuration before and after: %w", err)
		}
		command, err := p.Command(ops)
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(l.app.stdout, command)
		return err
	}
	l.app.notice("nothing to fix automatically")
	return nil
}
