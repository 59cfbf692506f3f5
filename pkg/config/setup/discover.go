package setup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/project"
	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Discovery is what a project already says about the options of init. A fact
// without a value was not found.
type Discovery struct {
	Configs []string   // Kratos configurations, the nearest first
	Version patch.Fact // of Kratos, from an image tag
	Domain  patch.Fact // host name of the sign-in pages, from an Ingress or a proxy
	AppName patch.Fact // of a compose project
	Target  patch.Fact // Compose or Kubernetes
	CI      patch.Fact // GitHub or GitLab
}

// Place returns the file and the line of a span, "new" if it is in no file.
func Place(at source.Span) string {
	if at.File == nil {
		return "new"
	}
	return fmt.Sprintf("%s:%d", at.File.Name, at.Position().Line)
}

// Limits of the search: deployment files are near a project's root.
const (
	maxDepth = 3
	maxFiles = 2000
	maxBytes = 1 << 20
	maxUp    = 3
)

// Discover searches a directory, three levels deep, and its parents up to the root
// of the repository. Unreadable files are ignored. It returns an error if the
// directory itself cannot be read.
func Discover(dir string) (*Discovery, error) {
	s := &Discovery{Version: patch.Fact{Name: "Kratos"}, Domain: patch.Fact{Name: "domain"}}
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
		s.read(path)
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
func (s *Discovery) above(dir string) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return
	}
	for range maxUp + 1 {
		for _, ci := range []struct {
			path  string
			value CI
		}{{".github", GitHub}, {".gitlab-ci.yml", GitLab}} {
			at := filepath.Join(dir, ci.path)
			if _, err := os.Stat(at); err == nil {
				keep(&s.CI, string(ci.value), source.Span{File: source.New(at, nil)})
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
			if name := entry.Name(); kratosconf.IsComposeFile(name) || name == "Dockerfile" {
				s.read(filepath.Join(dir, name))
			}
		}
	}
}

var (
	routes   = regexp.MustCompile(`(?m)^kind:\s*["']?(Ingress|HTTPRoute|IngressRoute)\b`)
	workers  = regexp.MustCompile(`(?m)^kind:\s*["']?(Deployment|StatefulSet)\b`)
	proxies  = regexp.MustCompile(`(?m)^\s*server_name\s`)
	composed = regexp.MustCompile(`(?m)^name:[ \t]*["']?([^\s"'#$]+)`)
)

// read takes the facts from a file if its name is relevant.
func (s *Discovery) read(path string) {
	name := filepath.Base(path)
	yml := slices.Contains([]string{".yml", ".yaml"}, filepath.Ext(name))
	if !yml && name != "Dockerfile" && name != "Caddyfile" && filepath.Ext(name) != ".conf" {
		return
	}
	if info, err := os.Stat(path); err != nil || info.Size() > maxBytes {
		return
	}
	f, err := source.OpenRegular(path)
	if err != nil {
		return
	}
	if v, at, ok := kratosconf.ImageTag(f); ok {
		keep(&s.Version, v.String(), at)
		switch {
		case kratosconf.IsComposeFile(name):
			keep(&s.Target, string(Compose), at)
		case workers.Match(f.Data):
			keep(&s.Target, string(Kubernetes), at)
		}
	}
	if kratosconf.IsComposeFile(name) {
		if m := composed.FindSubmatchIndex(f.Data); m != nil {
			keep(&s.AppName, string(f.Data[m[2]:m[3]]), source.Span{File: f, Start: m[2], End: m[3]})
		}
	}
	if routes.Match(f.Data) || name == "Caddyfile" || proxies.Match(f.Data) {
		s.host(f)
	}
	if yml && !kratosconf.IsComposeFile(name) && kratosconf.MayBeKratos(f) {
		s.Configs = append(s.Configs, path)
	}
}

// host selects the only host of a proxy, or one with a name that is typical of
// sign-in pages.
func (s *Discovery) host(f *source.File) {
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
			keep(&s.Domain, host, source.Span{File: f, Start: at, End: at + len(host)})
			return
		}
	}
}

// keep sets a fact unless an earlier file, which is nearer, did.
func keep(f *patch.Fact, value string, from source.Span) {
	if f.Value == "" {
		f.Value, f.From = value, from
	}
}

// Existing returns the configuration in a folder that has to be patched, "" if none
// has: one that init did not write, or that was changed since, so that nothing says
// with which domain it would be written again. Without a configuration in the folder,
// further are those below it.
func (s *Discovery) Existing(dir string, domainKnown bool) (config string, further []string, err error) {
	for _, base := range []string{KratosYML, "kratos.yaml", HelmValues} {
		name := filepath.Join(dir, base)
		f, err := source.OpenRegular(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", nil, err
		}
		own := writtenByInit(name)
		if base == HelmValues && !own {
			break // of a chart, perhaps with other content: one of the further ones
		}
		if (!own || !domainKnown) && kratosconf.MayBeKratos(f) {
			return name, nil, nil
		}
		return "", nil, nil
	}
	return "", slices.DeleteFunc(slices.Clone(s.Configs), writtenByInit), nil
}

// header is in the first line of every configuration that init writes.
const header = "as oly-passkey init wrote it"

func writtenByInit(name string) bool {
	f, err := source.OpenRegular(name)
	return err == nil && bytes.Contains(f.Data, []byte(header))
}

// belowRepository returns the slash-separated path of a folder below the root of its
// git repository, where CI expects its file; "" outside of a repository.
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
