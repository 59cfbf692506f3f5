package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
)

const evaluateBodyCommand = "evaluate-hook-body"

// maxBodyTime ends the process of a body. Most of it is for the start: the body
// itself gets one second.
const maxBodyTime = 2 * time.Second

// newEvaluateBody is the command that evaluateBodies runs.
func newEvaluateBody(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    evaluateBodyCommand,
		Short:  "evaluate the body of a web_hook; lint runs this itself",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := limitMemory(); err != nil {
				return err
			}
			return hookbody.Serve(a.stdin, a.stdout)
		},
	}
}

// evaluateBodies returns an Evaluator that runs this program once for each body,
// because only a process can be stopped.
func evaluateBodies(ctx context.Context) hookbody.Evaluator {
	return hookbody.Remote(func(request []byte) ([]byte, error) {
		program, err := os.Executable()
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, maxBodyTime)
		defer cancel()
		child := exec.CommandContext(ctx, program, evaluateBodyCommand) //nolint:gosec // this program itself
		child.Args[0] = "oly-passkey"
		child.Env = []string{} // a body has no business with the environment
		child.Stdin = bytes.NewReader(request)
		return child.Output()
	})
}
