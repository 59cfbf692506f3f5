package input

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/project"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// files reads the configurations: one of all layers, and one of each file.
func (l *Loader) files(o Options) ([][]*source.File, error) {
	if len(o.Layers) == 0 && len(o.Files) == 0 {
		name, err := l.find()
		if err != nil {
			return nil, err
		}
		o.Layers = []string{name}
	}
	var configs [][]*source.File
	var layers []*source.File
	for _, name := range o.Layers {
		f, err := l.read(name)
		if err != nil {
			return nil, err
		}
		layers = append(layers, f)
	}
	if len(layers) > 0 {
		configs = append(configs, layers)
	}
	for _, name := range o.Files {
		files, err := l.walk(name)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			configs = append(configs, []*source.File{f})
		}
	}
	for _, files := range configs {
		if err := understood(files); err != nil {
			return nil, err
		}
	}
	return configs, nil
}

// understood returns an error if no file of a configuration holds one: a report
// without findings would look as if it were right. Files that cannot be parsed are
// left to lint, which reports the place.
func understood(files []*source.File) error {
	empty := true
	for _, f := range files {
		d, err := kratosconf.Parse(f, kratosconf.ParseOptions{})
		if err != nil || d.Template || d.Incomplete {
			return nil //nolint:nilerr // lint reports the syntax
		}
		if keys := len(d.Root.Fields()); keys > 0 || !d.Root.Is(kratosconf.Map) && d.Root.Exists() {
			if empty = false; kratosconf.MayBeLayer(d.Root) {
				return nil
			}
		}
	}
	if empty {
		return fmt.Errorf("no Kratos configuration was found in %q: it is empty", files[0].Name)
	}
	return fmt.Errorf("no Kratos configuration was found in %q: name the file that contains it, or save it as a kratos.yml first", files[0].Name)
}

// read reads a file, or the standard input for "-".
func (l *Loader) read(name string) (*source.File, error) {
	if name == "-" {
		return source.Read(l.stdinName(), l.o.Stdin)
	}
	return l.Open(name)
}

// defaultFile is read if no file is named.
const defaultFile = "kratos.yml"

// find returns kratos.yml, or else the only Kratos configuration below the working
// directory, or the only one with that name.
func (l *Loader) find() (string, error) {
	_, err := l.Open(defaultFile)
	if !errors.Is(err, fs.ErrNotExist) {
		return defaultFile, nil // its own error is the clearest
	}
	files, walkErr := l.below(".", 3)
	if walkErr != nil {
		return "", walkErr
	}
	usual := slices.DeleteFunc(slices.Clone(files), func(f *source.File) bool { return filepath.Base(f.Name) != defaultFile })
	if len(usual) == 1 {
		files = usual
	}
	switch len(files) {
	case 0:
		return "", errors.New("no kratos.yml here and no Kratos configuration below; name one with -c FILE")
	case 1:
		l.o.Notice("no kratos.yml here; using " + files[0].Name)
		return files[0].Name, nil
	}
	var names []string
	for _, f := range files[:min(len(files), 5)] {
		names = append(names, f.Name)
	}
	if more := len(files) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return "", optionErrorf("no kratos.yml here; choose with -c FILE among %s", strings.Join(names, ", "))
}

// walk reads a file, or the files of a folder that look like a Kratos
// configuration.
func (l *Loader) walk(name string) ([]*source.File, error) {
	f, err := l.read(name)
	if err == nil {
		return []*source.File{f}, nil
	}
	if !errors.Is(err, source.ErrDirectory) {
		return nil, err
	}
	return l.below(name, 0)
}

// below reads the Kratos configurations in a folder, depth folders deep at most,
// at any depth for 0.
func (l *Loader) below(dir string, depth int) ([]*source.File, error) {
	var files []*source.File
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if depth > 0 && path != dir { // an unreadable folder that the user did not name
				return filepath.SkipDir
			}
			return fmt.Errorf("read %q: %w", path, err)
		}
		if entry.IsDir() {
			hidden := strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"
			below, _ := filepath.Rel(dir, path) // it is below, so there is no error
			deep := depth > 0 && (slices.Contains([]string{"vendor", "testdata"}, entry.Name()) || strings.Count(filepath.ToSlash(below), "/") >= depth)
			if path != dir && (hidden || deep) {
				return filepath.SkipDir
			}
			return nil
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".yml", ".yaml", ".json", ".toml":
		default:
			return nil
		}
		f, err := l.Open(path)
		if err == nil && kratosconf.MayBeKratos(f) {
			files = append(files, f)
		}
		return nil // the user did not name this file
	})
	return files, err
}

// lint returns what the options tell about the deployment, without the Kratos
// version.
func (l *Loader) lint(ctx context.Context, o Options) (lint.Options, error) {
	opts := lint.Options{Rendered: o.Rendered, Bodies: l.bodies, Schemas: kratosconf.SchemaOptions{Read: l.Open}}
	var ok bool
	if opts.Profile, ok = passkeys.ParseProfile(o.Profile); !ok {
		return opts, optionErrorf("invalid --profile %q: use dev or prod", o.Profile)
	}
	var err error
	if opts.Domains, err = l.domains(o); err != nil {
		return opts, err
	}
	if o.Online {
		opts.Schemas.Fetch = fetcher(ctx, o.AllowOutside)
	}
	if o.Related != "" {
		f, err := l.Open(o.Related)
		if err != nil {
			return opts, err
		}
		opts.RelatedFile = f
		opts.Related = &webauthn.Document{Status: http.StatusOK, ContentType: "application/json", Body: f.Data}
	}
	for _, name := range o.EnvFiles {
		f, err := l.Open(name)
		if err != nil {
			return opts, err
		}
		vars, err := kratosconf.EnvFile(f)
		if err != nil {
			return opts, err
		}
		opts.Env = append(opts.Env, vars...)
	}
	if o.Env {
		opts.Env = append(opts.Env, kratosconf.Environ(o.Environ)...)
	}
	opts.Schemas.Named, err = Schemas(o.Schemas, l.Open)
	return opts, err
}

// domains returns the deployed domains. A value without a scheme means https; a
// comma separates several.
func (l *Loader) domains(o Options) ([]webauthn.Page, error) {
	var all []string
	for _, d := range o.Domains {
		for one := range strings.SplitSeq(d, ",") {
			all = append(all, strings.TrimSpace(one))
		}
	}
	for _, name := range o.DomainsFrom {
		f, err := l.Open(name)
		if err != nil {
			return nil, err
		}
		found := project.Domains(f)
		if len(found) == 0 {
			return nil, fmt.Errorf("%q contains no domains", name)
		}
		all = append(all, found...)
	}
	var pages []webauthn.Page
	for _, d := range all {
		raw := d
		if !strings.Contains(raw, "://") {
			raw = "https://" + raw
		}
		page, err := webauthn.ParsePage(raw)
		if err != nil || page.Host == "" {
			return nil, optionErrorf("invalid --domain %q: use a host or an origin", d)
		}
		pages = append(pages, page)
	}
	return pages, nil
}
