// Package finding holds the shape of what a check reports.
package finding

import "github.com/olympusoss/oly-passkey/pkg/source"

// Finding is a place at which a rule is broken.
type Finding struct {
	Rule     string // its id
	Severity Severity
	Span     source.Span
	Message  string // what is wrong and why, lower case, no period
	Help     string // what to do, an imperative sentence
	Notes    []Note
	Fix      []source.Edit // none if it must be fixed by hand
	// Suggest is a change that is usually right, but that the user must review.
	Suggest []source.Edit
}

// Note is another place that a finding is about.
type Note struct {
	Span    source.Span
	Message string
}

// Severity is how serious a finding is. The zero value is none at all.
type Severity uint8

// Error is reserved for what fails: a ceremony, the start of Kratos, a
// registration, or the safety of an account.
const (
	Info Severity = iota + 1
	Warning
	Error
)

// String returns the name of the severity, as every output format spells it.
func (s Severity) String() string {
	return [...]string{"none", "info", "warning", "error"}[s]
}

// MarshalText returns the name of the severity.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ParseSeverity parses the name of a severity. It returns false for any other
// text.
func ParseSeverity(name string) (Severity, bool) {
	for _, s := range []Severity{Info, Warning, Error} {
		if s.String() == name {
			return s, true
		}
	}
	return 0, false
}
