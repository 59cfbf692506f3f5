// Package survey searches a project for the answers that init would otherwise ask
// for: the Kratos configuration, its version, the sign-in host, and the project's
// name. Each answer has its file and line.
package survey

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/project"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Survey is the result of a search. A Fact without a value was not found.
type Survey struct {
	Configs []string // Kratos configurations, the nearest first
	Version Fact     // of Kratos, from an image tag
	Domain  Fact     // host name of the sign-in pages, from an Ingress or a proxy
	AppName Fact     // of a compose project
	Target  Fact     // compose or kubernetes
	CI      Fact     // github or gitlab
}

// Fact is an answer and its position.
type Fact struct {
	Value string
	From  source.Span
}

// Limits of the search: deployment files are near a project's root.
const (
	maxDepth = 3
	maxFiles = 2000
	maxBytes = 1 << 20
	maxUp    = 3
)

// Look searches a directory, three levels deep, and its parents up to the root of
// the repository. Unreadable files are ignored. It returns an error if the directory
// itself cannot be read.
func Look(dir string) (*Survey, error) {
	s := new(Survey)
	seen := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		below, _ := filepath.Rel(dir, path) // a path of the walk is below its root
		switch {
		case errors.Is(err, fs.ErrNotExist) && path == dir:
			return filepath.SkipAll // it will be made
		case err != nil && path != dir:
			return filepath.SkipDir
		case err != nil:
			return err
		case entry.IsDir():
			if path != dir && (skipped(entry.Name()) || strings.Count(below, string(filepath.Separator)) >= maxDepth) {
				return filepath.SkipDir
			}
			return nil
		}
		if seen++; seen > maxFiles {
			return filepath.SkipAll
		}
		s.look(path)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.above(dir)
	slices.SortStableFunc(s.Configs, func(a, b string) int { return depth(a) - depth(b) })
	return s, nil
}

func depth(path string) int { return strings.Count(filepath.ToSlash(path), "/") }

func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || slices.Contains([]string{"node_modules", "vendor", "testdata", "charts"}, name)
}

// above searches the parents of dir, and the repository's CI configuration.
func (s *Survey) above(dir string) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return
	}
	for range maxUp + 1 {
		for _, ci := range []struct{ path, value string }{{".github", "github"}, {".gitlab-ci.yml", "gitlab"}} {
			at := filepath.Join(dir, ci.path)
			if _, err := os.Stat(at); err == nil {
				s.CI.set(ci.value, source.Span{File: source.New(at, nil)})
			}
		}
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return
		}
		up := filepath.Dir(dir)
		if up == dir {
			return
		}
		dir = up
		entries, err := os.ReadDir(dir)
		if err != nil {
			return
		}
		for _, entry := range entries {
			if name := entry.Name(); isCompose(name) || name == "Dockerfile" {
				s.look(filepath.Join(dir, name))
			}
		}
	}
}

func isCompose(name string) bool {
	return slices.Contains([]string{"compose.yml", "compose.yaml", "docker-compose.yml", "docker-compose.yaml"}, name)
}

var (
	routes   = regexp.MustCompile(`(?m)^kind:\s*["']?(Ingress|HTTPRoute|IngressRoute)\b`)
	workers  = regexp.MustCompile(`(?m)^kind:\s*["']?(Deployment|StatefulSet)\b`)
	proxies  = regexp.MustCompile(`(?m)^\s*server_name\s`)
	composed = regexp.MustCompile(`(?m)^name:[ \t]*["']?([^\s"'#$]+)`)
)

// look reads a file if its name is relevant.
func (s *Survey) look(path string) {
	name := filepath.Base(path)
	yml := slices.Contains([]string{".yml", ".yaml"}, filepath.Ext(name))
	if !yml && name != "Dockerfile" && name != "Caddyfile" && filepath.Ext(name) != ".conf" {
		return
	}
	if info, err := os.Stat(path); err != nil || info.Size() > maxBytes {
		return
	}
	f, err := source.Open(path)
	if err != nil {
		return
	}
	if v, at, ok := kratosconf.ImageTag(f); ok {
		s.Version.set(v.String(), at)
		switch {
		case isCompose(name):
			s.Target.set("compose", at)
		case workers.Match(f.Data):
			s.Target.set("kubernetes", at)
		}
	}
	if isCompose(name) {
		if m := composed.FindSubmatchIndex(f.Data); m != nil {
			s.AppName.set(string(f.Data[m[2]:m[3]]), source.Span{File: f, Start: m[2], End: m[3]})
		}
	}
	if routes.Match(f.Data) || name == "Caddyfile" || proxies.Match(f.Data) {
		s.host(f)
	}
	if yml && !isCompose(name) && kratosconf.MayBeKratos(f) {
		s.Configs = append(s.Configs, path)
	}
}

// host selects the only host of a proxy, or one with a name that is typical of
// sign-in pages.
func (s *Survey) host(f *source.File) {
	var all []string
	for _, d := range project.Domains(f) {
		page, err := webauthn.ParsePage("https://" + strings.TrimPrefix(strings.TrimPrefix(d, "https://"), "http://"))
		if err == nil && !page.IP.IsValid() && (passkeys.IsPublic(page) || page.IsLocalhost()) && !slices.Contains(all, page.Host) {
			all = append(all, page.Host)
		}
	}
	for _, host := range all {
		first, _, _ := strings.Cut(host, ".")
		if len(all) == 1 || slices.Contains([]string{"auth", "login", "id", "account", "accounts", "signin", "sso"}, first) {
			at := max(0, strings.Index(string(f.Data), host))
			s.Domain.set(host, source.Span{File: f, Start: at, End: at + len(host)})
			return
		}
	}
}

// set keeps the first answer, which is from the nearest file.
func (f *Fact) set(value string, from source.Span) {
	if f.Value == "" {
		f.Value, f.From = value, from
	}
}
