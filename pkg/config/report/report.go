// Package report writes findings as text, HTML, and formats for programs.
package report

import (
	"encoding/json"
	"io"

	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// JSON writes {"findings":[…]}, with an empty list if there are none.
func JSON(w io.Writer, findings []finding.Finding) error {
	type row struct {
		Rule     string `json:"rule"`
		Severity string `json:"severity"`
		File     string `json:"file"`
		Line     int    `json:"line"`
		Column   int    `json:"column"`
		Message  string `json:"message"`
		Help     string `json:"help"`
	}
	out := struct {
		Findings []row `json:"findings"`
	}{Findings: make([]row, 0, len(findings))}
	for _, f := range findings {
		at := f.Span.Position()
		out.Findings = append(out.Findings, row{
			Rule: f.Rule, Severity: f.Severity.String(),
			File: fileName(f), Line: at.Line, Column: at.Column,
			Message: f.Message, Help: f.Help,
		})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func fileName(f finding.Finding) string {
	if f.Span.File == nil {
		return ""
	}
	return f.Span.File.Name
}

// Writer writes findings in one format.
type Writer func(io.Writer, []finding.Finding) error

// Formats returns the names of all formats, the default first.
func Formats() []string {
	return []string{"text", "json", "sarif", "github", "junit", "gitlab", "html"}
}

// ForFormat returns the writer of a format, or false for an unknown name.
func ForFormat(name string) (Writer, bool) {
	w, ok := map[string]Writer{
		"text": Text, "json": JSON, "sarif": SARIF, "github": GitHub, "junit": JUnit, "gitlab": GitLab, "html": HTML,
	}[name]
	return w, ok
}
