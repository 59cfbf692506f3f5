package doctor

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Text writes the report as text: the problems, worst first, and the other checks
// in a few lines.
func Text(w io.Writer, r *Report, look report.Look) error {
	b := bufio.NewWriter(w)
	paragraph := func(label, text string) { look.Paragraph(b, label, margin, text) }
	paragraph("", r.URL)
	if r.Kratos != "" {
		paragraph("", strings.TrimSpace("Kratos "+r.Version)+" at "+r.Kratos+rpIDText(r))
	}
	_ = b.WriteByte('\n') // Flush reports the error
	problems := r.worstFirst()
	for _, p := range problems {
		color := func(label string) string { return look.Paint(p.Severity, label) }
		look.Labeled(b, color, p.Severity.String(), margin, "["+p.ID+"] "+p.Subject)
		paragraph("", p.Message)
		if p.Help != "" {
			paragraph("", "help: "+p.Help)
		}
		_ = b.WriteByte('\n')
	}
	look.Labeled(b, look.Good, "ok", margin, strings.Join(r.names(Passed, ""), ", "))
	for _, s := range []Status{NotApplicable, NotRun} {
		for _, why := range r.reasons(s) {
			paragraph(labels[s], why+": "+strings.Join(r.names(s, why), ", "))
		}
	}
	_, _ = fmt.Fprintf(b, "\n%s\n%s; %d of %d checks passed\n", r.verdict(), report.Summary(findings(problems, source.Span{})), len(r.names(Passed, "")), len(r.Results))
	return b.Flush()
}

// worstFirst returns the problems of all checks, worst first.
func (r *Report) worstFirst() []Problem {
	problems := r.Problems()
	slices.SortStableFunc(problems, func(x, y Problem) int { return cmp.Compare(y.Severity, x.Severity) })
	return problems
}

func rpIDText(r *Report) string {
	if r.RPID == "" {
		return ""
	}
	return fmt.Sprintf(", rp.id %q", r.RPID)
}

// names returns the checks with an outcome and a reason.
func (r *Report) names(s Status, why string) []string {
	var out []string
	for _, result := range r.Results {
		if result.Status == s && result.Why == why {
			out = append(out, result.Check)
		}
	}
	return out
}

// reasons returns the distinct reasons of the checks with an outcome.
func (r *Report) reasons(s Status) []string {
	var out []string
	for _, result := range r.Results {
		if result.Status == s && !slices.Contains(out, result.Why) {
			out = append(out, result.Why)
		}
	}
	return out
}

// margin is the column in which the text beside the labels begins.
const margin = 9

// JSON writes the report as JSON.
func JSON(w io.Writer, r *Report) error {
	type row struct {
		ID       string `json:"id"`
		Severity string `json:"severity"`
		Subject  string `json:"subject"`
		Message  string `json:"message"`
		Help     string `json:"help"`
	}
	type result struct {
		Check    string `json:"check"`
		Status   Status `json:"status"`
		Why      string `json:"why,omitempty"`
		Findings []row  `json:"findings"`
	}
	out := struct {
		URL     string   `json:"url"`
		Kratos  string   `json:"kratos"`
		Version string   `json:"kratos_version"`
		RPID    string   `json:"rp_id"`
		Results []result `json:"results"`
	}{URL: r.URL, Kratos: r.Kratos, Version: r.Version, RPID: r.RPID, Results: []result{}}
	for _, one := range r.Results {
		fs := []row{}
		for _, p := range one.Problems {
			fs = append(fs, row{p.ID, p.Severity.String(), p.Subject, p.Message, p.Help})
		}
		out.Results = append(out.Results, result{one.Check, one.Status, one.Why, fs})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// Findings returns the problems as findings of lint, located at the passkey method
// in the configuration.
func (r *Report) Findings() []finding.Finding { return findings(r.Problems(), r.at) }

func findings(problems []Problem, at source.Span) []finding.Finding {
	var out []finding.Finding
	for _, p := range problems {
		out = append(out, finding.Finding{Rule: p.ID, Severity: p.Severity, Span: at, Message: p.Subject + ": " + p.Message, Help: p.Help})
	}
	return out
}
