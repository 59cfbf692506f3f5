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

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/client"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

func newResolve(a *app) *cobra.Command {
	var f resolveFlags
	c := &cobra.Command{
		Use:   "resolve --sidecar URL --api-key-file FILE HANDLE",
		Short: "ask the sidecar whose a user handle is",
		Long: `Ask the sidecar whose a user handle is. HANDLE is taken in any form: base64url,
base64, hex, uuid, or the raw characters; - reads it from stdin.

The key file is the sidecar's own format, one scope:key a line; the first key of
scope resolve is sent.

Exit code 0: the identity is known; 1: the handle is unknown, removed or
ambiguous; 2: it is no user handle; 3: the sidecar could not answer.`,
		Example: `  oly-passkey resolve --sidecar http://127.0.0.1:4477 --api-key-file sidecar.key 3xK0…
  oly-passkey resolve --sidecar http://127.0.0.1:4477 --api-key-file sidecar.key --format id - < handle`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("credential-id") && f.credentialID == "" { // a variable that is not set would undo the question
				return cli.Usagef("--credential-id is empty; leave it out where nothing shall be asked about a credential")
			}
			return a.resolve(cmd.Context(), &f, args[0])
		},
	}
	c.Flags().StringVar(&f.sidecar, "sidecar", "http://"+api.DefaultListen, "`URL` of the sidecar")
	c.Flags().StringVar(&f.keyFile, "api-key-file", "", "`FILE` with a key of scope resolve (none: send no key)")
	insecureHTTPFlag(c, &f.insecureHTTP)
	c.Flags().StringVar(&f.credentialID, "credential-id", "", "`ID` of the credential, base64url, to ask whether it belongs to the handle")
	c.Flags().BoolVar(&f.allowRemoved, "allow-removed", false, "answer a handle whose credential is gone, too")
	c.Flags().BoolVar(&f.confirm, "confirm", false, "let the sidecar ask Kratos before it answers")
	c.Flags().StringVar(&f.format, "format", "text", "text, json or id (the identity's UUID alone)")
	return dashHandles(c)
}

type resolveFlags struct {
	sidecar, keyFile, credentialID, format string
	allowRemoved, confirm                  bool
	insecureHTTP                           bool
}

func (a *app) resolve(ctx context.Context, f *resolveFlags, handle string) error {
	if f.format != "text" && f.format != "json" && f.format != "id" {
		return cli.Usagef("--format %q is neither text nor json nor id", f.format)
	}
	handle, err := a.handleArg(handle)
	if err != nil {
		return err
	}
	if _, err := userhandle.Read(handle); err != nil {
		return cli.Usagef("%w", err)
	}
	key, err := readResolveKey(f.keyFile)
	if err != nil {
		return err
	}
	if key != "" {
		if err := keyGoesTo(f.sidecar, f.insecureHTTP); err != nil {
			return err
		}
	}
	c, err := client.New(client.Options{URL: f.sidecar, Key: key})
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

// handleArg answers a handle given as an argument, or the line on stdin for -.
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

func readResolveKey(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	keys, err := api.ReadKeyFile(path)
	if err != nil {
		return "", err
	}
	key := keys.Key(api.ScopeResolve)
	if key == "" {
		return "", fmt.Errorf("api key file %q holds no key of scope %q", path, api.ScopeResolve)
	}
	return key, nil
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

// triState writes a truth that may not be known.
func triState(b *bool) string {
	switch {
	case b == nil:
		return "-"
	case *b:
		return "true"
	}
	return "false"
}
