package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4" // names the place of a syntax error, which v3 gets wrong

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// notAnswers are the flags of a single run, which no file should decide.
func notAnswers() []string { return []string{"answers", "force", "dry-run", "diff", "help"} }

// applyAnswers sets the flags that an answers file names and the command line
// does not.
func applyAnswers(flags *pflag.FlagSet, f *source.File) error {
	var doc yaml.Node
	err := yaml.Unmarshal(f.Data, &doc)
	name := f.Name
	var syntax *yaml.LoadError
	switch {
	case errors.As(err, &syntax):
		return cli.Usagef("%s:%d:%d: %s", name, syntax.Mark.Line, max(1, syntax.Mark.Column), syntax.Message)
	case err != nil:
		return cli.Usagef("%s: %w", name, err)
	case len(doc.Content) == 0:
		return cli.Usagef("%s: holds no answers", name)
	}
	answers := doc.Content[0]
	if answers.Kind != yaml.MappingNode {
		return answerError(name, answers, "answers are a mapping, such as %q", "domain: auth.example.com")
	}
	seen := make(map[string]bool)
	for i := 0; i < len(answers.Content); i += 2 {
		key, value := answers.Content[i], answers.Content[i+1]
		if seen[key.Value] {
			return answerError(name, key, "%q is answered twice", key.Value)
		}
		seen[key.Value] = true
		if err := applyAnswer(flags, name, key, value); err != nil {
			return err
		}
	}
	return nil
}

func applyAnswer(flags *pflag.FlagSet, name string, key, value *yaml.Node) error {
	flag := flags.Lookup(key.Value)
	if flag == nil || slices.Contains(notAnswers(), key.Value) {
		return answerError(name, key, "%q is no answer; there are %s", key.Value, strings.Join(answerNames(flags), ", "))
	}
	if flag.Changed {
		return nil
	}
	items := []*yaml.Node{value}
	if _, list := flag.Value.(pflag.SliceValue); list && value.Kind == yaml.SequenceNode {
		items = value.Content
	}
	for _, item := range items {
		switch {
		case item.Kind != yaml.ScalarNode:
			return answerError(name, item, "%q takes a text", key.Value)
		case item.Tag == "!!null":
			continue
		}
		// The first value of a list replaces the default, further ones add.
		if err := flags.Set(key.Value, item.Value); err != nil {
			return answerError(name, item, "%w", err)
		}
	}
	return nil
}

func answerNames(flags *pflag.FlagSet) []string {
	var all []string
	flags.VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(notAnswers(), f.Name) {
			all = append(all, f.Name)
		}
	})
	return all
}

func answerError(name string, at *yaml.Node, format string, args ...any) error {
	return cli.Usagef("%s:%d:%d: %w", name, at.Line, at.Column, fmt.Errorf(format, args...))
}
