package doctor

import (
	_ "embed"
	"html/template"
	"io"

	"github.com/olympusoss/oly-passkey/pkg/finding"
)

//go:embed report.html
var page string

// HTML writes a self-contained page: no scripts, no other files, no requests.
func HTML(w io.Writer, r *Report) error {
	t, err := template.New("report").Funcs(template.FuncMap{"label": func(s Status) string { return labels[s] }}).Parse(page)
	if err != nil {
		return err
	}
	view := struct {
		*Report
		Verdict, Worst string
		Found          []Problem
	}{Report: r, Verdict: r.verdict(), Found: r.worstFirst()}
	if worst, ok := r.worst(); ok {
		view.Worst = worst.String()
	}
	return t.Execute(w, view)
}

// labels are the outcomes of a check in words.
var labels = map[Status]string{Passed: "ok", Found: "found", NotApplicable: "n/a", NotRun: "not run"}

// worst returns the highest severity, and false if nothing was found.
func (r *Report) worst() (finding.Severity, bool) {
	all := r.worstFirst()
	if len(all) == 0 {
		return 0, false
	}
	return all[0].Severity, true
}

// verdict summarises the report in a sentence or two.
func (r *Report) verdict() string {
	worst, some := r.worst()
	unsure := len(r.reasons(NotRun)) > 0
	switch {
	case some && worst == finding.Error:
		return "Passkeys are broken for some or all users. See the errors."
	case r.TimedOut:
		return "Timed out before every check was done."
	case some && worst == finding.Warning:
		return "Passkeys work as far as we could check. Review the warnings."
	case unsure:
		return "Passkeys work as far as we could check. Some checks could not run."
	}
	return "Passkeys work."
}
