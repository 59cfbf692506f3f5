package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Ids of findings about ignore comments themselves.
const (
	IgnoreUnusedRule = "ignore-unused"
	IgnoreReasonRule = "ignore-without-reason"
)

// ignoreComment matches a comment that suppresses the findings of its line or, if
// the line has nothing else, of the next line:
//
//	# oly:ignore rp-id-too-broad because only we own names below it
//
// Several rules are separated by commas. Without a reason it does not count.
var ignoreComment = regexp.MustCompile(`(?:^|\s)#\s*oly:ignore\s+([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)(\s+because\s+\S)?`)

// ignore is one comment.
type ignore struct {
	span   source.Span
	line   int // to which it applies
	rules  []string
	reason bool
	used   bool
}

// unignored removes the findings that an ignore comment suppresses, and reports
// comments without a reason or without a finding. It does not report comments about
// rules that do not run.
func unignored(findings []finding.Finding, files []*source.File, rules []*Rule) []finding.Finding {
	byFile := make(map[string][]*ignore)
	for _, f := range files {
		byFile[f.Name] = ignoresOf(f)
	}
	findings = slices.DeleteFunc(findings, func(f finding.Finding) bool {
		if f.Span.IsZero() {
			return false
		}
		line := f.Span.Position().Line
		for _, i := range byFile[f.Span.File.Name] {
			if i.line == line && i.reason && slices.Contains(i.rules, f.Rule) {
				i.used = true
				return true
			}
		}
		return false
	})
	runs := func(id string) bool {
		return slices.ContainsFunc(rules, func(r *Rule) bool { return r.ID == id })
	}
	for _, f := range files {
		for _, i := range byFile[f.Name] {
			switch {
			case !i.reason:
				findings = append(findings, finding.Finding{
					Rule: IgnoreReasonRule, Severity: finding.Warning, Span: i.span,
					Message: "this comment gives no reason, so it has no effect",
					Help:    fmt.Sprintf("write # oly:ignore %s because REASON", strings.Join(i.rules, ", ")),
				})
			case !i.used && slices.ContainsFunc(i.rules, runs):
				findings = append(findings, finding.Finding{
					Rule: IgnoreUnusedRule, Severity: finding.Warning, Span: i.span,
					Message: fmt.Sprintf("%[2]s finds nothing on line %[1]d, so this comment has no effect", i.line, strings.Join(i.rules, ", ")),
					Help:    "remove it",
				})
			}
		}
	}
	return findings
}

// ignoresOf finds the ignore comments of a file.
func ignoresOf(f *source.File) []*ignore {
	if !strings.Contains(string(f.Data), "oly:ignore") {
		return nil
	}
	var out []*ignore
	for n := 1; n <= f.Lines(); n++ {
		line := f.Line(n)
		m := ignoreComment.FindStringSubmatchIndex(line)
		if m == nil {
			continue
		}
		i := &ignore{line: n, reason: m[4] >= 0}
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			i.line = n + 1
		}
		start := f.LineStart(n) + strings.IndexByte(line[m[0]:], '#') + m[0]
		i.span = source.Span{File: f, Start: start, End: f.LineStart(n) + len(line)}
		for rule := range strings.SplitSeq(line[m[2]:m[3]], ",") {
			i.rules = append(i.rules, strings.TrimSpace(rule))
		}
		out = append(out, i)
	}
	return out
}
