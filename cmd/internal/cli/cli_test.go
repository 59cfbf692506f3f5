package cli_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// program returns a command of every kind.
func program(a *cli.App) *cobra.Command {
	root := a.NewRoot("prog", "do things")
	var format, name, file string
	var count int
	var wait time.Duration
	show := &cobra.Command{
		Use: "show THING", Short: "show a thing", Args: cli.NeedsOne("a thing, such as a table"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cmd.Println(args[0], format, name)
			return nil
		},
	}
	cli.Group(show, "Output", func(f *pflag.FlagSet) {
		cli.Format(f, &format, "text", "json", "sarif")
		f.StringVar(&name, "output-name", "", "output `NAME`")
	})
	cli.Group(show, "Limits", func(f *pflag.FlagSet) {
		f.IntVar(&count, "count", 1, "maximum `NUMBER`")
		f.DurationVar(&wait, "wait", 0, "maximum `TIME`")
		f.StringVar(&file, "file", "", "input `FILE`")
	})
	show.MarkFlagsMutuallyExclusive("count", "wait")
	show.MarkFlagsRequiredTogether("wait", "file")
	cli.Renamed(show, map[string]string{"name": "output-name"})
	need := &cobra.Command{Use: "need", Short: "need a flag", Args: cli.NoArgs, RunE: func(*cobra.Command, []string) error { return nil }}
	need.Flags().String("a", "", "`A`")
	need.Flags().String("b", "", "`B`")
	need.MarkFlagsOneRequired("a", "b")
	must := &cobra.Command{Use: "must", Short: "require a flag", Args: cli.NoArgs, RunE: func(*cobra.Command, []string) error { return nil }}
	must.Flags().String("url", "", "`URL`")
	_ = must.MarkFlagRequired("url")
	ask := &cobra.Command{Use: "ask", Short: "wait for stdin", Args: cli.NoArgs, RunE: func(*cobra.Command, []string) error {
		select {} // it never ends on its own
	}}
	crash := &cobra.Command{Use: "crash", Short: "crash", Args: cli.NoArgs, RunE: func(*cobra.Command, []string) error { panic("oh no") }}
	parent := cli.Parent(&cobra.Command{Use: "parent", Short: "group commands"},
		&cobra.Command{Use: "second", Short: "be second", RunE: func(*cobra.Command, []string) error { return nil }},
		&cobra.Command{Use: "first", Short: "be first", RunE: func(*cobra.Command, []string) error { return nil }})
	root.AddCommand(show, need, must, ask, crash, parent)
	return root
}

func call(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	a := &cli.App{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}
	code = a.Run(ctx, program(a), args)
	return code, out.String(), errs.String()
}

// TestMistakes: each wrong command line gets one sentence that names the command,
// and what to write.
func TestMistakes(t *testing.T) {
	for line, want := range map[string]string{
		"nope":                                `unknown command "nope" for "prog"`,
		"shwo x":                              `unknown command "shwo" for "prog"; did you mean show?`,
		"help nope":                           `unknown command "nope"`,
		"help parent nope":                    `unknown command "parent nope"`,
		"show":                                `show needs a thing, such as a table`,
		"show a b":                            `show takes one argument, got 2`,
		"show a --fomat json":                 `unknown flag --fomat; did you mean --format?`,
		"show a --xyz":                        `unknown flag --xyz`,
		"show a -x":                           `unknown flag -x`,
		"show a --format xml":                 `invalid --format "xml": use text, json or sarif`,
		"show a --format":                     `--format needs a value: --format FORMAT`,
		"show a --count many":                 `invalid --count "many": use a whole number`,
		"show a --wait 5":                     `invalid --wait "5": use a duration, such as 30s`,
		"show a --count 1 --wait 5s":          `missing --file`,
		"show a --wait 5s":                    `missing --file`,
		"show a --count 1 --wait 5s --file f": `--count and --wait cannot be used together`,
		"need":                                `need needs --a or --b`,
		"need x --a y":                        `need takes no arguments, got "x"`,
		"must":                                `must needs --url`,
		"parent":                              `parent needs a subcommand: first or second`,
		"parent frist":                        `unknown command "frist" for "prog parent"; did you mean first?`,
	} {
		t.Run(line, func(t *testing.T) {
			code, stdout, stderr := call(t.Context(), strings.Fields(line)...)
			require.Equal(t, cli.ExitUsage, code)
			require.Empty(t, stdout)
			lines := strings.SplitN(stderr, "\n", 2)
			require.Equal(t, "prog: error: "+want, lines[0])
			require.Regexp(t, `^prog: hint: run "prog[a-z ]* --help" for usage\n$`, lines[1])
		})
	}
}

func TestFormerNamesOfFlags(t *testing.T) {
	code, stdout, stderr := call(t.Context(), "show", "a", "--name", "x", "--format", "json")
	require.Equal(t, cli.ExitClean, code, stderr)
	require.Equal(t, "a json x\n", stdout)
	_, help, _ := call(t.Context(), "help", "show")
	require.NotContains(t, help, "--name")
}

func TestHelp(t *testing.T) {
	const want = `Show a thing.

Usage:
  prog show THING [flags]

Output:
      --format FORMAT      output FORMAT: text, json or sarif (default "text")
      --output-name NAME   output NAME

Limits:
      --count NUMBER   maximum NUMBER (default 1)
      --wait TIME      maximum TIME
      --file FILE      input FILE

Other flags:
  -h, --help   help for show
`
	for _, args := range [][]string{{"show", "--help"}, {"help", "show"}} {
		code, stdout, _ := call(t.Context(), args...)
		require.Equal(t, cli.ExitClean, code)
		require.Equal(t, want, stdout)
	}
	code, stdout, _ := call(t.Context(), "--version")
	require.Equal(t, cli.ExitClean, code)
	require.Equal(t, cli.Version().String()+"\n", stdout)
}

func TestCompletesValues(t *testing.T) {
	for line, want := range map[string]string{
		"show x --format ": "text\njson\nsarif\n:4\n",
		"help pa":          "parent\n",
	} {
		_, stdout, _ := call(t.Context(), append([]string{"__completeNoDesc"}, strings.Split(line, " ")...)...)
		require.Contains(t, stdout, want)
	}
}

// TestInterruptEndsCommands: a command that waits for something ends at once.
func TestInterruptEndsCommands(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	code, _, stderr := call(ctx, "ask")
	require.Equal(t, cli.ExitFailed, code)
	require.Equal(t, "prog: error: interrupted: context deadline exceeded\n", stderr)
}

// TestPanics: a panic in a command is reported in one sentence, too.
func TestPanics(t *testing.T) {
	code, _, stderr := call(t.Context(), "crash")
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, "this is a bug in oly-passkey "+cli.Version().Version+" (oh no)")
}
