package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/client"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

func newResolve(a *app) *cobra.Command {
	var f resolveFlags
	c := &cobra.Command{
		Use:   "resolve [--sidecar URL] --api-key-file FILE HANDLE",
		Short: "ask the sidecar for the identity of a user handle",
		Long: `Asks the sidecar for the identity of a user handle. HANDLE may be in any form:
base64url, base64, hex, uuid, or the raw characters; - reads it from stdin.

The key file has the sidecar's format, one scope:key per line. The first key of
scope resolve is sent.

Exit code 0: the identity is known; 1: the handle is unknown, removed or
ambiguous; 2: it is not a user handle; 3: the sidecar did not respond.`,
		Example: `  oly-passkey resolve --api-key-file sidecar.key 3xK0…
  oly-passkey resolve --sidecar https://sidecar.internal:4477 \
    --api-key-file sidecar.key --format id - < handle`,
		Args: cli.NeedsOne("a user handle, or - to read it from stdin"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("credential-id") && f.credentialID == "" { // an unset shell variable would skip the check
				return cli.Usagef("--credential-id is empty; leave it out if you do not want to check a credential")
			}
			return a.resolve(cmd.Context(), &f, args[0])
		},
	}
	cli.Group(c, sidecarFlags, func(flags *pflag.FlagSet) { f.sidecar.flags(flags, api.DefaultURL, api.ScopeResolve) })
	cli.Group(c, "Query", func(flags *pflag.FlagSet) {
		flags.StringVar(&f.credentialID, "credential-id", "", "also check whether the credential `ID` (base64url) belongs to the handle")
		flags.BoolVar(&f.allowRemoved, "allow-removed", false, "also return the identity of a handle whose credential was removed")
		flags.BoolVar(&f.confirm, "confirm", false, "let the sidecar confirm the answer with Kratos")
	})
	cli.Group(c, outputFlags, func(flags *pflag.FlagSet) {
		cli.Format(flags, &f.format, "text", "json", "id")
		flags.Lookup("format").Usage += " (only the identity's UUID)"
	})
	return dashHandles(c)
}

type resolveFlags struct {
	sidecar               sidecarAccess
	credentialID, format  string
	allowRemoved, confirm bool
}

func (a *app) resolve(ctx context.Context, f *resolveFlags, handle string) error {
	handle, err := a.handleArg(handle)
	if err != nil {
		return err
	}
	if _, err := userhandle.Read(handle); err != nil {
		return cli.Usagef("%w", err)
	}
	if err := f.sidecar.check(); err != nil {
		return err
	}
	key, err := f.sidecar.key(api.ScopeResolve)
	if err != nil {
		return err
	}
	c, err := client.New(client.Options{URL: f.sidecar.url, Key: key})
	if err != nil {
		return cli.Usagef("--sidecar: %w", err)
	}
	answer, err := c.Resolve(ctx, client.Query{
		UserHandle:   handle,
		CredentialID: f.credentialID,
		AllowRemoved: f.allowRemoved,
		Confirm:      f.confirm,
	})
	switch {
	case errors.Is(err, client.ErrUnknown), errors.Is(err, client.ErrRemoved), errors.Is(err, client.ErrAmbiguous):
		return &cli.ExitError{Code: cli.ExitFindings, Err: err}
	case errors.Is(err, client.ErrInvalid):
		return &cli.ExitError{Code: cli.ExitUsage, Err: err}
	case err != nil:
		return err
	}
	return printAnswer(a.stdout, f.format, answer)
}

// handleArg returns a handle given as an argument, or the line on stdin for -.
func (a *app) handleArg(arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	line, err := bufio.NewReader(io.LimitReader(a.stdin, 4<<10)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("stdin: %w", err)
	}
	return strings.TrimSpace(line), nil
}

func printAnswer(w io.Writer, format string, answer *client.Answer) error {
	var err error
	switch format {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		err = enc.Encode(answer)
	case "id":
		_, err = fmt.Fprintln(w, answer.IdentityID)
	default:
		_, err = fmt.Fprintf(w, `identity_id:         %s
credential:          %s
state:               %s
credential_matches:  %s
source:              %s
confirmed_at:        %s
`, answer.IdentityID, orDash(answer.Credential), answer.State, triState(answer.CredentialMatches),
			answer.Source, answer.ConfirmedAt.UTC().Format(time.RFC3339))
	}
	return err
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// triState formats a bool that may be unknown.
func triState(b *bool) string {
	switch {
	case b == nil:
		return "-"
	case *b:
		return "true"
	}
	return "false"
}
