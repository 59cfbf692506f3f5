package kratosconf

import (
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// EnvFile parses an environment file with one NAME=VALUE per line, in the syntax
// that Docker, systemd and shells share: comments, an optional "export", and quotes
// around the value. Errors contain the line.
func EnvFile(f *source.File) ([]Variable, error) {
	var vars []Variable
	for n := 1; n <= f.Lines(); n++ {
		line := f.Line(n)
		text := strings.Trim(line, blanks)
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(text, "export "), "=")
		name = strings.Trim(name, blanks)
		if !ok || name == "" || strings.ContainsAny(name, blanks) {
			return nil, fmt.Errorf("%s:%d:1: want NAME=VALUE, got %q", f.Name, n, text)
		}
		at := f.LineStart(n) + strings.Index(line, "=") + 1
		at += len(value) - len(strings.TrimLeft(value, blanks))
		value = strings.Trim(value, blanks)
		if len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
			at++
		}
		vars = append(vars, Variable{Name: name, Value: value, Span: source.Span{File: f, Start: at, End: at + len(value)}})
	}
	return vars, nil
}

const blanks = " \t\r\v\f"
