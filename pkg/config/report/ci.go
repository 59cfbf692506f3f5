package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
)

// GitHub writes workflow commands, which GitHub shows next to the lines.
func GitHub(w io.Writer, findings []finding.Finding) error {
	command := map[finding.Severity]string{finding.Error: "error", finding.Warning: "warning", finding.Info: "notice"}
	for _, f := range findings {
		at := f.Span.Position()
		_, err := fmt.Fprintf(w, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", command[f.Severity],
			property(safetext.Visible(fileName(f))), at.Line, at.Column, property(f.Rule), data(safetext.Visible(withHelp(f))))
		if err != nil {
			return err
		}
	}
	return nil
}

// data and property escape what the runner unescapes (actions/toolkit,
// command.ts).
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}

type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		ClassName string        `xml:"classname,attr"`
		Failure   *junitFailure `xml:"failure,omitempty"`
	}
	junitFailure struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes one suite per file and one failed case per finding, or one
// passed case if there are no findings.
func JUnit(w io.Writer, findings []finding.Finding) error {
	out := junitSuites{Name: "oly-passkey lint", Tests: max(1, len(findings)), Failures: len(findings)}
	at := make(map[string]int)
	for _, f := range findings {
		name := fileName(f)
		i, ok := at[name]
		if !ok {
			i = len(out.Suites)
			at[name] = i
			out.Suites = append(out.Suites, junitSuite{Name: name})
		}
		s := &out.Suites[i]
		s.Tests++
		s.Failures++
		s.Cases = append(s.Cases, junitCase{
			Name: fmt.Sprintf("%s at %s", f.Rule, f.Span), ClassName: f.Rule,
			Failure: &junitFailure{Type: f.Severity.String(), Message: f.Message, Text: f.Span.String() + ": " + withHelp(f)},
		})
	}
	if len(findings) == 0 {
		out.Suites = []junitSuite{{Name: "oly-passkey lint", Tests: 1, Cases: []junitCase{{Name: "no findings", ClassName: "oly-passkey"}}}}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// GitLab writes a code quality report.
func GitLab(w io.Writer, findings []finding.Finding) error {
	type lines struct {
		Begin int `json:"begin"`
	}
	type location struct {
		Path  string `json:"path"`
		Lines lines  `json:"lines"`
	}
	type issue struct {
		Description string   `json:"description"`
		CheckName   string   `json:"check_name"`
		Fingerprint string   `json:"fingerprint"`
		Severity    string   `json:"severity"`
		Location    location `json:"location"`
	}
	severity := map[finding.Severity]string{finding.Error: "critical", finding.Warning: "minor", finding.Info: "info"}
	out := make([]issue, 0, len(findings))
	seen := make(map[string]int)
	for _, f := range findings {
		print := Fingerprint(f)
		seen[print]++
		if n := seen[print]; n > 1 {
			print = fmt.Sprintf("%s-%d", print, n)
		}
		out = append(out, issue{
			Description: withHelp(f), CheckName: f.Rule, Fingerprint: print, Severity: severity[f.Severity],
			Location: location{Path: fileName(f), Lines: lines{Begin: f.Span.Position().Line}},
		})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// Fingerprint identifies a finding by its rule, file and message, so that it
// stays the same when lines move.
func Fingerprint(f finding.Finding) string {
	sum := sha256.Sum256([]byte(f.Rule + "\x00" + fileName(f) + "\x00" + f.Message))
	return hex.EncodeToString(sum[:16])
}
