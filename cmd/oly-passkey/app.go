package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/pkg/report"
)

// app is what the commands may touch of the outside world, injected by main.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string // KEY=value, as os.Environ returns it
}

// Exit codes, the same for every command.
const (
	exitClean    = 0
	exitFindings = 1 // the question was answered, and the answer is bad news
	exitUsage    = 2 // the command line makes no sense
	exitFailed   = 3 // the question could not be answered
)

// exitError carries an exit code through cobra. A nil err prints nothing: the
// command has already said on stdout what it found.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// findings ends a command with exit code 1 without a further word.
func findings() error { return &exitError{code: exitFindings} }

// usagef ends a command with exit code 2.
func usagef(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// issues is where a bug is reported.
const issues = "https://github.com/olympusoss/oly-passkey/issues"

// run executes one command line and returns the process' exit code. A panic ends
// as any other failure does: in one sentence.
func run(ctx context.Context, args []string, a *app) (code int) {
	defer func() {
		if r := recover(); r != nil {
			code = exitFailed
			printError(a.stderr, &exitError{code: code, err: fmt.Errorf(
				"this is a bug in oly-passkey %s (%s); please report it with the command line at %s", version().Version, oneLine(fmt.Sprint(r)), issues)})
			if a.getenv("OLY_PASSKEY_DEBUG") != "" {
				_, _ = a.stderr.Write(debug.Stack())
			}
		}
	}()
	return execute(ctx, args, a)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func execute(ctx context.Context, args []string, a *app) int {
	root := newRoot(a) //nolint:contextcheck // commands take it from cobra, which gets it below
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitClean
	}
	var coded *exitError
	if !errors.As(err, &coded) {
		// Cobra's own errors: unknown commands and flags, missing arguments.
		coded = &exitError{code: exitUsage, err: err}
	}
	if coded.err != nil {
		printError(a.stderr, coded)
	}
	return coded.code
}

func printError(w io.Writer, e *exitError) {
	lines := strings.Split(strings.TrimSpace(e.err.Error()), "\n")
	for i, line := range lines {
		lines[i] = report.Visible(line) // it may quote a file or a server
	}
	_, _ = fmt.Fprintf(w, "oly-passkey: error: %s\n", strings.Join(lines, "\n"))
	if e.code == exitUsage {
		_, _ = fmt.Fprintln(w, "oly-passkey: hint: oly-passkey help shows the commands, oly-passkey COMMAND --help the flags")
	}
}

// newRoot builds the command tree.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "oly-passkey",
		Short:         "passkeys on Ory Kratos that work the first time and stay working",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.AddCommand(
		newInit(a),
		newLint(a),
		newUpgradeCheck(a),
		newRules(a),
		newMatrix(a),
		newPredict(a),
		newExplain(a),
		newDoctor(a),
		newWellknown(a),
		newHandle(a),
		newIndex(a),
		newAndroidOrigin(a),
		newResolve(a),
		newServe(a),
		newAudit(a),
		newDemo(a),
		newHealthcheck(a),
		newVersion(a),
	)
	codeFailures(root)
	return root
}

// codeFailures gives every error that a command's own code returns without an
// exit code the code "could not finish"; what is left without one afterwards
// comes from cobra's reading of the command line.
func codeFailures(c *cobra.Command) {
	for _, child := range c.Commands() {
		codeFailures(child)
	}
	runE := c.RunE
	if runE == nil {
		return
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		err := runE(cmd, args)
		var coded *exitError
		if err == nil || errors.As(err, &coded) {
			return err
		}
		return &exitError{code: exitFailed, err: err}
	}
}

// getenv answers a variable of the injected environment, "" when it is not set.
func (a *app) getenv(key string) string {
	for _, kv := range a.environ {
		if k, v, ok := strings.Cut(kv, "="); ok && k == key {
			return v
		}
	}
	return ""
}
