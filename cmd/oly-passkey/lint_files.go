package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/project"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// options turns the flags into what the linter knows besides the files.
func (l *linter) options() (lint.Options, error) {
	if l.bodies == nil {
		l.bodies = hookbody.NewBodies(l.app.bodies)
	}
	opts := lint.Options{Rendered: l.rendered, Bodies: l.bodies, Schemas: kratosconf.SchemaOptions{Read: l.read}}
	var ok bool
	if opts.Profile, ok = passkeys.ParseProfile(l.profile); !ok {
		return opts, cli.Usagef("--profile is %q; it takes dev or prod", l.profile)
	}
	var err error
	domains := l.domains
	for _, name := range l.domainsFrom {
		f, err := l.read(name)
		if err != nil {
			return opts, err
		}
		found := project.Domains(f)
		if len(found) == 0 {
			return opts, fmt.Errorf("read %q: it names no domains", name)
		}
		domains = append(domains[:len(domains):len(domains)], found...)
	}
	if opts.Domains, err = parseDomains(domains); err != nil {
		return opts, err
	}
	if l.online {
		opts.Schemas.Fetch = l.fetch
	}
	if l.related != "" {
		f, err := l.read(l.related)
		if err != nil {
			return opts, err
		}
		opts.RelatedFile = f
		opts.Related = &webauthn.Document{Status: http.StatusOK, ContentType: "application/json", Body: f.Data}
	}
	for _, name := range l.envFiles {
		f, err := l.read(name)
		if err != nil {
			return opts, err
		}
		vars, err := kratosconf.EnvFile(f)
		if err != nil {
			return opts, err
		}
		opts.Env = append(opts.Env, vars...)
	}
	if l.env {
		opts.Env = append(opts.Env, kratosconf.Environ(l.app.environ)...)
	}
	opts.Schemas.Named, err = namedSchemas(l.schemas, l.read)
	return opts, err
}

// namedSchemas reads --identity-schema: files by the id of their schema, "" being
// the default one.
func namedSchemas(given []string, read func(string) (*source.File, error)) (map[string]string, error) {
	named := make(map[string]string)
	for _, s := range given {
		id, file := schemaFile(s)
		if _, err := read(file); err != nil {
			return nil, err
		}
		named[id] = file
	}
	return named, nil
}

// parseDomains reads deployed domains: a bare host is at https.
func parseDomains(domains []string) ([]webauthn.Page, error) {
	var pages []webauthn.Page
	for _, d := range domains {
		raw := d
		if !strings.Contains(raw, "://") {
			raw = "https://" + raw
		}
		page, err := webauthn.ParsePage(raw)
		if err != nil || page.Host == "" {
			return nil, cli.Usagef("--domain %q is neither a host nor an origin", d)
		}
		pages = append(pages, page)
	}
	return pages, nil
}

// kratosVersion is the one that was named, or that of an image that a compose
// file or a Dockerfile beside the configuration runs; the zero Version leaves it
// to the default.
func (l *linter) kratosVersion(configs [][]*source.File) (kratosconf.Version, error) {
	if l.version != "" {
		v, err := kratosconf.ParseVersion(l.version)
		if err != nil {
			return v, cli.Usagef("--kratos-version: %w", err)
		}
		return v, nil
	}
	if len(configs) != 1 {
		return kratosconf.Version{}, nil // of many projects, perhaps
	}
	dir := filepath.Dir(configs[0][0].Name)
	for _, folder := range []string{dir, filepath.Dir(dir)} {
		for _, name := range []string{"compose.yml", "compose.yaml", "docker-compose.yml", "docker-compose.yaml", "Dockerfile"} {
			f, err := source.OpenRegular(filepath.Join(folder, name))
			if err != nil {
				continue
			}
			if v, ok := kratosconf.ImageVersion(f); ok {
				return v, nil
			}
		}
	}
	return kratosconf.Version{}, nil
}

// configs reads the files: one configuration of all layers, and one of each
// positional file.
func (l *linter) configs(args []string) ([][]*source.File, error) {
	layers := l.layers
	if len(layers) == 0 && len(args) == 0 {
		layers = []string{"kratos.yml"}
	}
	var configs [][]*source.File
	var together []*source.File
	for _, name := range layers {
		f, err := l.open(name)
		if err != nil {
			return nil, err
		}
		together = append(together, f)
	}
	if len(together) > 0 {
		configs = append(configs, together)
	}
	for _, name := range args {
		files, err := l.walk(name)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			configs = append(configs, []*source.File{f})
		}
	}
	return configs, nil
}

func (l *linter) open(name string) (*source.File, error) {
	if name == "-" {
		name := l.stdinFilename
		if name == "" {
			name = "stdin"
		}
		return source.Read(name, l.app.stdin)
	}
	return l.read(name)
}

// read reads a file within the bounds of what this command may read.
func (l *linter) read(name string) (*source.File, error) {
	if err := l.bound(nil); err != nil {
		return nil, err
	}
	return l.bounds.Open(name)
}

// walk answers a file, or those of a folder that look like a Kratos
// configuration.
func (l *linter) walk(name string) ([]*source.File, error) {
	f, err := l.open(name)
	if err == nil {
		return []*source.File{f}, nil
	}
	if !errors.Is(err, source.ErrDirectory) {
		return nil, err
	}
	var files []*source.File
	err = filepath.WalkDir(name, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read %q: %w", path, err)
		}
		if entry.IsDir() {
			if path != name && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".yml", ".yaml", ".json", ".toml":
		default:
			return nil
		}
		f, err := l.read(path)
		if err == nil && kratosconf.MayBeKratos(f) {
			files = append(files, f)
		}
		return nil // what cannot be read was not named by the user
	})
	return files, err
}
