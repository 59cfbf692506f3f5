// Package cli is shared by the two programs: streams and environment, exit codes,
// errors, flags, help pages and interrupts.
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

// App holds the streams and the environment of the commands, injected by main.
type App struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Environ        []string // KEY=value, as os.Environ returns it
}

// Exit codes, the same for every command.
const (
	ExitClean    = 0
	ExitFindings = 1 // problems were found
	ExitUsage    = 2 // the command line is invalid
	ExitFailed   = 3 // the command could not finish
)

// ExitError is an error with an exit code. A nil Err prints nothing, because the
// command has already printed its findings.
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

// Run executes a command line and returns the exit code. A panic is reported in one
// sentence, like other errors.
func (a *App) Run(ctx context.Context, root *cobra.Command, args []string) (code int) {
	defer func() {
		if r := recover(); r != nil {
			code = ExitFailed
			what := strings.Join(strings.Fields(fmt.Sprint(r)), " ")
			a.printError(root, &ExitError{Code: code, Err: fmt.Errorf(
				"this is a bug in oly-passkey %s (%s); please report it with the command line at %s", Version().Version, what, issues)})
			if a.Getenv("OLY_PASSKEY_DEBUG") != "" {
				stack := debug.Stack()
				if p, ok := r.(*panicked); ok {
					stack = p.stack
				}
				_, _ = a.Stderr.Write(stack)
			}
		}
	}()
	return a.execute(ctx, root, args)
}

// NewRoot returns the command above all others, with help pages, --version and
// errors about flags.
func (a *App) NewRoot(name, short string) *cobra.Command {
	root := &cobra.Command{
		Use:           name,
		Short:         short,
		Version:       Version().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(FlagError)
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	a.help(root)
	return root
}

func (a *App) execute(ctx context.Context, root *cobra.Command, args []string) int {
	root.SetArgs(args)
	completeValues(root)
	codeFailures(root) //nolint:contextcheck // commands take it from cobra
	rejectRepeated(root)
	called, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitClean
	}
	var coded *ExitError
	if !errors.As(err, &coded) {
		// Cobra's own errors: unknown commands, missing flags.
		coded = &ExitError{Code: ExitUsage, Err: plain(called, err)}
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

// codeFailures makes commands end when they are interrupted, and gives every error
// that a command's own code returns without an exit code that of the command line
// or of a failure. Errors that are left without one come from cobra.
func codeFailures(c *cobra.Command) {
	for _, child := range c.Commands() {
		codeFailures(child)
	}
	runE := c.RunE
	if runE == nil {
		return
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		if cmd.Annotations[graceful] != "" {
			err = runE(cmd, args)
		} else {
			_, err = Interruptible(cmd.Context(), func() (struct{}, error) { return struct{}{}, runE(cmd, args) })
		}
		var coded *ExitError
		var usage interface{ BadUsage() }
		switch {
		case err == nil || errors.As(err, &coded):
			return err
		case errors.As(err, &usage):
			return &ExitError{Code: ExitUsage, Err: err}
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

// Columns returns the width of a terminal, 0 for other streams.
func Columns(stream any) int {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return 80
	}
	return width
}

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
