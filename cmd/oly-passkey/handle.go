package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

func newHandle(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "handle",
		Short: "encode, decode and inspect user handles",
		Long: `Encodes, decodes and inspects WebAuthn user handles: 1 to 64 bytes in the form
base64url (WebAuthn's JSON), base64 (Kratos' admin API), hex, uuid (16 bytes) or
text (the raw characters).`,
	}
	return cli.Parent(c, newHandleDecode(a), newHandleEncode(a))
}

// dashHandles makes a command explain how to pass a handle that starts with "-": one
// in 64 random handles does.
func dashHandles(c *cobra.Command) *cobra.Command {
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		var unknown *pflag.NotExistError
		if !errors.As(err, &unknown) {
			return cli.FlagError(c, err)
		}
		return cli.Usagef("%w; put -- before a user handle that starts with \"-\": %s -- HANDLE", cli.FlagError(c, err), c.CommandPath())
	})
	return c
}

// forms are the forms of a user handle.
func forms() []string { return []string{"base64url", "base64", "hex", "uuid", "text"} }

func newHandleDecode(a *app) *cobra.Command {
	var from, to, format string
	c := &cobra.Command{
		Use:   "decode [--from FORM] [--to FORM] HANDLE",
		Short: "decode a user handle and show its forms",
		Long: `Decodes a user handle and shows its bytes in every form, or with --to in one
form. HANDLE may be in any form; if its characters could be two different
handles, --from says which form it is. - reads HANDLE from stdin.`,
		Example: `  oly-passkey handle decode P6hfZFcXRWKz_CyWP2avpg
  oly-passkey handle decode --from base64 --to uuid P6hfZFcXRWKz/CyWP2avpg==`,
		Args: cli.NeedsOne("a user handle, or - to read it from stdin"),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.handleArg(args[0])
			if err != nil {
				return err
			}
			r, err := readHandle(text, from)
			if err != nil {
				return err
			}
			if to == "" {
				return a.inspectHandle(r, format)
			}
			return a.printHandle(r.Handle, to)
		},
	}
	cli.Choice(c.Flags(), &from, "from", "", "`FORM` of HANDLE (default: whichever fits)", forms()...)
	cli.Choice(c.Flags(), &to, "to", "", "print only this `FORM`", forms()...)
	cli.Format(c.Flags(), &format, "text", "json")
	c.MarkFlagsMutuallyExclusive("to", "format")
	return dashHandles(c)
}

func newHandleEncode(a *app) *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use:   "encode [--from FORM] [--to FORM] HANDLE",
		Short: "encode a user handle, as base64url by default",
		Long: `Encodes a user handle, as base64url by default. HANDLE is a uuid (its 16 bytes)
or otherwise the raw characters; --from says that it is in another form. - reads
HANDLE from stdin.`,
		Example: `  oly-passkey handle encode 3fa85f64-5717-4562-b3fc-2c963f66afa6
  oly-passkey handle encode --from hex --to base64 \
    3fa85f6457174562b3fc2c963f66afa6`,
		Args: cli.NeedsOne("a user handle, or - to read it from stdin"),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.handleArg(args[0])
			if err != nil {
				return err
			}
			if from == "" {
				from = string(userhandle.Text)
				if _, err := userhandle.Decode(text, userhandle.UUID); err == nil {
					from = string(userhandle.UUID)
				}
			}
			r, err := readHandle(text, from)
			if err != nil {
				return err
			}
			return a.printHandle(r.Handle, to)
		},
	}
	cli.Choice(c.Flags(), &from, "from", "", "`FORM` of HANDLE (default: uuid if it is one, otherwise text)", forms()...)
	cli.Choice(c.Flags(), &to, "to", string(userhandle.Base64URL), "`FORM` to print", forms()...)
	return dashHandles(c)
}

// readHandle decodes a handle from a form, or if form is "" from the form that
// fits.
func readHandle(text, form string) (userhandle.Reading, error) {
	if form != "" {
		f, err := userhandle.ParseForm(form)
		if err != nil {
			return userhandle.Reading{}, cli.Usagef("--from: %w", err)
		}
		handle, err := userhandle.Decode(text, f)
		if err != nil {
			return userhandle.Reading{}, cli.Usagef("%w", err)
		}
		return userhandle.Reading{Forms: []userhandle.Form{f}, Handle: handle}, nil
	}
	readings, err := userhandle.Read(text)
	if err != nil {
		return userhandle.Reading{}, cli.Usagef("%w", err)
	}
	r, ok := userhandle.Best(readings)
	if !ok {
		forms := make([]string, len(readings))
		for i, r := range readings {
			forms[i] = fmt.Sprintf("%s (%d bytes)", r.Form(), len(r.Handle))
		}
		return r, cli.Usagef("ambiguous user handle: it could be %s; choose with --from", strings.Join(forms, ", "))
	}
	return r, nil
}

func (a *app) printHandle(handle []byte, form string) error {
	f, err := userhandle.ParseForm(form)
	if err != nil {
		return cli.Usagef("--to: %w", err)
	}
	text, err := userhandle.Encode(handle, f)
	if err != nil {
		return cli.Usagef("--to %s: %w", f, err)
	}
	_, err = fmt.Fprintln(a.stdout, text)
	return err
}

// handleReport describes a handle. Forms that cannot represent it are empty.
type handleReport struct {
	Reading   string `json:"reading"`
	Bytes     int    `json:"bytes"`
	Shape     string `json:"shape"`
	Base64URL string `json:"base64url"`
	Base64    string `json:"base64"`
	Hex       string `json:"hex"`
	UUID      string `json:"uuid,omitempty"`
	Text      string `json:"text,omitempty"`
	Digest    string `json:"digest"`
}

func (a *app) inspectHandle(r userhandle.Reading, format string) error {
	in := func(f userhandle.Form) string {
		text, err := userhandle.Encode(r.Handle, f)
		if err != nil {
			return "" // this form cannot represent these bytes
		}
		return text
	}
	report := handleReport{
		Reading:   r.Form(),
		Bytes:     len(r.Handle),
		Shape:     shapeOf(r.Handle),
		Base64URL: in(userhandle.Base64URL),
		Base64:    in(userhandle.Base64),
		Hex:       in(userhandle.Hex),
		UUID:      in(userhandle.UUID),
		Text:      in(userhandle.Text),
		Digest:    userhandle.DigestOf(r.Handle).String(),
	}
	if format == "json" {
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(report)
	}
	_, err := fmt.Fprintf(a.stdout, `reading:    %s
bytes:      %d
shape:      %s
base64url:  %s
base64:     %s
hex:        %s
uuid:       %s
text:       %s
digest:     %s
`, report.Reading, report.Bytes, report.Shape, report.Base64URL, report.Base64, report.Hex,
		orDash(report.UUID), orDash(report.Text), report.Digest)
	return err
}

func shapeOf(handle []byte) string {
	switch userhandle.KindOf(handle) {
	case userhandle.KindPasskey:
		return "64 letters and digits, as created by kratos' passkey method"
	case userhandle.KindUUID:
		return "16 bytes, as created by kratos' webauthn method: random, or the identity's id"
	case userhandle.KindOther:
	}
	return "not created by kratos"
}
