package main

import (
	"context"
	"fmt"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// mend fixes the files of one configuration, or shows what it would do, and
// answers what is left.
func (l *linter) mend(ctx context.Context, files []*source.File, opts lint.Options) ([]finding.Finding, error) {
	repair, err := interruptible(ctx, func() (lint.Repair, error) {
		return lint.Fix(files, opts, rules.All(), l.fix == "suggested")
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
			if _, err := l.app.stdout.Write(diff.Diff(r.Name, r.Before, r.Name+" (mended)", r.After)); err != nil {
				return nil, err
			}
		}
		return repair.Left, nil
	}
	if l.network.id != "" {
		return repair.Left, l.printPatch(repair.Changed)
	}
	for _, r := range repair.Changed {
		if l.given(r.Name) {
			return nil, fmt.Errorf("%q was read from the standard input and cannot be written; use --diff", r.Name)
		}
	}
	if err := l.rewrite(repair.Changed); err != nil {
		return nil, err
	}
	for _, r := range repair.Changed {
		if _, err := fmt.Fprintf(l.app.stderr, "mended %s\n", safetext.Visible(r.Name)); err != nil {
			return nil, err
		}
	}
	return repair.Left, nil
}

// given tells whether a file is the standard input.
func (l *linter) given(name string) bool {
	return name == "stdin" || l.stdinFilename != "" && name == l.stdinFilename
}
