package main

import (
	"context"
	"errors"
	"html/template"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/matrix"
	"github.com/olympusoss/oly-passkey/pkg/config/project"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// target is one configuration to check, with what is known of its deployment.
type target struct {
	files []*source.File
	opts  lint.Options
}

// readProject reads .oly-passkey.yaml, nil when there is none and nobody asked
// for it.
func (l *linter) readProject() (*project.Project, error) {
	name := l.project
	if name == "" {
		name = project.FileName
	}
	f, err := l.read(name)
	if errors.Is(err, fs.ErrNotExist) && l.project == "" {
		if l.environment != "" || l.allEnvironments {
			return nil, cli.Usagef("there is no %s here that names environments", project.FileName)
		}
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l.project = name
	return project.Read(f)
}

// targets lists what to check: the environments that are asked for (all of them
// when nothing else is named), or the files of the command line.
func (l *linter) targets(ctx context.Context, args []string, p *project.Project) ([]target, error) {
	if l.network.id != "" {
		return l.fromNetwork(ctx)
	}
	if p != nil && l.environment != "" {
		e, err := p.Environment(l.environment)
		if err != nil {
			return nil, cli.Usagef("--environment: %w", err)
		}
		in, err := l.inEnvironment(e)
		if err != nil {
			return nil, err
		}
		return in.load(ctx, nil)
	}
	if p == nil || !l.everything(args) || len(p.Environments) == 0 {
		return l.load(ctx, args)
	}
	var all []target
	for _, e := range p.Environments {
		in, err := l.inEnvironment(e)
		if err != nil {
			return nil, err
		}
		one, err := in.load(ctx, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, one...)
	}
	return all, nil
}

// everything tells whether the whole project is checked.
func (l *linter) everything(args []string) bool {
	return l.network.id == "" && l.environment == "" && (l.allEnvironments || len(l.layers) == 0 && len(args) == 0)
}

// inEnvironment is the command line that an environment stands for; flags that
// were given add to it or win.
func (l *linter) inEnvironment(e project.Environment) (*linter, error) {
	if l.sidecar == "" && l.keyFile != "" && e.Sidecar != "" {
		return nil, cli.Usagef("environment %q of %s names the sidecar %q, and a key is sent only where the command line says: name it with --sidecar, too", e.Name, l.project, safetext.URL(e.Sidecar))
	}
	dir := filepath.Dir(l.project)
	at := func(names []string) []string {
		var out []string
		for _, n := range names {
			if !filepath.IsAbs(n) {
				n = filepath.Join(dir, n)
			}
			out = append(out, n)
		}
		return out
	}
	out := *l
	out.layers = append(at(e.Config), l.layers...)
	out.envFiles = append(at(e.EnvFiles), l.envFiles...)
	out.domains = slices.Concat(e.Domains, l.domains)
	out.domainsFrom = append(at(e.DomainsFrom), l.domainsFrom...)
	for id, file := range e.IdentitySchemas {
		out.schemas = append(out.schemas, id+"="+at([]string{file})[0])
	}
	if out.version == "" {
		out.version = e.Kratos
	}
	if out.profile == "" {
		out.profile = e.Profile
	}
	return &out, nil
}

// load reads the files and what the flags say of them.
func (l *linter) load(ctx context.Context, args []string) ([]target, error) {
	configs, err := l.configs(args)
	if err != nil {
		return nil, err
	}
	opts, err := l.options()
	if err != nil {
		return nil, err
	}
	if opts.Version, err = l.kratosVersion(configs); err != nil {
		return nil, err
	}
	if opts.Enrolled, err = l.enrolled(ctx); err != nil {
		return nil, err
	}
	var out []target
	for _, files := range configs {
		out = append(out, target{files: files, opts: opts})
	}
	return out, nil
}

// withMatrix writes the HTML report with the matrix of each configuration that
// can be read.
func withMatrix(targets []target) (report.Writer, error) {
	var b strings.Builder
	for _, t := range targets {
		pass, _, err := lint.Load(t.files, t.opts)
		if err != nil {
			return nil, err
		}
		if pass == nil || len(pass.Enabled()) == 0 {
			continue
		}
		if err := matrix.New(pass).Tables(&b, nil); err != nil {
			return nil, err
		}
	}
	return func(w io.Writer, findings []finding.Finding) error {
		return report.HTMLWith(w, findings, template.HTML(b.String())) //nolint:gosec // html/template has escaped it
	}, nil
}
