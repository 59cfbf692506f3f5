package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

func newPredict(a *app) *cobra.Command {
	var f predictFlags
	c := &cobra.Command{
		Use:   "predict --page URL [--rp-id ID] [--origin URL]...",
		Short: "predict whether a ceremony works for a page, an rp.id and origins",
		Long: `Predicts whether a passkey ceremony works, and if not, what rejects it: the
browser (rp.id and the page, related origins) or Kratos (the browser's origin
and the configured ones). Without --origin and --base-url only the browser is
considered.

With --batch, predict reads queries as NDJSON on stdin and writes one line for
each, in order. A query is one line:

  {"page":…,"rp_id":…,"origins":[…],"base_url":…,
   "related_origins":{"status":200,"content_type":…,"body":…}}

An invalid line gets {"error":…,"line":n}, and the exit code is 1 at the end.

Exit code 0: the ceremony works; 1: it is rejected.`,
		Example: `  oly-passkey predict --page https://auth.example.com --rp-id example.com
  oly-passkey predict --page https://auth.example.com --rp-id example.com \
    --origin https://example.com
  oly-passkey predict --batch < queries.ndjson`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.rpIDGiven = cmd.Flags().Changed("rp-id")
			f.originsGiven = cmd.Flags().Changed("origin")
			return a.predict(&f)
		},
	}
	cli.Group(c, "Query", func(flags *pflag.FlagSet) {
		flags.StringVar(&f.page, "page", "", "`URL` or origin of the page that calls navigator.credentials")
		flags.StringVar(&f.rpID, "rp-id", "", "`RP-ID` in the call (default: the call has none)")
		flags.StringArrayVar(&f.origins, "origin", nil, "`ORIGIN` in Kratos' rp.origins (repeatable)")
		flags.StringVar(&f.baseURL, "base-url", "", "`URL` in Kratos' serve.public.base_url")
		flags.StringVar(&f.related, "related-origins", "", "`FILE` with the content of https://RP-ID/.well-known/webauthn")
		flags.BoolVar(&f.batch, "batch", false, "read NDJSON queries on stdin")
	})
	cli.Group(c, outputFlags, func(flags *pflag.FlagSet) { cli.Format(flags, &f.format, "text", "json") })
	c.MarkFlagsOneRequired("page", "batch")
	for _, single := range []string{"page", "rp-id", "origin", "base-url", "related-origins", "format"} {
		c.MarkFlagsMutuallyExclusive("batch", single)
	}
	return c
}

type predictFlags struct {
	page, rpID, baseURL, related, format string
	origins                              []string
	rpIDGiven, originsGiven, batch       bool
}

func (a *app) predict(f *predictFlags) error {
	if f.batch {
		return a.predictBatch()
	}
	in := predictIn{Page: f.page, BaseURL: f.baseURL}
	if f.rpIDGiven {
		in.RPID = &f.rpID
	}
	if f.originsGiven {
		in.Origins = f.origins
	}
	if f.related != "" {
		doc, err := readRelated(f.related)
		if err != nil {
			return err
		}
		in.Related = doc
	}
	out, err := in.answer()
	if err != nil {
		return cli.Usagef("%w", err)
	}
	if f.format == "json" {
		err = writeJSONLine(a.stdout, out)
	} else {
		err = out.writeText(a.stdout, in.Origins != nil || in.BaseURL != "")
	}
	if err == nil && !out.OK {
		return cli.Findings()
	}
	return err
}

// predictIn is a query. Unknown members are ignored.
type predictIn struct {
	Page    string       `json:"page"`
	RPID    *string      `json:"rp_id"`
	Origins []string     `json:"origins"`
	BaseURL string       `json:"base_url"`
	Related *relatedJSON `json:"related_origins"`
}

// relatedJSON is a response with the related origins, or in short only the list of
// a valid response.
type relatedJSON struct {
	Status      int             `json:"status"`
	ContentType string          `json:"content_type"`
	Body        string          `json:"body"`
	Origins     json.RawMessage `json:"origins"`
}

type predictOut struct {
	Page   string         `json:"page"`
	RPID   *string        `json:"rp_id"`
	OK     bool           `json:"ok"`
	Gate   webauthn.Gate  `json:"gate"`
	Class  webauthn.Class `json:"class"`
	Reason string         `json:"reason"`
}

func (in *predictIn) answer() (*predictOut, error) {
	page, err := webauthn.ParsePage(in.Page)
	if err != nil {
		return nil, err
	}
	if in.BaseURL != "" {
		if u, err := url.ParseRequestURI(in.BaseURL); err != nil || u.Scheme == "" || u.Host == "" {
			return nil, fmt.Errorf("invalid base_url %q: use an absolute URL, as in serve.public.base_url", in.BaseURL)
		}
	}
	v := webauthn.Predict(webauthn.Query{
		Page: page, RPID: in.RPID, Origins: in.Origins, BaseURL: in.BaseURL, Related: in.Related.document(),
	})
	return &predictOut{Page: in.Page, RPID: in.RPID, OK: v.OK, Gate: v.Gate, Class: v.Class, Reason: v.Reason}, nil
}

func (r *relatedJSON) document() *webauthn.Document {
	switch {
	case r == nil:
		return nil
	case r.Origins != nil:
		body := `{"origins":` + string(r.Origins) + `}`
		return &webauthn.Document{Status: http.StatusOK, ContentType: "application/json", Body: []byte(body)}
	case r.Status == 0:
		return &webauthn.Document{Status: http.StatusOK, ContentType: r.ContentType, Body: []byte(r.Body)}
	}
	return &webauthn.Document{Status: r.Status, ContentType: r.ContentType, Body: []byte(r.Body)}
}

func readRelated(path string) (*relatedJSON, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var doc *relatedJSON
	if err := json.Unmarshal(raw, &doc); err != nil || doc == nil {
		return nil, fmt.Errorf(`%s: not a JSON object such as {"origins":["https://app.example.com"]}`, path)
	}
	return doc, nil
}

// writeText writes the verdict. asked reports whether Kratos was part of the query.
func (out *predictOut) writeText(w io.Writer, asked bool) error {
	rpID := "no rp.id"
	if out.RPID != nil {
		rpID = fmt.Sprintf("rp.id %q", *out.RPID)
	}
	verdict, hint := "works", ""
	switch out.Gate {
	case webauthn.GateBrowser:
		verdict = fmt.Sprintf("the browser rejects it (%s)", out.Class)
	case webauthn.GateKratos:
		verdict = fmt.Sprintf("the browser accepts it, Kratos rejects it (%s)", out.Class)
	case webauthn.GateNone:
		if !asked {
			verdict, hint = "works in the browser", "Kratos was not considered: pass --origin or --base-url\n"
		}
	}
	_, err := fmt.Fprintf(w, "%s with %s: %s\n  %s\n%s", out.Page, rpID, verdict, out.Reason, hint)
	return err
}

func writeJSONLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
