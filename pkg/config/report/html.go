package report

import (
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// page is self-contained: no scripts and no external resources.
const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>oly-passkey lint</title>
<style>
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
article{border-left:.3rem solid;padding:.1rem 1rem;margin:1.5rem 0}
.error{border-color:#c62828}.warning{border-color:#ef6c00}.info{border-color:#1565c0}
h2{font-size:1.15rem;margin:.6rem 0 .2rem}article p{margin:.3rem 0}
pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:.5rem;margin:.4rem 0;background:#8882}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}
mark{background:#fdd835;color:#000}
small{opacity:.8}
table{border-collapse:collapse;margin:1rem 0}
th,td{border:1px solid #8886;padding:.3rem .6rem;text-align:left;vertical-align:top}
.no{background:#c6282833}.yes{background:#2e7d3233}
</style>
<h1>oly-passkey lint</h1>
<p>{{.Summary}}</p>
{{range .Findings}}<article class="{{.Severity}}">
<h2>{{.Severity}}: <code>{{.Rule}}</code></h2>
<p>{{.Message}}</p>
<p><small>{{.Place}}</small></p>
<pre>{{.Before}}<mark>{{.Marked}}</mark>{{.After}}</pre>
{{with .Help}}<p>Help: {{.}}</p>
{{end}}{{range .Notes}}<p><small>{{.}}</small></p>
{{end}}</article>
{{end}}{{.More}}</html>
`

type htmlFinding struct {
	Severity, Rule, Message, Place, Help string
	Before, Marked, After                string // the line, around the span
	Notes                                []string
}

// HTML writes a report for readers who do not have the files.
func HTML(w io.Writer, findings []finding.Finding) error {
	return HTMLWith(w, findings, "")
}

// HTMLWith is like HTML and appends another part.
func HTMLWith(w io.Writer, findings []finding.Finding, more template.HTML) error {
	data := struct {
		Summary  string
		Findings []htmlFinding
		More     template.HTML
	}{Summary: Summary(findings), More: more}
	for _, f := range findings {
		h := htmlFinding{Severity: f.Severity.String(), Rule: f.Rule, Message: f.Message, Place: f.Span.String(), Help: f.Help}
		if f.Span.File != nil && !f.Span.File.Foreign {
			text, start := f.Span.Around()
			line := []rune(text)
			start = min(start, len(line))
			end := min(len(line), start+len([]rune(strings.SplitN(f.Span.Text(), "\n", 2)[0])))
			h.Before, h.Marked, h.After = safetext.Excerpt(line[:start]), safetext.Excerpt(line[start:end]), safetext.Excerpt(line[end:])
		}
		for _, n := range f.Notes {
			h.Notes = append(h.Notes, n.Span.String()+": "+n.Message)
		}
		data.Findings = append(data.Findings, h)
	}
	t, err := template.New("report").Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, data)
}

// Summary returns the number of findings per severity: "1 error, 2 warnings",
// or "no findings".
func Summary(findings []finding.Finding) string {
	count := make(map[finding.Severity]int)
	for _, f := range findings {
		count[f.Severity]++
	}
	var parts []string
	for _, s := range []finding.Severity{finding.Error, finding.Warning, finding.Info} {
		switch n := count[s]; {
		case n == 1:
			parts = append(parts, "1 "+s.String())
		case n > 1 && s == finding.Info:
			parts = append(parts, fmt.Sprintf("%d info", n))
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, s))
		}
	}
	if len(parts) == 0 {
		return "no findings"
	}
	return strings.Join(parts, ", ")
}
