package project

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

var (
	manifest   = regexp.MustCompile(`(?m)(?:^\s*|["'{, -])kind["']?:\s*["']?(?:Ingress|HTTPRoute|IngressRoute)\b`)
	ingress    = regexp.MustCompile(`(?m)^\s*(?:-\s*)?host:\s*["']?([^\s"'#]+)`)
	hostnames  = regexp.MustCompile(`(?m)^(\s*)hostnames:\s*(?:\[([^\]]*)\])?\s*(?:#.*)?$`)
	listItem   = regexp.MustCompile(`^\s*-\s*["']?([^\s"'#]+)`)
	hostRule   = regexp.MustCompile(`Host\(([^)]*)\)`)
	serverName = regexp.MustCompile(`(?m)^\s*server_name\s+([^;]+);`)
	siteBlock  = regexp.MustCompile(`(?m)^([^\s#{}(][^#{}\n]*)\{\s*$`)
)

// Domains returns the deployed hosts in a file: Kubernetes manifests (Ingress,
// HTTPRoute, Traefik's IngressRoute), a Caddyfile, an nginx configuration, or a
// text file with one host or origin per line. Wildcards and placeholders are skipped,
// because they are not pages.
func Domains(f *source.File) []string {
	var found []string
	switch text := string(f.Data); {
	case manifest.MatchString(text):
		found = fromManifest(text)
	case serverName.MatchString(text):
		for _, m := range serverName.FindAllStringSubmatch(text, -1) {
			found = append(found, strings.Fields(m[1])...)
		}
	case siteBlock.MatchString(text):
		for _, m := range siteBlock.FindAllStringSubmatch(text, -1) {
			found = append(found, strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r == ' ' })...)
		}
	default:
		for line := range bytes.Lines(f.Data) {
			line, _, _ := strings.Cut(string(line), "#")
			found = append(found, strings.Fields(line)...)
		}
	}
	var out []string
	for _, d := range found {
		d = strings.TrimSuffix(strings.Trim(d, "\"'`, "), "/")
		if d == "" || d == "_" || strings.ContainsAny(d, "*{}$~^|()") || strings.HasPrefix(d, ":") || slices.Contains(out, d) {
			continue
		}
		out = append(out, d)
	}
	return out
}

// fromManifest parses YAML or JSON documents. Templates of these are read line by
// line.
func fromManifest(text string) []string {
	var found []string
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var d manifestDocument
		switch err := decoder.Decode(&d); {
		case errors.Is(err, io.EOF):
			return found
		case err != nil:
			return fromTemplate(text)
		}
		for _, one := range append(d.Items, d.manifestObject) {
			found = append(found, one.hosts()...)
		}
	}
}

type manifestDocument struct {
	manifestObject `yaml:",inline"`
	Items          []manifestObject `yaml:"items"`
}

// manifestObject is the part of an Ingress, an HTTPRoute or an IngressRoute with its
// hosts.
type manifestObject struct {
	Kind string `yaml:"kind"`
	Spec struct {
		Rules []struct {
			Host string `yaml:"host"`
		} `yaml:"rules"`
		Hostnames []string `yaml:"hostnames"`
		Routes    []struct {
			Match string `yaml:"match"`
		} `yaml:"routes"`
	} `yaml:"spec"`
}

func (o manifestObject) hosts() (found []string) {
	switch o.Kind {
	case "Ingress":
		for _, rule := range o.Spec.Rules {
			found = append(found, rule.Host)
		}
	case "HTTPRoute":
		found = o.Spec.Hostnames
	case "IngressRoute":
		for _, route := range o.Spec.Routes {
			found = append(found, inHostRules(route.Match)...)
		}
	}
	return found
}

func inHostRules(text string) (found []string) {
	for _, m := range hostRule.FindAllStringSubmatch(text, -1) {
		found = append(found, strings.Split(m[1], ",")...)
	}
	return found
}

func fromTemplate(text string) []string {
	found := inHostRules(text)
	for _, m := range ingress.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	for _, m := range hostnames.FindAllStringSubmatchIndex(text, -1) {
		if m[4] >= 0 {
			found = append(found, strings.Split(text[m[4]:m[5]], ",")...)
			continue
		}
		for line := range strings.Lines(strings.TrimPrefix(text[m[1]:], "\n")) {
			item := listItem.FindStringSubmatch(line)
			if item == nil {
				break
			}
			found = append(found, item[1])
		}
	}
	return found
}
