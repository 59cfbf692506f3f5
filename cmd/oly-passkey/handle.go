package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

func newHandle(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "handle",
		Short: "encode, decode and inspect user handles",
		Long: `Encode, decode and inspect WebAuthn user handles: 1 to 64 bytes that travel as
base64url (WebAuthn's JSON), base64 (Kratos' admin API), hex, uuid (16 bytes) or
text (the raw characters).`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return cli.Usagef("handle needs encode or decode") },
	}
	c.AddCommand(newHandleDecode(a), newHandleEncode(a))
	return c
}

// dashHandles lets a command say what to do with a handle that begins with "-",
// as one in 64 of those with random bytes does.
func dashHandles(c *cobra.Command) *cobra.Command {
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return cli.Usagef("%w; a user handle that begins with \"-\" goes behind --: %s -- HANDLE", err, c.CommandPath())
	})
	return c
}

const formNames = "base64url, base64, hex, uuid or text"

func newHandleDecode(a *app) *cobra.Command {
	var from, to, format string
	c := &cobra.Command{
		Use:   "decode [--from FORM] [--to FORM] HANDLE",
		Short: "read a user handle and show what it is",
		Long: `Read a user handle and show its bytes in every form; with --to in that form
alone. HANDLE may be in any form; where its characters could be two different
handles, --from says which form is meant. - reads HANDLE from stdin.`,
		Example: `  oly-passkey handle decode c1k2Tk9kYTdXR1hUMkJzbDRtdU10NGc0WUJ6SkhodEpJMHdPcjdmOVFKVlVQbk9WRDZLN2o0ZXF6M3ZOQUZUag
  oly-passkey handle decode --from base64 --to uuid P6hfZFcXRWKz/CyWP2avpg==`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return cli.Usagef("--format %q is neither text nor json", format)
			}
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
	c.Flags().StringVar(&from, "from", "", "the `FORM` of HANDLE: "+formNames+" (default: whichever fits)")
	c.Flags().StringVar(&to, "to", "", "print this `FORM` alone: "+formNames)
	c.Flags().StringVar(&format, "format", "text", "text or json, where --to is not given")
	c.MarkFlagsMutuallyExclusive("to", "format")
	return dashHandles(c)
}

func newHandleEncode(a *app) *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use:   "encode [--from FORM] [--to FORM] HANDLE",
		Short: "write a user handle in a form, base64url by default",
		Long: `Write a user handle in a form, base64url by default. HANDLE is a uuid, whose 16
bytes are meant, or else the raw characters; --from says that it is in another
form. - reads HANDLE from stdin.`,
		Example: `  oly-passkey handle encode 3fa85f64-5717-4562-b3fc-2c963f66afa6
  oly-passkey handle encode --from hex --to base64 3fa85f6457174562b3fc2c963f66afa6`,
		Args: cobra.ExactArgs(1),
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
	c.Flags().StringVar(&from, "from", "", "the `FORM` of HANDLE: "+formNames+" (default: uuid where it is one, else text)")
	c.Flags().StringVar(&to, "to", string(userhandle.Base64URL), "the `FORM` to write: "+formNames)
	return dashHandles(c)
}

// readHandle reads a handle in one form, or in the one that fits where form is
// empty.
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
		return r, cli.Usagef("these characters could be %s; say which with --from", strings.Join(forms, ", "))
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

// handleReport is what inspecting a handle shows; forms that cannot carry its
// bytes are empty.
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
			return "" // this form cannot carry these bytes
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
		return "64 letters and digits, as kratos' passkey method makes them"
	case userhandle.KindUUID:
		return "16 bytes, as kratos' webauthn method makes them: random, or the identity's id"
	case userhandle.KindOther:
	}
	return "none of kratos'"
}
