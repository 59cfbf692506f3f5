package cli

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// columns is the width of help pages, on every terminal.
const columns = 80

// help gives a command and those below it this program's help pages.
func (a *App) help(root *cobra.Command) {
	root.SetUsageFunc(func(c *cobra.Command) error { return writeUsage(c.OutOrStderr(), c) })
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		about := c.Long
		if about == "" {
			about = strings.ToUpper(c.Short[:1]) + c.Short[1:] + "."
		}
		_, _ = fmt.Fprintln(c.OutOrStdout(), strings.TrimSpace(about)+"\n") // a write error cannot be reported
		_ = writeUsage(c.OutOrStdout(), c)
	})
	root.SetHelpCommand(&cobra.Command{
		Use:   "help [COMMAND]",
		Short: "show the help of a command",
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			of, _, err := c.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, child := range of.Commands() {
				if child.IsAvailableCommand() {
					names = append(names, child.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			of, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return Usagef("unknown command %q", strings.Join(args, " "))
			}
			of.InitDefaultHelpFlag()
			return of.Help()
		},
	})
}

func writeUsage(w io.Writer, c *cobra.Command) error {
	var b strings.Builder
	b.WriteString("Usage:\n")
	if c.Runnable() && !c.HasAvailableSubCommands() {
		b.WriteString(hang("  ", 6, c.UseLine()))
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s COMMAND\n", c.CommandPath())
	}
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", strings.TrimRight(c.Example, "\n"))
	}
	writeCommands(&b, c)
	writeFlags(&b, c)
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\nRun %q for the help of a command.\n", c.CommandPath()+" COMMAND --help")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeCommands(b *strings.Builder, c *cobra.Command) {
	width := 0 // of the longest name
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() {
			width = max(width, len(child.Name()))
		}
	}
	list := func(title, group string) {
		for _, child := range c.Commands() {
			if child.GroupID == group && (child.IsAvailableCommand() || child.Name() == "help") {
				if title != "" {
					fmt.Fprintf(b, "\n%s:\n", title)
					title = ""
				}
				b.WriteString(hang(fmt.Sprintf("  %-*s  ", width, child.Name()), width+4, child.Short))
			}
		}
	}
	for _, g := range c.Groups() {
		list(g.Title, g.ID)
	}
	other := "Commands"
	if len(c.Groups()) > 0 {
		other = "Other commands"
	}
	list(other, "")
}

// optional finds the value of a flag that may be given without one.
var optional = regexp.MustCompile(`( )([A-Z]+)\[="[^"]*"\]`)

func writeFlags(b *strings.Builder, c *cobra.Command) {
	var titles []string
	groups := make(map[string]*pflag.FlagSet)
	c.LocalFlags() // adds the inherited ones
	c.Flags().VisitAll(func(f *pflag.Flag) {
		title := "Other flags"
		if of := f.Annotations[groupOf]; len(of) > 0 {
			title = of[0]
		}
		if f.Hidden {
			return
		}
		if groups[title] == nil {
			groups[title] = pflag.NewFlagSet("", pflag.ContinueOnError)
			groups[title].SortFlags = false
			titles = append(titles, title)
		}
		groups[title].AddFlag(f)
	})
	for _, title := range titles {
		if len(titles) == 1 {
			fmt.Fprint(b, "\nFlags:\n")
		} else {
			fmt.Fprintf(b, "\n%s:\n", title)
		}
		flags := groups[title].FlagUsagesWrapped(columns)
		b.WriteString(optional.ReplaceAllStringFunc(flags, func(s string) string {
			m := optional.FindStringSubmatch(s)
			short := "[=" + m[2] + "]"
			return short + strings.Repeat(" ", len(s)-len(short))
		}))
	}
}

// hang writes a text behind a label, broken between words at the width of a help
// page, with a margin from the second line on.
func hang(label string, margin int, text string) string {
	var b strings.Builder
	b.WriteString(label)
	column := utf8.RuneCountInString(label)
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+n > columns:
			b.WriteString("\n" + strings.Repeat(" ", margin))
			column = margin
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String() + "\n"
}
