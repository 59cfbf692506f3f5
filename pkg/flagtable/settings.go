// Package flagtable reads a program's options from its command line, its
// environment and a YAML file, as defined in one table.
package flagtable

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

// Option is a row of the table: a variable with its name, default and documentation.
// A list has several values: as repeated flags, separated by commas in the
// environment, or as a sequence in the file.
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

// Text returns an option with a string value. The value's name is in backquotes in
// doc.
func Text(p *string, name, value, doc string) Option {
	return option(func(f *pflag.FlagSet) { f.StringVar(p, name, value, doc) })
}

// Switch returns an option with a boolean value.
func Switch(p *bool, name string, value bool, doc string) Option {
	return option(func(f *pflag.FlagSet) { f.BoolVar(p, name, value, doc) })
}

// Number returns an option with a finite number.
func Number(p *float64, name string, value float64, doc string) Option {
	o := option(func(f *pflag.FlagSet) { f.Float64Var(p, name, value, doc) })
	o.flag.Value = finite{o.flag.Value}
	return o
}

// finite is a number without NaN and infinities, which would pass range checks.
type finite struct{ pflag.Value }

// Set implements pflag.Value.
func (v finite) Set(text string) error {
	if n, err := strconv.ParseFloat(text, 64); err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
		return errors.New("must be finite")
	}
	return v.Value.Set(text)
}

// Duration returns an option with a duration, such as 90s or 6h.
func Duration(p *time.Duration, name string, value time.Duration, doc string) Option {
	return option(func(f *pflag.FlagSet) { f.DurationVar(p, name, value, doc) })
}

// List returns an option with any number of strings.
func List(p *[]string, name, doc string) Option {
	return option(func(f *pflag.FlagSet) { f.StringArrayVar(p, name, nil, doc) })
}

// Secret marks an option that names a file with secret content.
func (o Option) Secret() Option { o.secret = true; return o }

// Reloadable marks an option that can be changed without a restart.
func (o Option) Reloadable() Option { o.reload = true; return o }

// Short gives an option a one-letter flag.
func (o Option) Short(letter string) Option { o.flag.Shorthand = letter; return o }

// Table contains all options of a program. Prefix is the prefix of their environment
// variables. With Blanks a key without a value in the file is ignored, otherwise it is
// an error.
type Table struct {
	Prefix  string
	Blanks  bool
	Options []Option
}

// Register defines the options as flags.
func (t Table) Register(flags *pflag.FlagSet) {
	for _, o := range t.Options {
		flags.AddFlag(o.flag)
	}
}

// env returns the name of an option's environment variable.
func (t Table) env(o Option) string {
	return t.Prefix + strings.ToUpper(strings.ReplaceAll(o.flag.Name, "-", "_"))
}

func (t Table) has(name string) bool {
	return slices.ContainsFunc(t.Options, func(o Option) bool { return o.flag.Name == name })
}

// Read sets the variables. Flags override the environment (KEY=value), which
// overrides the file, which may be nil and overrides the defaults. flags are those of
// the command line; they may belong to another table with the same options, as on a
// reload. Empty environment variables are ignored. All errors are joined.
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

// environment returns the variables of the table. Unknown variables with the prefix
// are errors, because they are probably typos.
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

// Changed returns the options whose values differ between two tables with the same
// options: those that can be reloaded, and those that need a restart.
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

// values returns the texts of a flag.
func values(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{f.Value.String()}
}

// set sets the value of an option. Its errors do not contain the given value.
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

// kind returns the type of an option's value in words.
func (o Option) kind() string {
	return map[string]string{
		"string": "text", "bool": "boolean", "float64": "number", "duration": "duration", "stringArray": "list",
	}[o.flag.Value.Type()]
}
