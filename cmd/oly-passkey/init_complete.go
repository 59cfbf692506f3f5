package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

func (s *scaffolder) readAnswers(flags *pflag.FlagSet) error {
	if s.answers == "" {
		return nil
	}
	f, err := source.Open(s.answers)
	if err != nil {
		return err
	}
	return applyAnswers(flags, f)
}

// findConfig looks for a kratos.yml in the folder that somebody else wrote, or
// changed without saying now what it should be: that one is patched. One further
// down is only mentioned, or offered.
func (s *scaffolder) findConfig() error {
	if len(s.configs) > 0 || s.force || s.preset == twoKratos {
		return nil
	}
	for _, base := range []string{setup.KratosYML, "kratos.yaml", setup.HelmValues} {
		name := filepath.Join(s.dir, base)
		f, err := source.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		own := ours(name)
		if base == setup.HelmValues && !own {
			break // of a chart, perhaps with other things in it: offered below
		}
		if (!own || s.opts.Domain == "") && kratosconf.MayBeKratos(f) {
			s.configs = []string{name}
		}
		return nil
	}
	others := slices.DeleteFunc(slices.Clone(s.found.Configs), ours)
	if len(others) == 0 {
		return nil
	}
	if s.ask != nil && s.opts.Domain == "" && s.preset == "" {
		choice, err := s.ask.config(others)
		if choice != "" {
			s.configs = []string{choice}
		}
		return err
	}
	_, err := fmt.Fprintf(s.app.stderr, "found %s; to patch it: oly-passkey init -c %s\n", strings.Join(others[:min(len(others), 5)], ", "), others[0])
	return err
}

// ours tells whether init wrote a file.
func ours(name string) bool {
	content, err := os.ReadFile(name)
	return err == nil && bytes.Contains(content, []byte("as oly-passkey init wrote it"))
}

// complete adds to the flags what is found around the folder, and what the
// person at the terminal says.
func (s *scaffolder) complete(flags *pflag.FlagSet) error {
	asked := s.ask != nil && s.opts.Domain == ""
	if err := s.infer(flags, "kratos-version", "Kratos", s.found.Version); err != nil {
		return err
	}
	if !asked {
		if err := s.infer(flags, "domain", "domain", s.found.Domain); err != nil {
			return err
		}
		return s.applyPreset(flags)
	}
	return s.ask.run()
}

// infer sets a flag that nobody gave, and says from where.
func (s *scaffolder) infer(flags *pflag.FlagSet, flag, what string, fact patch.Fact) error {
	if fact.Value == "" || flags.Changed(flag) {
		return nil
	}
	if err := s.say(what, fact.Value, fact.From); err != nil {
		return err
	}
	return flags.Set(flag, fact.Value)
}

func (s *scaffolder) say(what, value string, from source.Span) error {
	place := ""
	if from.File != nil {
		place = fmt.Sprintf(" (from %s:%d)", from.File.Name, from.Position().Line)
	}
	_, err := fmt.Fprintf(s.app.stderr, "%s: %s%s\n", what, value, place)
	return err
}

const twoKratos = "two-kratos"

func presetNames() []string {
	return []string{"one-domain", "subdomains", "related-origins", "localhost", "mobile", twoKratos}
}

// applyPreset fills in what follows from the domain.
func (s *scaffolder) applyPreset(flags *pflag.FlagSet) error {
	switch s.preset {
	case "", "one-domain", "localhost", twoKratos:
		return nil
	case "subdomains":
		parent := webauthn.RegistrableDomain(strings.ToLower(s.opts.Domain))
		if parent == "" || flags.Changed("rp-id") {
			return nil // Files says what is wrong with the domain
		}
		return flags.Set("rp-id", parent)
	case "related-origins":
		s.opts.Related = true
		return nil
	case "mobile":
		if len(s.opts.AndroidApps)+len(s.opts.AppleApps) == 0 {
			return cli.Usagef("--preset mobile needs --android-app PACKAGE=SHA256 or --apple-app TEAMID.bundle.id")
		}
		return nil
	}
	return cli.Usagef("--preset %q is unknown; use %s", s.preset, strings.Join(presetNames(), ", "))
}

// belowRepository answers where a folder stands below the root of its git
// repository, which is where CI looks for its file; "" outside one.
func belowRepository(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for root := dir; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, ".git")); err == nil {
			below, err := filepath.Rel(root, dir)
			return strings.TrimPrefix(filepath.ToSlash(below), "."), err
		}
		if root == filepath.Dir(root) {
			return "", nil
		}
	}
}

// releaseVersion is the version of a released binary, "" for any other: CI
// installs what wrote its file, where that can be had.
func releaseVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || !release.MatchString(info.Main.Version) {
		return ""
	}
	return info.Main.Version
}

var release = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+$`)
