package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// tidwall/sjson pads a list that is too short with null.
var envIndexNulls = &lint.Rule{
	ID: "env-index-nulls", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		for _, v := range p.Env {
			list, index := listOf(v.Path())
			if index < 1 {
				continue
			}
			for i, item := range p.Get(list).Items() {
				if i >= index || !item.Is(kratosconf.Null) || item.Env == "" {
					continue
				}
				f := finding.Finding{
					Span:    v.Span,
					Message: fmt.Sprintf("%s sets element %d of %s, which makes element %d null, so Kratos does not start", v.Name, index, list, i),
					Help:    "set the whole list as JSON in one variable",
				}
				if strings.HasSuffix(list, ".hooks") {
					f.Help = "move the hook to the start of the list: a variable can only set element 0"
				}
				p.Report(f)
				break
			}
		}
	},
}

// listOf splits a path at its first index into the list's path and the index,
// which is -1 if there is none.
func listOf(path string) (string, int) {
	parts := strings.Split(path, ".")
	for i, part := range parts {
		if n, err := strconv.Atoi(part); err == nil {
			return strings.Join(parts[:i], "."), n
		}
	}
	return path, -1
}
