// Package settings reads a program's options from its command line, its
// environment and a YAML file, all by one table.
package settings

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Option is one row of the table: a variable with its name, its default and
// what it means. A list takes several values: by repeating the flag, separated
// by commas in the environment, as a sequence in the file.
type Option struct {
	flag   *pflag.Flag
	secret bool
	reload bool
}

func option(define func(*pflag.FlagSet)) Option {
	var o Option
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	define(set)
	set.VisitAll(func(f *pflag.Flag) { o.flag = f })
	return o
}

// Text is an option of any text. The name of its value stands in backquotes in doc.
func Text(p *string, name, value, doc string) Option {
	return option(func(f *pflag.FlagSet) { f.StringVar(p, name, value, doc) })
}

// Switch is an option that is on or off.
func Switch(p *bool, name string, value bool, doc string) Option {
	return option(func(f *pflag.FlagSet) { f.BoolVar(p, name, value, doc) })
}

// Number is an option with a number.
func Number(p *float64, name string, value float64, doc string) Option {
	o := option(func(f *pflag.FlagSet) { f.Float64Var(p, name, value, doc) })
	o.flag.Value = finite{o.flag.Value}
	return o
}

// finite is a number that is one: what is no number is neither too small nor too
// large for anything.
type finite struct{ pflag.Value }

// Set implements pflag.Value.
func (v finite) Set(text string) error {
	if n, err := strconv.ParseFloat(text, 64); err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
		return errors.New("must be finite")
	}
	return v.Value.Set(text)
}

// Duration is an option with a time, such as 90s or 6h.
func Duration(p *time.Duration, name string, value time.Duration, doc string) Option {
	return option(func(f *pflag.FlagSet) { f.DurationVar(p, name, value, doc) })
}

// List is an option with any number of texts.
func List(p *[]string, name, doc string) Option {
	return option(func(f *pflag.FlagSet) { f.StringArrayVar(p, name, nil, doc) })
}

// Secret says that the option names a file whose content is secret.
func (o Option) Secret() Option { o.secret = true; return o }

// Reloadable says that a running program takes a new value over.
func (o Option) Reloadable() Option { o.reload = true; return o }

// Table is all options of a program. Prefix stands in front of the names of
// their environment variables.
type Table struct {
	Prefix  string
	Options []Option
}

// Register defines the options as flags.
func (t Table) Register(flags *pflag.FlagSet) {
	for _, o := range t.Options {
		flags.AddFlag(o.flag)
	}
}

// env is the name of an option's environment variable.
func (t Table) env(o Option) string {
	return t.Prefix + strings.ToUpper(strings.ReplaceAll(o.flag.Name, "-", "_"))
}

func (t Table) has(name string) bool {
	return slices.ContainsFunc(t.Options, func(o Option) bool { return o.flag.Name == name })
}

// Read fills the variables: a flag counts before the environment (KEY=value),
// the environment before the file, which may be nil, and the file before the
// default. flags are those of the command line; they may belong to another table
// of the same options, as they do when a running program reads everything again.
// An empty environment variable counts as none. All errors are answered together.
func (t Table) Read(flags *pflag.FlagSet, environ []string, file *source.File) error {
	given, err := t.environment(environ)
	errs := []error{err}
	entries, err := t.entries(file)
	errs = append(errs, err)
	for _, o := range t.Options {
		name := o.flag.Name
		switch typed := flags.Lookup(name); {
		case typed != nil && typed.Changed:
			if typed != o.flag {
				errs = append(errs, o.set(values(typed)))
			}
		case given[name] != "":
			texts := []string{given[name]}
			if o.isList() {
				texts = strings.Split(given[name], ",")
			}
			if err := o.set(texts); err != nil {
				errs = append(errs, fmt.Errorf("%s=%q %w", t.env(o), given[name], err))
			}
		case entries[name] != nil:
			errs = append(errs, o.read(file.Name, entries[name]))
		}
	}
	return errors.Join(errs...)
}

// environment finds the variables of the table. One with the prefix that is
// none of them is an error: most likely it is a typing error.
func (t Table) environment(environ []string) (map[string]string, error) {
	given := map[string]string{}
	var errs []error
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		rest, ours := strings.CutPrefix(name, t.Prefix)
		if !ours {
			continue
		}
		key := strings.ToLower(strings.ReplaceAll(rest, "_", "-"))
		if !t.has(key) {
			errs = append(errs, fmt.Errorf("environment: unknown option %s%s", name, t.suggest(key, t.env)))
			continue
		}
		given[key] = value
	}
	return given, errors.Join(errs...)
}

// Changed lists the options whose values differ between two tables of the same
// options, those that a running program takes over apart from those that it
// does not.
func (t Table) Changed(from Table) (taken, needRestart []string) {
	for n, o := range t.Options {
		switch {
		case o.flag.Value.String() == from.Options[n].flag.Value.String():
		case o.reload:
			taken = append(taken, o.flag.Name)
		default:
			needRestart = append(needRestart, o.flag.Name)
		}
	}
	return taken, needRestart
}

func (o Option) isList() bool {
	_, list := o.flag.Value.(pflag.SliceValue)
	return list
}

// values are the texts that a flag was given.
func values(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{f.Value.String()}
}

// set gives an option its value. Its errors say what is wanted, not what came.
func (o Option) set(texts []string) error {
	for _, text := range texts { // the first value of a list replaces the default, further ones add
		if o.flag.Value.Set(text) != nil {
			return fmt.Errorf("is not a %s; use a value such as %s", o.kind(), map[string]string{
				"boolean": "true", "number": "2.5", "duration": "90s or 6h",
			}[o.kind()])
		}
	}
	return nil
}

// kind is the type of an option's value, in words.
func (o Option) kind() string {
	return map[string]string{
		"string": "text", "bool": "boolean", "float64": "number", "duration": "duration", "stringArray": "list",
	}[o.flag.Value.Type()]
}
