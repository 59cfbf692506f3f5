package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// TestHelpPages: every help page fits a terminal of 80 columns, names the values of
// its flags, and is written like the others.
func TestHelpPages(t *testing.T) {
	root := newRoot(&app{stdin: strings.NewReader(""), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}})
	for _, c := range commandsOf(root) {
		t.Run(c.CommandPath(), func(t *testing.T) {
			c.InitDefaultHelpFlag()
			var help bytes.Buffer
			c.SetOut(&help)
			require.NoError(t, c.Help())
			for line := range strings.Lines(help.String()) {
				require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, line)
			}
			first, _ := utf8.DecodeRuneInString(c.Short)
			require.False(t, unicode.IsUpper(first), "%q starts with a capital", c.Short)
			require.NotRegexp(t, `\.$`, c.Short)
			grouped := 0
			c.Flags().VisitAll(func(f *pflag.Flag) {
				value, _ := pflag.UnquoteUsage(f)
				if f.Value.Type() == "bool" {
					require.Empty(t, value, "--%s takes no value", f.Name)
				} else {
					require.Regexp(t, `^[^a-z]+$`, strings.ReplaceAll(value, "git", ""), "the value of --%s", f.Name)
				}
				if len(f.Annotations["group"]) > 0 {
					grouped++
				} else if f.Name != "help" && f.Name != "version" && grouped > 0 {
					require.Fail(t, "flag without a group", f.Name)
				}
			})
		})
	}
}
