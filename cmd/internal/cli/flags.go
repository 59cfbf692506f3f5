package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groupOf is the annotation of a flag with the title of its group.
const groupOf = "group"

// Group defines flags of a command that its help shows under one title, in the
// order of their definition.
func Group(c *cobra.Command, title string, define func(*pflag.FlagSet)) {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.SortFlags = false
	define(f)
	c.Flags().SortFlags = false
	f.VisitAll(func(flag *pflag.Flag) {
		if flag.Annotations == nil {
			flag.Annotations = make(map[string][]string)
		}
		flag.Annotations[groupOf] = []string{title}
		c.Flags().AddFlag(flag)
	})
}

// Choice defines a flag that takes one of some values.
func Choice(f *pflag.FlagSet, p *string, name, value, usage string, allowed ...string) {
	*p = value
	f.Var(&choice{p, allowed}, name, usage+": "+Or(allowed))
}

// Format defines --format. The first format is the default.
func Format(f *pflag.FlagSet, p *string, allowed ...string) {
	Choice(f, p, "format", allowed[0], "output `FORMAT`", allowed...)
}

// choice is the value of such a flag.
type choice struct {
	value   *string
	allowed []string
}

func (c *choice) String() string {
	if c.value == nil { // pflag compares with a zero value
		return ""
	}
	return *c.value
}

func (c *choice) Type() string { return "string" }

func (c *choice) Set(text string) error {
	if !slices.Contains(c.allowed, text) {
		return fmt.Errorf("use %s", Or(c.allowed))
	}
	*c.value = text
	return nil
}

// Or joins alternatives: "a", "a or b", "a, b or c".
func Or(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}

// Renamed keeps former names of flags working, from former to current names. Help
// and completion do not show them.
func Renamed(c *cobra.Command, names map[string]string) {
	c.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if current, ok := names[name]; ok {
			name = current
		}
		return pflag.NormalizedName(name)
	})
}

// NeedsOne is for commands with exactly one argument; what describes it, such as
// "a URL".
func NeedsOne(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return Usagef("%s needs %s", c.Name(), what)
		case 1:
			return nil
		}
		return Usagef("%s takes one argument, got %d", c.Name(), len(args))
	}
}

// NoArgs is for commands without arguments.
func NoArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usagef("%s takes no arguments, got %q", c.Name(), args[0])
	}
	return nil
}

// Parent turns a command into one that only has subcommands.
func Parent(c *cobra.Command, children ...*cobra.Command) *cobra.Command {
	c.AddCommand(children...)
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		var names []string
		for _, child := range children {
			names = append(names, child.Name())
		}
		slices.Sort(names)
		if len(args) == 0 {
			return Usagef("%s needs a subcommand: %s", c.Name(), Or(names))
		}
		return Usagef("unknown command %q for %q%s", args[0], c.CommandPath(), didYouMean(args[0], names, ""))
	}
	return c
}

// completeValues completes the values of flags with a fixed set.
func completeValues(c *cobra.Command) {
	for _, child := range c.Commands() {
		completeValues(child)
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if v, ok := f.Value.(*choice); ok {
			_ = c.RegisterFlagCompletionFunc(f.Name, Values(v.allowed...)) // an error says that it has one
		}
	})
}

// Values completes a flag or an argument with a fixed set of values.
func Values(values ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}
