package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

func newPredict(a *app) *cobra.Command {
	var f predictFlags
	c := &cobra.Command{
		Use:   "predict --page URL [--rp-id ID] [--origin URL]...",
		Short: "say whether a ceremony will work for a page, an rp.id and origins",
		Long: `Say whether a passkey ceremony will work, and if not, which gate refuses it:
the browser (rp.id against the page, related origins) or Kratos (the browser's
origin against the configured ones).

Without --origin and --base-url only the browser's gate is asked. Exit code 0:
the ceremony works; 1: it is refused.

With --batch, queries are read as NDJSON on stdin, and one line is written for
each line read, in order; a bad line is answered by {"error":…,"line":n}, and
the exit code is 1 at the end:

  {"page":…,"rp_id":…,"origins":[…],"base_url":…,"related_origins":{"status":200,"content_type":…,"body":…}}`,
		Example: `  oly-passkey predict --page https://auth.example.com --rp-id example.com
  oly-passkey predict --page https://auth.example.com --rp-id example.com --origin https://example.com
  oly-passkey predict --batch < queries.ndjson`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.rpIDGiven = cmd.Flags().Changed("rp-id")
			f.originsGiven = cmd.Flags().Changed("origin")
			return a.predict(&f)
		},
	}
	c.Flags().StringVar(&f.page, "page", "", "`URL` or origin of the page that calls navigator.credentials")
	c.Flags().StringVar(&f.rpID, "rp-id", "", "rp.`ID` in the call (not given: omitted in the call)")
	c.Flags().StringArrayVar(&f.origins, "origin", nil, "`URL` in Kratos' rp.origins (repeatable)")
	c.Flags().StringVar(&f.baseURL, "base-url", "", "Kratos' serve.public.base_url, a `URL`")
	c.Flags().StringVar(&f.related, "related-origins", "", "`FILE` with the answer of https://RP-ID/.well-known/webauthn")
	c.Flags().StringVar(&f.format, "format", "text", "text or json")
	c.Flags().BoolVar(&f.batch, "batch", false, "read NDJSON queries on stdin")
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
	if f.format != "text" && f.format != "json" {
		return cli.Usagef("--format %q is neither text nor json", f.format)
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

// predictIn is one query; members it does not name are ignored.
type predictIn struct {
	Page    string       `json:"page"`
	RPID    *string      `json:"rp_id"`
	Origins []string     `json:"origins"`
	BaseURL string       `json:"base_url"`
	Related *relatedJSON `json:"related_origins"`
}

// relatedJSON is the answer of the well-known document, or in short form just
// the list, which stands for a good answer.
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
			return nil, fmt.Errorf("base_url %q is no absolute URL; write it as in serve.public.base_url, such as https://auth.example.com/", in.BaseURL)
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

// writeText says the verdict in words; asked tells whether Kratos' gate was
// part of the question.
func (out *predictOut) writeText(w io.Writer, asked bool) error {
	rpID := "no rp.id"
	if out.RPID != nil {
		rpID = fmt.Sprintf("rp.id %q", *out.RPID)
	}
	verdict, hint := "works", ""
	switch out.Gate {
	case webauthn.GateBrowser:
		verdict = fmt.Sprintf("the browser refuses (%s)", out.Class)
	case webauthn.GateKratos:
		verdict = fmt.Sprintf("the browser agrees, Kratos refuses (%s)", out.Class)
	case webauthn.GateNone:
		if !asked {
			verdict, hint = "works in the browser", "Kratos was not asked: give --origin or --base-url\n"
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
