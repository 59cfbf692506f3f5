package setup

import (
	"cmp"
	"path"
	"regexp"
	"strings"
)

// plainPage are the hosts and origins that need no quoting in a shell or in YAML.
var plainPage = regexp.MustCompile(`^[A-Za-z0-9.:/-]+$`)

// continuous adds the one file that a CI wants, at the repository's root.
func (o Options) continuous(s *site) error {
	var file outFile
	switch o.CI {
	case NoCI:
		return nil
	case GitHub:
		file = outFile{".github/workflows/passkeys.yml", "ci/github.yml"}
	case GitLab:
		file = outFile{".gitlab/passkeys.yml", "ci/gitlab.yml"}
	case PreCommit:
		file = outFile{".pre-commit-config.yaml", "ci/pre-commit.yml"}
	default:
		return optionf("--ci", "%q is unknown; use %s, %s or %s", o.CI, GitHub, GitLab, PreCommit)
	}
	if o.Repository != "" && !plainPath.MatchString("/"+o.Repository) {
		return optionf("--ci", "cannot name %q in a command; use a folder of letters, digits and -._~/ in the repository", o.Repository)
	}
	s.Version = cmp.Or(o.Version, "latest")
	config := path.Join(o.Repository, cmp.Or(o.ConfigName, s.ConfigFile()))
	if !plainPath.MatchString("/" + config) {
		return optionf("--ci", "cannot name %q in a command; use a file name of letters, digits and -._~ in the repository", config)
	}
	s.LintCommand = "oly-passkey lint -c " + config
	if s.Page != "" {
		if !plainPage.MatchString(s.Page) {
			return optionf("--ci", "cannot name %q in a command; name the domain with --domain", s.Page)
		}
		s.LintCommand += " --domain " + s.Page
	}
	if o.CI == GitHub {
		s.LintCommand += " --format github"
	}
	s.UIFolder = path.Join(o.Repository, "ui")
	for range strings.Count(config, "/") {
		file.path = "../" + file.path
	}
	s.ci = []outFile{file}
	return nil
}
