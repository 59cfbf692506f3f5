package setup

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Plan is what a run of init writes: a new deployment, or the patch of an existing
// configuration and the files beside it.
type Plan struct {
	Patch    *patch.Plan       // nil for a new deployment
	Findings []finding.Finding // of lint in the result; a plan with an error must not be written
	Serve    string            // command that runs the sidecar, "" if no hook of a patch calls it

	dir   string
	files []File // in dir
}

// New returns the plan of a new deployment in o.Dir. random is the source of its
// keys.
func New(o Options, random io.Reader) (*Plan, error) {
	p := &Plan{dir: cmp.Or(o.Dir, ".")}
	for _, check := range []func(Options) error{Options.checkPreset, Options.checkNew} {
		if err := check(o); err != nil {
			return nil, err
		}
	}
	var err error
	if o.Repository, err = belowRepository(p.dir); err != nil {
		return nil, err
	}
	if p.files, err = o.files(p.dir, random); err != nil {
		return nil, err
	}
	p.Findings, err = Lint(p.files)
	return p, err
}

// checkPreset rejects an unknown preset, and one without what it needs.
func (o Options) checkPreset() error {
	switch {
	case o.Preset != NoPreset && !slices.Contains(Presets(), string(o.Preset)):
		return optionf("--preset", "%q is unknown; use %s", o.Preset, strings.Join(Presets(), ", "))
	case o.Preset == Mobile && len(o.AndroidApps)+len(o.AppleApps) == 0:
		return optionf("--preset", "%s needs --android-app PACKAGE=SHA256 or --apple-app TEAMID.bundle.id", o.Preset)
	case o.Preset != TwoKratos && o.StaffDomain != "":
		return optionf("--staff-domain", "only applies to --preset %s", TwoKratos)
	}
	return nil
}

// checkNew rejects options of a patch.
func (o Options) checkNew() error {
	const problem = "only applies to an existing kratos.yml; name it with --config"
	switch {
	case len(o.Schemas) > 0:
		return optionf("--identity-schema", problem)
	case o.WithoutSchema:
		return optionf("--without-schema", problem)
	}
	return nil
}

func (o Options) files(dir string, random io.Reader) ([]File, error) {
	if o.Preset != TwoKratos {
		have, err := ReadState(dir)
		if err != nil {
			return nil, err
		}
		return Files(o, have, random)
	}
	var have [2]State
	for i, half := range []string{Customers, Staff} {
		var err error
		if have[i], err = ReadState(filepath.Join(dir, half)); err != nil {
			return nil, err
		}
	}
	return TwoFiles(o, o.StaffDomain, have, random)
}

// NewPatch returns the plan that gives the configuration in o.Configs passkeys. files
// are the opened o.Configs; env is what lint needs to read them. Besides the errors of
// patch.New it returns an *OptionError for options that a patch cannot have: those
// that are set in said.
func NewPatch(said Layer, files []*source.File, env lint.Options, random io.Reader) (*Plan, error) {
	o := said.Options
	if err := said.checkPatch(); err != nil {
		return nil, err
	}
	planned, err := patch.New(files, patch.Options{
		Domain: o.Domain, RPID: o.RPID, AppName: o.AppName, Origins: o.Origins, SidecarURL: o.SidecarURL, SignUp: o.SignUp,
		Wide: o.Preset == Subdomains, RefuseAddressChange: o.RefuseAddressChange, WithoutSchema: o.WithoutSchema,
	}, env)
	if err != nil {
		return nil, err
	}
	dir, name := filepath.Split(o.Configs[0])
	p := &Plan{Patch: planned, Findings: planned.Left, dir: filepath.Clean(dir)}
	repository, err := belowRepository(p.dir)
	if err != nil {
		return nil, err
	}
	have, err := ReadState(p.dir)
	if err != nil {
		return nil, err
	}
	a := Addition{CI: o.CI, Config: name, Repository: repository, Version: o.Version, UI: o.UI, HookLists: planned.HookLists()}
	if page, ok := planned.Site(); ok {
		a.Page = strings.TrimPrefix(page.Origin(), "https://")
	}
	if p.files, err = Additions(a, have, random); err != nil {
		return nil, err
	}
	if len(a.HookLists) > 0 {
		p.Serve = serveCommand(planned, p.dir)
	}
	return p, nil
}

