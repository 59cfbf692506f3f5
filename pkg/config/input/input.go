// Package input reads a Kratos configuration in every form that commands accept:
// layers, files and folders, standard input, the environments of .oly-passkey.yaml,
// and projects of the Ory Network. It is the only loader; commands differ in what
// they do with the result.
package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/orynetwork"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/project"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Options say what to read. Most are flags of the same name, which is how errors
// call them.
type Options struct {
	Layers      []string // --config: one configuration, later files override earlier ones
	Files       []string // arguments: files and folders, each a configuration of its own; "-" is Stdin
	Env         bool     // --env: apply Environ
	EnvFiles    []string // --env-file
	Rendered    bool     // --rendered
	Schemas     []string // --identity-schema: [ID=]FILE
	Version     string   // --kratos-version
	Profile     string   // --profile
	Domains     []string // --domain
	DomainsFrom []string // --domains-from
	Related     string   // --related-origins
	Online      bool     // --online: fetch identity schemas from URLs

	Project         string // --project, "" for .oly-passkey.yaml if it exists
	Environment     string // --environment
	AllEnvironments bool   // --all-environments
	Network         Network

	// AllowOutside allows files outside of the repository, and identity schemas at
	// private addresses.
	AllowOutside bool
	// Named are further files that the user named and that may be read.
	Named []string

	// Bodies evaluates hook bodies that may take long; without it they are not
	// evaluated.
	Bodies hookbody.Evaluator

	Stdin         io.Reader
	StdinFilename string              // --stdin-filename, "" for stdin
	Environ       []string            // KEY=value, as os.Environ returns it
	Notice        func(notice string) // called with what the user should know; may be nil
}

// Config is a configuration and what is known about its deployment.
type Config struct {
	Files       []*source.File // layers, in order
	Lint        lint.Options
	Environment project.Environment // zero if it is not from a project
	Network     *orynetwork.Project // nil if it is not from the Ory Network
}

// OptionError reports an invalid option, as opposed to a file that cannot be read.
type OptionError struct{ err error }

func (e *OptionError) Error() string { return e.err.Error() }
func (e *OptionError) Unwrap() error { return e.err }

// BadUsage marks the error as one of the command line.
func (*OptionError) BadUsage() {}

func optionErrorf(format string, args ...any) error {
	return &OptionError{fmt.Errorf(format, args...)}
}

// Loader reads configurations.
type Loader struct {
	o       Options
	bounds  *source.Bounds
	bodies  *hookbody.Bodies
	project *project.Project // nil until Configs finds one
}

