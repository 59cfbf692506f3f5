package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/report"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// linter holds the flags of `lint`.
type linter struct {
	app      *app
	layers   []string
	env      bool
	rendered bool
	domains  []string
	schemas  []string
	format   string
	failOn   string
}

func newLint(a *app) *cobra.Command {
	l := &linter{app: a}
	c := &cobra.Command{
		Use:   "lint [-c FILE]... [FILE|FOLDER]...",
		Short: "check kratos.yml: will passkeys work where you deploy it?",
		Long: `Checks Kratos configurations offline: rp.id, origins, hooks, identity schemas.

Files given with -c are layers of one configuration, the later over the earlier,
as in "kratos serve -c base.yml -c prod.yml". Files and folders given without -c
are checked each by itself; "-" is the standard input. Without any argument it
checks kratos.yml.`,
		Example: `  oly-passkey lint -c kratos.yml --domain auth.example.com
  oly-passkey lint -c base.yml -c prod.yml --env
  oly-passkey lint --format json deploy/`,
		RunE: func(_ *cobra.Command, args []string) error { return l.run(args) },
	}
	f := c.Flags()
	f.StringArrayVarP(&l.layers, "config", "c", nil, "a layer of the configuration (repeatable, in order)")
	f.BoolVar(&l.env, "env", false, "lay the process' environment over the files, as Kratos does")
	f.BoolVar(&l.rendered, "rendered", false, "the files are rendered: template expressions are plain text")
	f.StringArrayVar(&l.domains, "domain", nil, "a deployed domain: a host (https) or an origin (repeatable)")
	f.StringArrayVar(&l.schemas, "identity-schema", nil, "`[ID=]FILE`: where an identity schema is (repeatable)")
	f.StringVar(&l.format, "format", "text", "text or json")
	f.StringVar(&l.failOn, "fail-on", "error", "exit with 1 for findings from this severity on: error, warning or info")
	return c
}

func (l *linter) run(args []string) error {
	failOn, ok := lint.ParseSeverity(l.failOn)
	if !ok {
		return usagef("--fail-on is %q; it takes error, warning or info", l.failOn)
	}
	if l.format != "text" && l.format != "json" {
		return usagef("--format is %q; it takes text or json", l.format)
	}
	opts, err := l.options()
	if err != nil {
		return err
	}
	configs, err := l.configs(args)
	if err != nil {
		return err
	}
	var all []lint.Finding
	for _, files := range configs {
		found, err := lint.Check(files, opts, rules.All())
		if err != nil {
			return fmt.Errorf("check %q: %w", files[0].Name, err)
		}
		all = append(all, found...)
	}
	return l.answer(all, failOn)
}

func (l *linter) answer(all []lint.Finding, failOn lint.Severity) error {
	write := report.Text
	if l.format == "json" {
		write = report.JSON
	}
	if err := write(l.app.stdout, all); err != nil {
		return err
	}
	for _, f := range all {
		if f.Severity >= failOn {
			return findings()
		}
	}
	return nil
}

// options turns the flags into what the linter knows besides the files.
func (l *linter) options() (lint.Options, error) {
	opts := lint.Options{Rendered: l.rendered, Schemas: kratosconf.SchemaOptions{Named: make(map[string]string), Read: source.Open}}
	if l.env {
		opts.Env = kratosconf.Environ(l.app.environ)
	}
	for _, d := range l.domains {
		raw := d
		if !strings.Contains(raw, "://") {
			raw = "https://" + raw
		}
		page, err := webauthn.ParsePage(raw)
		if err != nil || page.Host == "" {
			return opts, usagef("--domain %q is neither a host nor an origin", d)
		}
		opts.Domains = append(opts.Domains, page)
	}
	for _, s := range l.schemas {
		id, file, ok := strings.Cut(s, "=")
		if !ok {
			id, file = "", s
		}
		if _, err := source.Open(file); err != nil {
			return opts, err
		}
		opts.Schemas.Named[id] = file
	}
	return opts, nil
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
		return source.Read("stdin", l.app.stdin)
	}
	return source.Open(name)
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
		case ".yml", ".yaml", ".json":
		default:
			return nil
		}
		f, err := source.Open(path)
		if err == nil && kratosconf.MayBeKratos(f) {
			files = append(files, f)
		}
		return nil // what cannot be read was not named by the user
	})
	return files, err
}