// checkPatch rejects options that describe a new deployment.
func (l Layer) checkPatch() error {
	config := l.Configs[0]
	for name, value := range l.fields() {
		if _, set := l.From[name]; set && !value.IsZero() && slices.Contains(onlyNew(), name) {
			return optionf("--"+name, "cannot be used when patching %s; use a different --dir to write a new configuration", config)
		}
	}
	if !slices.Contains([]Preset{NoPreset, OneDomain, Localhost, Subdomains}, l.Preset) {
		return optionf("--preset", "%s writes a new configuration, but %s exists; use a different --dir", l.Preset, config)
	}
	return Options{Domain: "localhost", SignUp: l.SignUp, RefuseAddressChange: l.RefuseAddressChange}.Validate()
}

// onlyNew are the options that a patch cannot have.
func onlyNew() []string {
	return []string{"webauthn", "target", "kratos-url", "ui-url", "mount", "public-listen", "admin-listen", "staff-domain", "android-app", "apple-app"}
}

// serveCommand runs the sidecar of a patched configuration with the files in dir.
func serveCommand(planned *patch.Plan, dir string) string {
	sidecar, admin := planned.Sidecar()
	listen := ""
	if u, err := url.Parse(sidecar); err == nil {
		listen = serveListen(u)
		if ip, err := netip.ParseAddr(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
			listen = " --listen 0.0.0.0:" + cmp.Or(u.Port(), "80") + " --insecure-http"
		}
	}
	return Shell("oly-passkey", "serve", "--kratos-admin-url", admin,
		"--data-dir", filepath.Join(dir, "data"), "--api-key-file", filepath.Join(dir, SidecarKey)) + listen
}

// Shell returns words as one command line.
func Shell(words ...string) string {
	quoted := make([]string, 0, len(words))
	for _, word := range words {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !strings.ContainsRune(shellSafe, r) }) {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		quoted = append(quoted, word)
	}
	return strings.Join(quoted, " ")
}

const shellSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/:@%+,="

// Errors returns the findings that forbid to write the plan.
func (p *Plan) Errors() []finding.Finding { return p.withSeverity(finding.Error) }

// Warnings returns the findings of lower severity, without hints.
func (p *Plan) Warnings() []finding.Finding { return p.withSeverity(finding.Warning) }

func (p *Plan) withSeverity(severity finding.Severity) []finding.Finding {
	return slices.DeleteFunc(slices.Clone(p.Findings), func(f finding.Finding) bool { return f.Severity != severity })
}

// Path returns the path of a file of the plan.
func (p *Plan) Path(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

// Compare returns what Write would do, and writes nothing. Its errors are those of
// Write.
func (p *Plan) Compare(force bool) ([]Change, error) {
	changes, err := Compare(p.dir, p.files, force)
	return p.changes(changes), err
}

// Write writes the plan: every file is complete on the disk before the first one is
// renamed. The patched files come last, so that an interrupted run leaves a
// configuration that works as before.
func (p *Plan) Write(force bool) ([]Change, error) {
	patched, err := p.stage()
	defer func() {
		for _, s := range patched {
			s.Discard()
		}
	}()
	if err != nil {
		return nil, err
	}
	changes, err := Write(p.dir, p.files, force)
	if err != nil {
		return nil, err
	}
	for _, s := range patched {
		if err := s.Commit(); err != nil {
			return nil, fmt.Errorf("write %q: %w", s.Target, err)
		}
	}
	return p.changes(changes), nil
}

// stage writes the patched files under temporary names.
func (p *Plan) stage() ([]source.Staged, error) {
	if p.Patch == nil {
		return nil, nil
	}
	var all []source.Staged
	for _, c := range p.Patch.Changed {
		s, err := source.StageExisting(c.Name, source.Content(c.After))
		if err != nil {
			return all, fmt.Errorf("write %q: %w", c.Name, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// changes returns all changes of the plan, with complete paths.
func (p *Plan) changes(written []Change) []Change {
	var all []Change
	if p.Patch != nil {
		for _, c := range p.Patch.Changed {
			all = append(all, Change{Path: c.Name, Action: Patched})
		}
	}
	for _, c := range written {
		c.Path = p.Path(c.Path)
		if c.Backup != "" {
			c.Backup = p.Path(c.Backup)
		}
		all = append(all, c)
	}
	return all
}

// Diff writes all changes as a unified diff, and names private files only.
func (p *Plan) Diff(w io.Writer) error {
	if err := p.DiffPatch(w); err != nil {
		return err
	}
	return Diff(w, p.dir, p.files)
}

// DiffPatch writes the changes of existing files as a unified diff.
func (p *Plan) DiffPatch(w io.Writer) error {
	if p.Patch == nil {
		return nil
	}
	for _, c := range p.Patch.Changed {
		name := strings.TrimPrefix(filepath.ToSlash(c.Name), "/")
		if _, err := w.Write(diff.Diff("a/"+name, c.Before, "b/"+name, c.After)); err != nil {
			return err
		}
	}
	return nil
}
