package setup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/olympusoss/oly-passkey/templates"
)

// Names of the files that other parts of the program read.
const (
	KratosYML   = "kratos.yml"
	HelmValues  = "values.yaml" // in its place for Helm
	KratosEnv   = "kratos.env"
	SidecarKey  = "sidecar.key"
	PostgresEnv = "postgres.env"
	gitIgnore   = ".gitignore"
)

const (
	public  fs.FileMode = 0o644
	private fs.FileMode = 0o600
)

// Files returns what init writes, in a fixed order. It touches nothing: what an
// earlier run left comes in as have, and random feeds the keys and secrets that
// have does not hold. A wrong option is an *OptionError.
func Files(o Options, have State, random io.Reader) ([]File, error) {
	s, err := o.complete()
	if err != nil {
		return nil, err
	}
	files, err := s.rendered()
	if err != nil {
		return nil, err
	}
	privates := []string{KratosEnv, SidecarKey}
	if s.Target == Compose {
		f, err := s.postgresFile(have, random)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		privates = append(privates, PostgresEnv)
	}
	keys, hookKeys, err := keyFile(have, random)
	if err != nil {
		return nil, err
	}
	env, err := s.envFile(have.KratosEnv, hookKeys, random)
	if err != nil {
		return nil, err
	}
	return append(files, env, keys, ignoreFile(have.GitIgnore, privates)), nil
}

// outFile is a file that depends only on the options.
type outFile struct{ path, template string }

func (s site) outFiles() []outFile {
	config := outFile{KratosYML, "kratos.yml"}
	if s.Target == Helm {
		config = outFile{HelmValues, "deploy/helm/values.yaml.tmpl"}
	}
	all := []outFile{config, {"identity.schema.json", "identity.schema.json"}}
	for _, body := range s.HookBodies() {
		all = append(all, outFile{s.hookFile(body), "hooks/" + body + ".jsonnet"})
	}
	all = append(all, outFile{"README.md", "README.md"})
	return append(append(all, s.deploy...), s.ci...)
}

func (s site) rendered() ([]File, error) {
	var files []File
	for _, src := range s.outFiles() {
		content, err := s.render(src.template)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: src.path, Mode: public, Content: content})
	}
	documents, err := s.wellKnown()
	if err != nil || !s.UI {
		return append(files, documents...), err
	}
	pages, err := pageFiles()
	return slices.Concat(files, documents, pages), err
}

func (s site) render(name string) ([]byte, error) { return render(name, s) }

func render(name string, data any) ([]byte, error) {
	t, err := template.New(path.Base(name)).Funcs(template.FuncMap{"quote": quoteYAML, "indent": indent}).ParseFS(templates.Init, name)
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	return b.Bytes(), nil
}

func indent(columns int, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString(strings.Repeat(" ", columns))
		}
		b.WriteString(line)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// quoteYAML writes a double-quoted YAML scalar: JSON strings are such scalars.
func quoteYAML(s string) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(s)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// ignoreFile keeps the secrets, and the data that the README's commands create,
// out of git.
func ignoreFile(have []byte, privates []string) File {
	present := make(map[string]bool)
	for line := range strings.Lines(string(have)) {
		present[strings.TrimPrefix(strings.TrimSpace(line), "/")] = true
	}
	var missing []string
	for _, pattern := range append(privates, "kratos.db*", "data/") {
		if !present[pattern] {
			missing = append(missing, "/"+pattern)
		}
	}
	return File{Path: gitIgnore, Mode: public, Content: appendLines(have, missing), Extends: true}
}

// appendLines ends an unfinished last line before it adds lines.
func appendLines(content []byte, lines []string) []byte {
	b := bytes.Clone(content)
	if len(b) > 0 && b[len(b)-1] != '\n' && len(lines) > 0 {
		b = append(b, '\n')
	}
	for _, line := range lines {
		b = append(append(b, line...), '\n')
	}
	return b
}
