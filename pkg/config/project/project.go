// Package project reads .oly-passkey.yaml: the configuration files of each
// environment, its domains, and ignored findings.
package project

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// FileName is the name of the project file.
const FileName = ".oly-passkey.yaml"

// Project is the content of the file. Paths are relative to its directory.
type Project struct {
	Environments Environments `yaml:"environments"`
	Ignores      []Ignore     `yaml:"ignores"`

	file *source.File
}

// Environment is one deployment.
type Environment struct {
	Name            string            `yaml:"-"`
	Config          []string          `yaml:"config"` // layers, in order
	EnvFiles        []string          `yaml:"env_files"`
	Domains         []string          `yaml:"domains"`      // hosts (https) or origins
	DomainsFrom     []string          `yaml:"domains_from"` // files, see Domains
	IdentitySchemas map[string]string `yaml:"identity_schemas"`
	Kratos          string            `yaml:"kratos"`  // version
	Profile         string            `yaml:"profile"` // dev or prod
	Sidecar         string            `yaml:"sidecar"` // URL
}

// Environments keep the order of the file.
type Environments []Environment

// UnmarshalYAML decodes a map from names to environments.
func (e *Environments) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: environments must be a map of names", node.Line)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		var one Environment
		keys := []string{"config", "env_files", "domains", "domains_from", "identity_schemas", "kratos", "profile", "sidecar"}
		if err := knownKeys(node.Content[i+1], "an environment", keys); err != nil {
			return err
		}
		if err := node.Content[i+1].Decode(&one); err != nil {
			return err
		}
		one.Name = node.Content[i].Value
		if len(one.Config) == 0 {
			return fmt.Errorf("line %d: environment %q has no config", node.Content[i].Line, one.Name)
		}
		*e = append(*e, one)
	}
	return nil
}

// knownKeys returns an error for unknown keys, which decoding a node ignores.
func knownKeys(node *yaml.Node, what string, known []string) error {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if key := node.Content[i]; node.Kind == yaml.MappingNode && !slices.Contains(known, key.Value) {
			return fmt.Errorf("line %d: unknown key %q; the keys of %s are %s", key.Line, key.Value, what, strings.Join(known, ", "))
		}
	}
	return nil
}

// Ignore silences a rule, with a reason and optionally until a date.
type Ignore struct {
	Rule    string `yaml:"rule"`
	File    string `yaml:"file"` // limits the ignore to a file; "" for all files
	Reason  string `yaml:"reason"`
	Expires string `yaml:"expires"` // YYYY-MM-DD, the last day; "" for never
	Line    int    `yaml:"-"`
}

// UnmarshalYAML records the line for messages.
func (i *Ignore) UnmarshalYAML(node *yaml.Node) error {
	if err := knownKeys(node, "an ignore", []string{"rule", "file", "reason", "expires"}); err != nil {
		return err
	}
	type plain Ignore
	if err := node.Decode((*plain)(i)); err != nil {
		return err
	}
	i.Line = node.Line
	switch {
	case i.Rule == "":
		return fmt.Errorf("line %d: an ignore needs a rule", node.Line)
	case strings.TrimSpace(i.Reason) == "":
		return fmt.Errorf("line %d: the ignore of %q needs a reason", node.Line, i.Rule)
	}
	if _, err := i.until(); err != nil {
		return fmt.Errorf("line %d: expires is %q; write YYYY-MM-DD", node.Line, i.Expires)
	}
	return nil
}

// until returns the time at which the ignore expires, zero for never.
func (i *Ignore) until() (time.Time, error) {
	if i.Expires == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, i.Expires)
	return day.AddDate(0, 0, 1), err
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// Read parses the file. Errors contain the line.
func Read(f *source.File) (*Project, error) {
	p := &Project{file: f}
	d := yaml.NewDecoder(bytes.NewReader(f.Data))
	d.KnownFields(true)
	err := d.Decode(p)
	if err == nil || errors.Is(err, io.EOF) {
		return p, nil
	}
	text := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", " ")
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		return nil, fmt.Errorf("%s:%s: %s", f.Name, m[1], strings.TrimSuffix(m[2], " in type project.Project"))
	}
	return nil, fmt.Errorf("%s: %s", f.Name, text)
}

// Environment returns an environment by name.
func (p *Project) Environment(name string) (Environment, error) {
	var names []string
	for _, e := range p.Environments {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return Environment{}, fmt.Errorf("%s has no environment %q; it has %s", p.file.Name, name, strings.Join(names, ", "))
}

// Ids of findings about a project's ignores.
const (
	ExpiredRule = "ignore-expired"
	UnusedRule  = lint.IgnoreUnusedRule
)

// Apply removes ignored findings. It adds findings for expired ignores and, if
// everything was checked, for ignores that match nothing.
func (p *Project) Apply(findings []finding.Finding, everything bool, now time.Time) []finding.Finding {
	used := make([]bool, len(p.Ignores))
	out := findings[:0:0]
	for _, f := range findings {
		silent := false
		for i := range p.Ignores {
			if g := &p.Ignores[i]; g.matches(f) {
				used[i] = true
				silent = silent || !g.over(now)
			}
		}
		if !silent {
			out = append(out, f)
		}
	}
	for i := range p.Ignores {
		g := &p.Ignores[i]
		f := finding.Finding{Severity: finding.Warning, Span: p.span(g)}
		switch {
		case g.over(now):
			f.Rule = ExpiredRule
			f.Message = fmt.Sprintf("the ignore of %s expired on %s", g.Rule, g.Expires)
			f.Help = "fix the finding, or renew the date and the reason"
		case everything && !used[i]:
			f.Rule = UnusedRule
			f.Message = fmt.Sprintf("the ignore of %s matches nothing", g.Rule)
			f.Help = "remove it"
		default:
			continue
		}
		out = append(out, f)
	}
	return out
}

func (i *Ignore) matches(f finding.Finding) bool {
	return f.Rule == i.Rule && (i.File == "" || f.Span.File != nil && (f.Span.File.Name == i.File || strings.HasSuffix(f.Span.File.Name, "/"+i.File)))
}

func (i *Ignore) over(now time.Time) bool {
	until, err := i.until()
	return err == nil && !until.IsZero() && !now.Before(until)
}

// span returns the position of an ignore's rule.
func (p *Project) span(i *Ignore) source.Span {
	at, line := p.file.LineStart(i.Line), p.file.Line(i.Line)
	if start := strings.Index(line, i.Rule); start >= 0 {
		return source.Span{File: p.file, Start: at + start, End: at + start + len(i.Rule)}
	}
	return source.Span{File: p.file, Start: at, End: at}
}
