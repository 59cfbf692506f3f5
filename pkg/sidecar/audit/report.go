package audit

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Report is a finished audit.
type Report struct {
	Summary *Summary
	// Since is an earlier summary to compare with, nil when there is none.
	Since  *Saved
	Source string // such as the URL of the admin API
	Made   time.Time

	state *state
}

// Findings reads all findings, in the order of the identities; those that two
// identities are needed for come last.
func (r *Report) Findings() iter.Seq2[Finding, error] { return r.state.all() }

// Close removes what the audit kept on disk.
func (r *Report) Close() error { return r.state.remove() }

// Keep ends with the report, and leaves a state of its own folder there, so
// that the same audit answers again without Kratos.
func (r *Report) Keep() error {
	err := r.state.abandon(nil)
	var kept *ResumeError
	if errors.As(err, &kept) {
		return kept.Err
	}
	return err
}

// WriteCSV writes one finding a row.
func (r *Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"rule", "severity", "identity_id", "detail"}); err != nil {
		return err
	}
	for f, err := range r.Findings() {
		if err != nil {
			return err
		}
		rule, _ := RuleOf(f.Rule)
		if err := out.Write([]string{f.Rule, rule.Severity.String(), f.Identity.String(), f.Detail}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// WriteJSON writes the summary and then every finding, as they are read.
func (r *Report) WriteJSON(w io.Writer) error {
	b := bufio.NewWriter(w)
	summary, err := json.MarshalIndent(r.Summary, "  ", "  ")
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(b, "{\n  \"made_at\": %q,\n  \"source\": %q,\n  \"summary\": %s,\n  \"findings\": [", r.Made.UTC().Format(time.RFC3339), r.Source, summary)
	sep := "\n    "
	for f, err := range r.Findings() {
		if err != nil {
			return err
		}
		rule, _ := RuleOf(f.Rule)
		line, err := json.Marshal(struct {
			Finding
			Severity finding.Severity `json:"severity"`
		}{f, rule.Severity})
		if err != nil {
			return err
		}
		_, _ = b.WriteString(sep)
		_, _ = b.Write(line) // Flush reports the error
		sep = ",\n    "
	}
	_, _ = b.WriteString("\n  ]\n}\n")
	return b.Flush()
}

// Saved is what an earlier JSON report says.
type Saved struct {
	Made    time.Time
	Summary *Summary
}

// ReadSaved reads the summary of a JSON report; the findings behind it are not
// read.
func ReadSaved(r io.Reader) (*Saved, error) {
	dec := json.NewDecoder(r)
	saved := &Saved{}
	bad := errors.New("not a report that oly-passkey audit --format json wrote")
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, bad
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, bad
		}
		var dst any
		switch key {
		case "made_at":
			dst = &saved.Made
		case "summary":
			dst = &saved.Summary
		default:
			dst = &json.RawMessage{}
		}
		if err := dec.Decode(dst); err != nil {
			return nil, bad
		}
		if key == "summary" {
			break
		}
	}
	if saved.Summary == nil || saved.Made.IsZero() {
		return nil, bad
	}
	return saved, nil
}

// Change is a number now and before.
type Change struct {
	Name     string
	Now, Was int
}

// Changes compares what an operator wants to see move; nil without an earlier
// report.
func (r *Report) Changes() []Change {
	if r.Since == nil {
		return nil
	}
	now, was := r.Summary, r.Since.Summary
	out := []Change{
		{"identities", now.Identities, was.Identities},
		{"with a passkey", now.PasskeyOnly + now.Both, was.PasskeyOnly + was.Both},
		{"with passwordless keys of the older method alone", now.LegacyOnly, was.LegacyOnly},
		{"passkeys", now.Passkeys, was.Passkeys},
		{"synced keys", now.Synced, was.Synced},
		{"stale handles", now.StaleHandles, was.StaleHandles},
	}
	for _, rule := range Rules() {
		if n, m := now.Findings[rule.ID], was.Findings[rule.ID]; n != m {
			out = append(out, Change{rule.ID, n, m})
		}
	}
	return slices.DeleteFunc(out, func(c Change) bool { return c.Now == c.Was })
}
