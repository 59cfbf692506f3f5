package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/cmd/internal/sidecarcmd"
	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
)

// app holds the streams and the environment of the commands, injected by main.
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
	root := a.cli().NewRoot("oly-passkey", "set up, check and run passkeys on Ory Kratos")
	root.Long = `Sets up, checks and runs passkeys on Ory Kratos.`
	add := func(title string, commands ...*cobra.Command) {
		root.AddGroup(&cobra.Group{ID: title, Title: title})
		for _, c := range commands {
			c.GroupID = title
			root.AddCommand(c)
		}
	}
	add("Set up", newDemo(a), newInit(a), newWellknown(a), newAndroidOrigin(a))
	add("Check a configuration", newLint(a), newMatrix(a), newPredict(a), newRules(a), newUpgradeCheck(a))
	add("Check a deployment", newAudit(a), newDoctor(a), newExplain(a))
	add("Run the sidecar", sidecarcmd.NewServe(a.cli()), newHandle(a), sidecarcmd.NewHealthcheck(a.cli()), sidecarcmd.NewIndex(a.cli()), newResolve(a))
	root.AddCommand(cli.NewVersion(a.cli()), newEvaluateBody(a))
	return root
}

// getenv returns a variable of the injected environment, "" if it is not set.
func (a *app) getenv(key string) string { return a.cli().Getenv(key) }
