package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

// recall takes from the files of an earlier run what the command line leaves out,
// unless that names another deployment.
func (s *scaffolder) recall(flags *pflag.FlagSet) error {
	if s.opts.Domain != "" || len(s.configs) > 0 {
		return nil
	}
	repository, err := belowRepository(s.dir)
	if err != nil {
		return err
	}
	read := func(path string) []byte {
		content, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(path)))
		if err != nil {
			return nil // what cannot be read is not recalled, and then asked for
		}
		return content
	}
	from := setup.KratosYML
	earlier, ok := setup.Recall(repository, read)
	if ok && earlier.Target == setup.Helm {
		from = setup.HelmValues
	}
	if !ok {
		var staff string
		if earlier, staff, ok = setup.RecallTwo(repository, read); !ok {
			return nil
		}
		from = filepath.Join(setup.Customers, from)
		if err := errors.Join(setAbsent(flags, "preset", twoKratos), setAbsent(flags, "staff-domain", staff)); err != nil {
			return err
		}
	}
	if err := s.take(flags, earlier); err != nil {
		return err
	}
	what := commandLine(flags)
	if s.opts.Instance != "" {
		what = "the " + s.opts.Instance + " of --preset " + twoKratos
	}
	_, err = fmt.Fprintf(s.app.stderr, "as %s has it: %s\n", filepath.Join(s.dir, from), what)
	return err
}

// take makes options the values of the flags that nobody gave.
func (s *scaffolder) take(flags *pflag.FlagSet, earlier setup.Options) error {
	s.opts.Instance, s.opts.Closed = earlier.Instance, earlier.Closed
	s.opts.CourierURL, s.opts.Version = earlier.CourierURL, earlier.Version
	if earlier.Related {
		if err := setAbsent(flags, "preset", "related-origins"); err != nil {
			return err
		}
	}
	other := new(scaffolder)
	values := pflag.NewFlagSet("", pflag.ContinueOnError)
	other.flags(values)
	other.opts = earlier // at which its flags point
	var err error
	values.VisitAll(func(f *pflag.Flag) {
		if flags.Changed(f.Name) || f.Value.String() == f.DefValue {
			return
		}
		for _, value := range flagValues(f) {
			if err == nil {
				err = flags.Set(f.Name, value)
			}
		}
	})
	return err
}

// setAbsent sets a flag that nobody gave; "" leaves the default.
func setAbsent(flags *pflag.FlagSet, name, value string) error {
	if value == "" || flags.Changed(name) {
		return nil
	}
	return flags.Set(name, value)
}
