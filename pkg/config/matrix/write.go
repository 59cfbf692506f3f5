package matrix

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// Text writes the matrix as text. Its tables are 80 columns wide.
func (m Matrix) Text(w io.Writer, browsers []Browser, look report.Look) error {
	var b strings.Builder
	// cell pads a mark to its column.
	cell := func(ok bool, width int) string {
		text := fmt.Sprintf("%-*s", width, mark(ok))
		if ok {
			return look.Good(text)
		}
		return look.Paint(finding.Error, text)
	}
	// wrap writes an indented text.
	wrap := func(text string) { b.WriteString(look.Wrap("  ", 4, safetext.Visible(text)) + "\n") }
	fmt.Fprintf(&b, "%-44s %-9s %-8s %s\n", "ORIGIN", "METHOD", "BROWSER", "KRATOS")
	for _, r := range m.Rows {
		origin := safetext.Visible(r.Origin)
		if utf8.RuneCountInString(origin) > 44 {
			b.WriteString(origin + "\n")
			origin = ""
		}
		kratos := cell(r.Kratos.OK, 0)
		if !r.Browser.OK {
			kratos = "-" // the browser rejects the ceremony first
		}
		fmt.Fprintf(&b, "%-44s %-9s %s %s\n", origin, r.Method, cell(r.Browser.OK, 8), kratos)
		switch {
		case !r.Browser.OK:
			wrap("browser: " + r.Browser.Reason)
			if r.Related != "" {
				wrap("fix: " + r.Related)
			}
		case !r.Kratos.OK:
			wrap("kratos: " + r.Kratos.Reason)
		}
	}
	for _, s := range m.Skipped {
		wrap("skipped: " + s)
	}
	if len(browsers) > 0 {
		fmt.Fprintf(&b, "\n%-15s %-15s %-14s %-17s %s\n", "FROM VERSION", "HYBRID", "AUTOFILL", "RELATED ORIGINS", "SIGNALS")
		for _, v := range browsers {
			fmt.Fprintf(&b, "%-15s %-15s %-14s %-17s %s\n", v.Name, v.Hybrid, v.Autofill, v.Related, v.Signals)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func mark(ok bool) string {
	if ok {
		return "✓"
	}
	return "✗"
}

// JSON writes the matrix, and the browsers if there are any.
func (m Matrix) JSON(w io.Writer, browsers []Browser) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Matrix
		Browsers []Browser `json:"browsers,omitempty"`
	}{m, browsers})
}

// Markdown writes the matrix as Markdown tables.
func (m Matrix) Markdown(w io.Writer, browsers []Browser) error {
	var b strings.Builder
	b.WriteString("| origin | method | rp.id | browser | Kratos | why |\n|---|---|---|---|---|---|\n")
	for _, r := range m.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", cell(r.Origin), r.Method, cell(r.RPID), mark(r.Browser.OK), mark(r.Kratos.OK), cell(r.why()))
	}
	for _, s := range m.Skipped {
		fmt.Fprintf(&b, "\nSkipped: %s.\n", safetext.Visible(s))
	}
	if len(browsers) > 0 {
		b.WriteString("\n| from version | hybrid | autofill | related origins | signals |\n|---|---|---|---|---|\n")
		for _, v := range browsers {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", v.Name, v.Hybrid, v.Autofill, v.Related, v.Signals)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// why returns the reason of the first gate that rejects the ceremony, "" if none
// does.
func (r Row) why() string {
	switch {
	case !r.Browser.OK && r.Related != "":
		return r.Browser.Reason + "; " + r.Related
	case !r.Browser.OK:
		return r.Browser.Reason
	case !r.Kratos.OK:
		return r.Kratos.Reason
	}
	return ""
}

func cell(s string) string { return strings.ReplaceAll(safetext.Visible(s), "|", `\|`) }

const head = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>oly-passkey matrix</title>
<style>
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}
th,td{border:1px solid #8886;padding:.3rem .6rem;text-align:left;vertical-align:top}
.no{background:#c6282833}.yes{background:#2e7d3233}
</style>
`

const tables = `<h1>Where passkeys work</h1>
<table>
<tr><th>origin<th>method<th>rp.id<th>browser<th>Kratos<th>why
{{range .Rows}}<tr><td>{{.Origin}}<td>{{.Method}}<td>{{.RPID}}<td class="{{if .Browser.OK}}yes">✓{{else}}no">✗{{end}}<td class="{{if .Kratos.OK}}yes">✓{{else}}no">✗{{end}}<td>{{.Why}}
{{end}}</table>
{{range .Skipped}}<p>Skipped: {{.}}.
{{end}}{{with .Browsers}}<table>
<tr><th>from version<th>hybrid<th>autofill<th>related origins<th>signals
{{range .}}<tr><td>{{.Name}}<td>{{.Hybrid}}<td>{{.Autofill}}<td>{{.Related}}<td>{{.Signals}}
{{end}}</table>
{{end}}`

type htmlRow struct {
	Row
	Why string
}

// HTML writes a self-contained page.
func (m Matrix) HTML(w io.Writer, browsers []Browser) error {
	var b strings.Builder
	b.WriteString(head)
	if err := m.Tables(&b, browsers); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String()+"</html>\n")
	return err
}

// Tables writes only the tables, for use in another page.
func (m Matrix) Tables(w io.Writer, browsers []Browser) error {
	t, err := template.New("matrix").Parse(tables)
	if err != nil {
		return err
	}
	data := struct {
		Rows     []htmlRow
		Skipped  []string
		Browsers []Browser
	}{Skipped: m.Skipped, Browsers: browsers}
	for _, r := range m.Rows {
		data.Rows = append(data.Rows, htmlRow{r, r.why()})
	}
	return t.Execute(w, data)
}
