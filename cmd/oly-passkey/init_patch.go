package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/adopt"
	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/config/survey"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// patch gives an existing configuration passkeys.
func (s *scaffolder) patch(flags *pflag.FlagSet) error {
	if err := s.notForPatch(flags); err != nil {
		return err
	}
	files := make([]*source.File, 0, len(s.configs))
	for _, name := range s.configs {
		f, err := source.Open(name)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	plan, err := s.plan(flags, files)
	if err != nil {
		return err
	}
	if err := s.explain(plan); err != nil {
		return err
	}
	additions, err := s.additions(plan)
	if err != nil {
		return err
	}
	if errs := plan.Errors(); len(errs) > 0 && !s.diff {
		if err := report.Text(s.app.stderr, errs); err != nil {
			return err
		}
		return fmt.Errorf("lint would still find an error [%s], so nothing was written; mend it first, --diff shows the patch all the same", errs[0].Rule)
	}
	return s.writePatch(plan, additions)
}

// notForPatch refuses flags that describe a deployment anew.
func (s *scaffolder) notForPatch(flags *pflag.FlagSet) error {
	for _, name := range []string{"webauthn", "target", "kratos-url", "ui-url", "mount", "public-listen", "admin-listen", "staff-domain", "android-app", "apple-app"} {
		if flags.Changed(name) && flags.Lookup(name).Value.String() != flags.Lookup(name).DefValue {
			return cli.Usagef("--%s does not go with %s, which is there and is patched; give another --dir to write a new one", name, s.configs[0])
		}
	}
	if err := (setup.Options{Domain: "localhost", SignUp: s.opts.SignUp, RefuseAddressChange: s.opts.RefuseAddressChange}).Validate(); err != nil {
		return cli.Usagef("%w", err)
	}
	switch s.preset {
	case "", "one-domain", "localhost", "subdomains":
		return nil
	}
	return cli.Usagef("--preset %s writes a new configuration, and %s is there; give another --dir", s.preset, s.configs[0])
}

// plan asks for what the files do not say, one question after the other.
func (s *scaffolder) plan(flags *pflag.FlagSet, files []*source.File) (*adopt.Plan, error) {
	if err := s.near(); err != nil {
		return nil, err
	}
	if err := s.infer(flags, "kratos-version", "Kratos", s.found.Version); err != nil {
		return nil, err
	}
	bounds, err := source.NewBounds(".")
	if err != nil {
		return nil, err
	}
	for _, name := range s.configs {
		bounds.NameConfig(name)
	}
	env := lint.Options{Bodies: hookbody.NewBodies(s.app.bodies), Schemas: kratosconf.SchemaOptions{Read: bounds.Open}}
	if env.Schemas.Named, err = namedSchemas(s.schemas, source.Open); err != nil {
		return nil, err
	}
	if s.opts.Kratos != "" {
		if env.Version, err = kratosconf.ParseVersion(s.opts.Kratos); err != nil {
			return nil, cli.Usagef("--kratos-version: %w", err)
		}
	}
	for {
		opts := adopt.Options{
			Domain: s.opts.Domain, RPID: s.opts.RPID, AppName: s.opts.AppName,
			Origins: s.opts.Origins, SidecarURL: s.opts.SidecarURL, Wide: s.preset == "subdomains",
			RefuseAddressChange: s.opts.RefuseAddressChange, WithoutSchema: s.without,
		}
		if flags.Changed("sign-up") {
			opts.SignUp = adopt.SignUp(s.opts.SignUp)
		}
		plan, err := adopt.New(files, opts, env)
		var question *adopt.QuestionError
		if !errors.As(err, &question) {
			return plan, err
		}
		switch {
		case question.Flag == "--domain" && s.opts.Domain == "" && s.found.Domain.Value != "":
			err = s.infer(flags, "domain", "domain", s.found.Domain)
		case s.ask == nil || question.Flag != "--domain":
			return nil, cli.Usagef("%w", question)
		default:
			err = s.ask.domain()
		}
		if err != nil {
			return nil, err
		}
	}
}

// near looks around the configuration instead of the folder to write to.
func (s *scaffolder) near() (err error) {
	if dir := filepath.Dir(s.configs[0]); dir != filepath.Clean(s.dir) {
		s.found, err = survey.Look(dir)
	}
	return err
}

// explain says what was inferred and what is done, with places.
func (s *scaffolder) explain(plan *adopt.Plan) error {
	for _, fact := range plan.Facts {
		if err := s.say(fact.Name, fact.Value, fact.From); err != nil {
			return err
		}
	}
	for _, step := range plan.Steps {
		if _, err := fmt.Fprintf(s.app.stderr, "%s: %s\n", place(step.At), step.What); err != nil {
			return err
		}
	}
	return nil
}

func place(at source.Span) string {
	if at.File == nil {
		return "new"
	}
	return fmt.Sprintf("%s:%d", at.File.Name, at.Position().Line)
}

// additions are the files beside the patched ones.
func (s *scaffolder) additions(plan *adopt.Plan) ([]setup.File, error) {
	dir, name := filepath.Split(s.configs[0])
	repository, err := belowRepository(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	have, err := setup.ReadState(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	a := setup.Addition{
		CI: s.opts.CI, Config: name, Repository: repository, Version: releaseVersion(), UI: s.opts.UI, HookLists: plan.HookLists(),
	}
	if page, ok := plan.Site(); ok {
		a.Page = strings.TrimPrefix(page.Origin(), "https://")
	}
	files, err := setup.Additions(a, have, rand.Reader)
	var wrong *setup.OptionError
	if errors.As(err, &wrong) {
		return nil, cli.Usagef("%w", wrong)
	}
	return files, err
}

// writePatch shows the patch, or writes it: the patched files first in memory,
// each then by rename.
func (s *scaffolder) writePatch(plan *adopt.Plan, additions []setup.File) error {
	dir := filepath.Dir(s.configs[0])
	if s.diff || s.ask != nil {
		for _, c := range plan.Changed {
			name := strings.TrimPrefix(filepath.ToSlash(c.Name), "/")
			if _, err := s.app.stdout.Write(diff.Diff("a/"+name, c.Before, "b/"+name, c.After)); err != nil {
				return err
			}
		}
	}
	if s.diff {
		_, err := s.write(dir, additions)
		return err
	}
	if len(plan.Changed) == 0 {
		if _, err := fmt.Fprintf(s.app.stderr, "%s has passkeys already: nothing to patch\n", s.configs[0]); err != nil {
			return err
		}
	}
	if _, err := setup.Compare(dir, additions, s.force); err != nil {
		return err
	}
	if s.ask != nil && len(plan.Changed) > 0 && !s.dryRun {
		yes, err := s.ask.confirm("write this patch?")
		if err != nil {
			return err
		}
		if !yes {
			return errNotWritten
		}
	}
	if !s.dryRun {
		if err := rewriteAll(plan.Changed); err != nil {
			return err
		}
	}
	for _, c := range plan.Changed {
		if _, err := fmt.Fprintf(s.app.stdout, "%-9s  %s\n", "patched", c.Name); err != nil {
			return err
		}
	}
	if _, err := s.write(dir, additions); err != nil {
		return err
	}
	return s.remind(plan)
}

// remind tells what a person has to do, and what lint only warns of.
func (s *scaffolder) remind(plan *adopt.Plan) error {
	var warnings []finding.Finding
	for _, f := range plan.Left {
		if f.Severity == finding.Warning {
			warnings = append(warnings, f)
		}
	}
	if err := report.Text(s.app.stderr, warnings); err != nil {
		return err
	}
	if len(plan.HookLists()) > 0 {
		_, err := fmt.Fprintf(s.app.stderr, "give Kratos the variables in %s, and run: oly-passkey serve --api-key-file %s\n",
			filepath.Join(filepath.Dir(s.configs[0]), setup.KratosEnv), filepath.Join(filepath.Dir(s.configs[0]), setup.SidecarKey))
		return err
	}
	return nil
}
