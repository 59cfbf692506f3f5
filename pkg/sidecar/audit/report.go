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
	// Since is an earlier report to compare with; it may be nil.
	Since  *Saved
	Source string // for example, the URL of the admin API
	Made   time.Time

	state *state
}

// Findings returns all findings, sorted by identity; those of rules that compare
// identities come last.
func (r *Report) Findings() iter.Seq2[Finding, error] { return r.state.all() }

// Close removes the audit's files.
func (r *Report) Close() error { return r.state.remove() }

// Keep closes the report, but keeps a state directory that was set in the options:
// the same audit can then be reported again without Kratos.
func (r *Report) Keep() error {
	err := r.state.abandon(nil)
	var kept *ResumeError
	if errors.As(err, &kept) {
		return kept.Err
	}
	return err
}

// WriteCSV writes one row per finding.
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

// WriteJSON writes the summary and then streams the findings.
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

// Saved is the part of a JSON report that later reports are compared with.
type Saved struct {
	Made    time.Time
	Summary *Summary
}

// ReadSaved reads the summary of a JSON report, but not its findings.
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

// Change is a number in this report and in the earlier one.
type Change struct {
	Name     string
	Now, Was int
}

// Changes returns the numbers that differ from those of the earlier report, nil
// without one.
func (r *Report) Changes() []Change {
	if r.Since == nil {
		return nil
	}
	now, was := r.Summary, r.Since.Summary
	out := []Change{
		{"identities", now.Identities, was.Identities},
		{"with a passkey", now.PasskeyOnly + now.Both, was.PasskeyOnly + was.Both},
		{"with older passwordless keys only", now.LegacyOnly, was.LegacyOnly},
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
