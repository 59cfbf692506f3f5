package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// scaffold writes all files anew.
func (s *scaffolder) scaffold() error {
	repository, err := belowRepository(s.dir)
	if err != nil {
		return err
	}
	s.opts.Repository, s.opts.Version = repository, cmp.Or(s.opts.Version, releaseVersion())
	files, err := s.files()
	var wrong *setup.OptionError
	if errors.As(err, &wrong) {
		return cli.Usagef("%w", wrong)
	}
	if err != nil {
		return err
	}
	if err := s.lint(files); err != nil {
		return err
	}
	if err := s.saySignUp(); err != nil {
		return err
	}
	wrote, err := s.write(s.dir, files)
	if err != nil || !wrote {
		return err
	}
	_, err = fmt.Fprintf(s.app.stderr, "next steps are in %s\n", filepath.Join(s.dir, "README.md"))
	return err
}

// saySignUp says how accounts begin; the domain has no say in it.
func (s *scaffolder) saySignUp() error {
	what := "code-first: a sign-up by passkey is refused"
	if s.opts.SignUp == setup.PasskeyFirst {
		what = "passkey-first: a passkey may be the first thing an account gets"
	}
	return s.say("sign-up", what, source.Span{})
}

func (s *scaffolder) files() ([]setup.File, error) {
	if s.preset == twoKratos {
		var have [2]setup.State
		for i, half := range []string{setup.Customers, setup.Staff} {
			var err error
			if have[i], err = setup.ReadState(filepath.Join(s.dir, half)); err != nil {
				return nil, err
			}
		}
		return setup.TwoFiles(s.opts, s.staff, have, rand.Reader)
	}
	if s.staff != "" {
		return nil, &setup.OptionError{Flag: "--staff-domain", Problem: "goes with --preset " + twoKratos}
	}
	have, err := setup.ReadState(s.dir)
	if err != nil {
		return nil, err
	}
	return setup.Files(s.opts, have, rand.Reader)
}

// lint refuses to write what cannot work: variables that somebody added to
// kratos.env can break it. Milder findings are only told.
func (s *scaffolder) lint(files []setup.File) error {
	found, err := setup.Lint(files)
	if err != nil || len(found) == 0 {
		return err
	}
	if err := report.Text(s.app.stderr, found); err != nil {
		return err
	}
	for _, f := range found {
		if f.Severity == finding.Error {
			return errors.New("with kratos.env as it is this would not work, so nothing was written")
		}
	}
	return nil
}

// write puts the files into a folder, or says what would happen. It answers
// whether it wrote.
func (s *scaffolder) write(dir string, files []setup.File) (bool, error) {
	switch {
	case s.diff:
		return false, setup.Diff(s.app.stdout, dir, files)
	case s.dryRun:
		changes, err := setup.Compare(dir, files, s.force)
		if err == nil {
			err = s.list(dir, changes)
		}
		if err == nil {
			_, err = fmt.Fprintln(s.app.stderr, "a dry run: nothing was written")
		}
		return false, err
	}
	changes, err := setup.Write(dir, files, s.force)
	if err != nil {
		return false, err
	}
	return true, s.list(dir, changes)
}

var errNotWritten = errors.New("as you said: nothing was written")

func (s *scaffolder) list(dir string, changes []setup.Change) error {
	for _, c := range changes {
		if _, err := fmt.Fprintf(s.app.stdout, "%-9s  %s\n", c.Action, filepath.Join(dir, filepath.FromSlash(c.Path))); err != nil {
			return err
		}
		if c.Backup == "" {
			continue
		}
		if _, err := fmt.Fprintf(s.app.stdout, "%-9s  %s\n", "kept", filepath.Join(dir, filepath.FromSlash(c.Backup))); err != nil {
			return err
		}
	}
	return nil
}
