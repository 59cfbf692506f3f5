// Package cli is what the two programs share: the streams and the environment
// that commands may touch, exit codes, and how an error ends a command.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// App is what the commands may touch of the outside world, injected by main.
type App struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Environ        []string // KEY=value, as os.Environ returns it
}

// Exit codes, the same for every command.
const (
	ExitClean    = 0
	ExitFindings = 1 // the question was answered, and the answer is bad news
	ExitUsage    = 2 // the command line makes no sense
	ExitFailed   = 3 // the question could not be answered
)

// ExitError carries an exit code through cobra. A nil Err prints nothing: the
// command has already said on stdout what it found.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit %d", e.Code)
	}
	return e.Err.Error()
}

func (e *ExitError) Unwrap() error { return e.Err }

// Findings returns the error that ends a command with exit code 1 and prints
// nothing.
func Findings() error { return &ExitError{Code: ExitFindings} }

// Usagef returns an error that ends a command with exit code 2.
func Usagef(format string, args ...any) error {
	return &ExitError{Code: ExitUsage, Err: fmt.Errorf(format, args...)}
}

// issues is where bugs are reported.
const issues = "https://github.com/olympusoss/oly-passkey/issues"

// Run executes one command line and returns the exit code of the process. A panic
// ends like any other failure, in one sentence.
func (a *App) Run(ctx context.Context, root *cobra.Command, args []string) (code int) {
	defer func() {
		if r := recover(); r != nil {
			code = ExitFailed
			what := strings.Join(strings.Fields(fmt.Sprint(r)), " ")
			a.printError(root, &ExitError{Code: code, Err: fmt.Errorf(
				"this is a bug in oly-passkey %s (%s); please report it with the command line at %s", Version().Version, what, issues)})
			if a.Getenv("OLY_PASSKEY_DEBUG") != "" {
				_, _ = a.Stderr.Write(debug.Stack())
			}
		}
	}()
	return a.execute(ctx, root, args)
}

func (a *App) execute(ctx context.Context, root *cobra.Command, args []string) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	root.SetArgs(args)
	codeFailures(root)
	rejectRepeated(root)
	called, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitClean
	}
	if twice := (*twiceError)(nil); errors.As(err, &twice) {
		err = twice // without pflag's "invalid argument" around it
	}
	var coded *ExitError
	if !errors.As(err, &coded) {
		// Cobra's own errors: unknown commands and flags, missing arguments.
		coded = &ExitError{Code: ExitUsage, Err: err}
	}
	if coded.Err != nil {
		a.printError(called, coded)
	}
	return coded.Code
}

func (a *App) printError(called *cobra.Command, e *ExitError) {
	program := called.Root().Name()
	lines := strings.Split(strings.TrimSpace(e.Err.Error()), "\n")
	for i, line := range lines {
		lines[i] = safetext.Visible(line) // it may quote a file or a server
	}
	_, _ = fmt.Fprintf(a.Stderr, "%s: error: %s\n", program, strings.Join(lines, "\n"))
	if e.Code == ExitUsage {
		_, _ = fmt.Fprintf(a.Stderr, "%s: hint: run %q for usage\n", program, called.CommandPath()+" --help")
	}
}

// codeFailures gives every error that a command's own code returns without an
// exit code the code "could not finish". What is left without one afterwards
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
		var coded *ExitError
		if err == nil || errors.As(err, &coded) {
			return err
		}
		return &ExitError{Code: ExitFailed, Err: err}
	}
}

// Getenv returns a variable of the injected environment, "" if it is not set.
func (a *App) Getenv(key string) string {
	for _, kv := range a.Environ {
		if k, v, ok := strings.Cut(kv, "="); ok && k == key {
			return v
		}
	}
	return ""
}

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