// New returns a Loader. It may read the files that the options name, and those
// that they name in turn if they are in the same folders or in the repository of
// the working directory.
func New(o Options) (*Loader, error) {
	b, err := source.NewBounds(".")
	if err != nil {
		return nil, err
	}
	b.All = o.AllowOutside
	for _, name := range slices.Concat(o.Layers, o.Files, []string{o.Project, o.StdinFilename}) {
		b.NameConfig(name)
	}
	for _, name := range slices.Concat(o.EnvFiles, o.DomainsFrom, o.Named, []string{o.Related}) {
		b.Name(name)
	}
	for _, schema := range o.Schemas {
		_, file := SchemaFile(schema)
		b.Name(file)
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	return &Loader{o: o, bounds: b, bodies: hookbody.NewBodies(o.Bodies)}, nil
}

// Open reads a file within the bounds.
func (l *Loader) Open(name string) (*source.File, error) { return l.bounds.Open(name) }

// MayWrite returns an error for a file outside of the bounds.
func (l *Loader) MayWrite(name string) error {
	if !l.bounds.MayWrite(name) {
		return fmt.Errorf("write %q: it is outside of the repository, or a link that leads there", name)
	}
	return nil
}

// FromStdin reports whether a file has the name of the standard input.
func (l *Loader) FromStdin(name string) bool {
	return name == l.stdinName()
}

func (l *Loader) stdinName() string {
	if l.o.StdinFilename == "" {
		return "stdin"
	}
	return l.o.StdinFilename
}

// Configs reads all configurations that the options select: a project of the Ory
// Network, environments, or files.
func (l *Loader) Configs(ctx context.Context) ([]Config, error) {
	if l.o.Network.ID != "" {
		c, err := l.fromNetwork(ctx)
		return []Config{c}, err
	}
	if err := l.readProject(); err != nil {
		return nil, err
	}
	if l.project == nil || l.o.Environment == "" && (!l.whole() || len(l.project.Environments) == 0) {
		return l.load(ctx, l.o)
	}
	environments := l.project.Environments
	if l.o.Environment != "" {
		e, err := l.project.Environment(l.o.Environment)
		if err != nil {
			return nil, optionErrorf("--environment: %w", err)
		}
		environments = project.Environments{e}
	}
	var all []Config
	for _, e := range environments {
		configs, err := l.load(ctx, l.inEnvironment(e))
		if err != nil {
			return nil, err
		}
		for _, c := range configs {
			c.Environment = e
			all = append(all, c)
		}
	}
	return all, nil
}

// One reads the only configuration of the layers and files.
func (l *Loader) One(ctx context.Context) (Config, error) {
	configs, err := l.load(ctx, l.o)
	if err != nil {
		return Config{}, err
	}
	if len(configs) != 1 {
		return Config{}, optionErrorf("expected one configuration, got %d; put -c before each file of the same configuration", len(configs))
	}
	return configs[0], nil
}

// Layers reads the layers. Without any, the result has no files.
func (l *Loader) Layers(ctx context.Context) (Config, error) {
	if len(l.o.Layers) > 0 {
		return l.One(ctx)
	}
	opts, err := l.lint(ctx, l.o)
	return Config{Lint: opts}, err
}

// Apply applies the ignores of the project to findings.
func (l *Loader) Apply(findings []finding.Finding, now time.Time) []finding.Finding {
	if l.project == nil {
		return findings
	}
	return l.project.Apply(findings, l.whole(), now)
}

// whole reports whether the whole project is read.
func (l *Loader) whole() bool {
	return l.o.Environment == "" && (l.o.AllEnvironments || len(l.o.Layers) == 0 && len(l.o.Files) == 0)
}

// readProject reads the project file if it exists or was named.
func (l *Loader) readProject() error {
	name := l.o.Project
	if name == "" {
		name = project.FileName
	}
	f, err := l.Open(name)
	if errors.Is(err, fs.ErrNotExist) && l.o.Project == "" {
		if l.o.Environment != "" || l.o.AllEnvironments {
			return optionErrorf("no %s here, so there are no environments", project.FileName)
		}
		return nil
	}
	if err != nil {
		return err
	}
	l.o.Project = name
	l.project, err = project.Read(f)
	return err
}

// inEnvironment returns the options of an environment. Options of the command line
// add to it or override it.
func (l *Loader) inEnvironment(e project.Environment) Options {
	dir := filepath.Dir(l.o.Project)
	at := func(names ...string) []string {
		var out []string
		for _, n := range names {
			if !filepath.IsAbs(n) {
				n = filepath.Join(dir, n)
			}
			out = append(out, n)
		}
		return out
	}
	o := l.o
	o.Files = nil
	o.Layers = append(at(e.Config...), o.Layers...)
	o.EnvFiles = append(at(e.EnvFiles...), o.EnvFiles...)
	o.Domains = slices.Concat(e.Domains, o.Domains)
	o.DomainsFrom = append(at(e.DomainsFrom...), o.DomainsFrom...)
	o.Schemas = slices.Clone(o.Schemas)
	for id, file := range e.IdentitySchemas {
		o.Schemas = append(o.Schemas, id+"="+at(file)[0])
	}
	if o.Version == "" {
		o.Version = e.Kratos
	}
	if o.Profile == "" {
		o.Profile = e.Profile
	}
	return o
}

func (l *Loader) load(ctx context.Context, o Options) ([]Config, error) {
	configs, err := l.files(o)
	if err != nil {
		return nil, err
	}
	opts, err := l.lint(ctx, o)
	if err != nil {
		return nil, err
	}
	if opts.Version, err = version(o.Version, configs); err != nil {
		return nil, err
	}
	var out []Config
	for _, files := range configs {
		out = append(out, Config{Files: files, Lint: opts})
	}
	return out, nil
}

// Parse reads the files of one configuration.
func (c Config) Parse() (*passkeys.Config, error) { return Parse(c.Files, c.Lint) }

// Parse reads files that are the layers of one configuration. The error is an
// *UnreadableError if one of them is not valid.
func Parse(files []*source.File, opts lint.Options) (*passkeys.Config, error) {
	pass, unreadable, err := lint.Load(files, opts)
	if err == nil && len(unreadable) > 0 {
		err = &UnreadableError{Findings: unreadable}
	}
	if err != nil {
		return nil, err
	}
	return pass, nil
}

// UnreadableError reports files with invalid syntax.
type UnreadableError struct{ Findings []finding.Finding }

func (e *UnreadableError) Error() string {
	first := e.Findings[0]
	return first.Span.String() + ": " + first.Message
}

// SchemaFile splits an identity schema option, [ID=]FILE. The id of the default
// schema is "".
func SchemaFile(text string) (id, file string) {
	if id, file, ok := strings.Cut(text, "="); ok {
		return id, file
	}
	return "", text
}

// Schemas checks that identity schema files can be read, and returns their names
// by schema id.
func Schemas(given []string, read func(string) (*source.File, error)) (map[string]string, error) {
	named := make(map[string]string)
	for _, s := range given {
		id, file := SchemaFile(s)
		if _, err := read(file); err != nil {
			return nil, err
		}
		named[id] = file
	}
	return named, nil
}

// version returns the Kratos version that was given, or that of an image in a
// compose file or a Dockerfile in the folder of the only configuration or the one
// above it. The zero Version means the default.
func version(given string, configs [][]*source.File) (kratosconf.Version, error) {
	if given != "" {
		v, err := kratosconf.ParseVersion(given)
		if err != nil {
			return v, optionErrorf("--kratos-version: %w", err)
		}
		return v, nil
	}
	if len(configs) != 1 {
		return kratosconf.Version{}, nil // they may belong to different deployments
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
