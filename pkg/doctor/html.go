package doctor

import (
	_ "embed"
	"html/template"
	"io"

	"github.com/olympusoss/oly-passkey/pkg/lint"
)

//go:embed report.html
var page string

// HTML writes one page that needs nothing else: no script, no other file, no
// request.
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

// labels are the words for the ends of a check.
var labels = map[Status]string{Passed: "ok", Found: "found", NotApplicable: "n/a", NotRun: "not run"}

// worst answers the highest severity, false where nothing was found.
func (r *Report) worst() (lint.Severity, bool) {
	all := r.worstFirst()
	if len(all) == 0 {
		return 0, false
	}
	return all[0].Severity, true
}

// verdict is the one sentence for somebody who reads nothing else.
func (r *Report) verdict() string {
	worst, some := r.worst()
	unsure := len(r.reasons(NotRun)) > 0
	switch {
	case some && worst == lint.Error:
		return "Passkeys do not work here, or not for everybody: see the errors."
	case r.TimedOut:
		return "Not everything could be asked in time."
	case some && worst == lint.Warning:
		return "Passkeys work as far as can be seen; some of it should be looked at."
	case unsure:
		return "Passkeys work as far as can be seen; not everything could be seen."
	}
	return "Passkeys work here."
}
