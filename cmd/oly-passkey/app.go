package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/cmd/internal/sidecarcmd"
	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
)

// app is what the commands may touch of the outside world, injected by main.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string // KEY=value, as os.Environ returns it
	// bodies evaluates bodies of hooks in other processes, set by run.
	bodies hookbody.Evaluator
}

// run executes one command line and returns the exit code of the process.
func run(ctx context.Context, args []string, a *app) int {
	a.bodies = evaluateBodies(ctx)
	return a.cli().Run(ctx, newRoot(a), args) //nolint:contextcheck // commands take it from cobra, which gets it from Run
}

// cli returns the same for the commands that both programs have.
func (a *app) cli() *cli.App {
	return &cli.App{Stdin: a.stdin, Stdout: a.stdout, Stderr: a.stderr, Environ: a.environ}
}

// newRoot builds the command tree.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "oly-passkey",
		Short: "set up, check and run passkeys on Ory Kratos",
	}
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
		sidecarcmd.NewIndex(a.cli()),
		newAndroidOrigin(a),
		newResolve(a),
		sidecarcmd.NewServe(a.cli()),
		newAudit(a),
		newDemo(a),
		sidecarcmd.NewHealthcheck(a.cli()),
		cli.NewVersion(a.cli()),
		newEvaluateBody(a),
	)
	return root
}

// getenv returns a variable of the injected environment, "" if it is not set.
func (a *app) getenv(key string) string { return a.cli().Getenv(key) }
