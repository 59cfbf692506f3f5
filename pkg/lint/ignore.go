package lint

import (
	"regexp"
	"slices"
	"strings"
)

// ignoreComment is what makes the linter silent about one line:
//
//	# oly:ignore rp-id-too-broad because only we own names below it
//
// Several rules are separated by commas. Without a reason it does not count.
var ignoreComment = regexp.MustCompile(`(?:^|\s)#\s*oly:ignore\s+([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)\s+because\s+\S`)

// unignored drops the findings whose line has an ignore comment for their rule.
func unignored(findings []Finding) []Finding {
	return slices.DeleteFunc(findings, func(f Finding) bool {
		if f.Span.IsZero() {
			return false
		}
		m := ignoreComment.FindStringSubmatch(f.Span.File.Line(f.Span.Position().Line))
		return m != nil && slices.ContainsFunc(strings.Split(m[1], ","), func(rule string) bool {
			return strings.TrimSpace(rule) == f.Rule
		})
	})
}
