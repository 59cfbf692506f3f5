package audit

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// WriteText writes the summary and the findings by rule, with advice.
func (r *Report) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(b, format+"\n", args...) } // Flush reports the error
	for i, section := range r.Sections() {
		if i > 0 {
			line("")
		}
		line("%s", section.Title)
		for _, row := range section.Rows {
			share := ""
			if row.Of > 0 {
				share = fmt.Sprintf("%6.1f %%", 100*float64(row.N)/float64(row.Of))
			}
			line("%s", strings.TrimRight(fmt.Sprintf("  %-44s %10s  %s", row.Name, humanize.Comma(int64(row.N)), share), " "))
		}
	}
	line("")
	r.writeFindings(line)
	if r.Since != nil {
		line("\nsince %s", r.Since.Made.UTC().Format(time.RFC3339))
		for _, c := range r.Changes() {
			line("  %-48s %10s  (%+d)", c.Name, humanize.Comma(int64(c.Now)), c.Now-c.Was)
		}
		if len(r.Changes()) == 0 {
			line("  nothing changed")
		}
	}
	return b.Flush()
}

func (r *Report) writeFindings(line func(string, ...any)) {
	none := true
	for _, rule := range Rules() {
		n := r.Summary.Findings[rule.ID]
		if n == 0 {
			continue
		}
		if none {
			line("findings")
		}
		none = false
		line("  %s: %s: %s [%s]", rule.Severity, humanize.Comma(int64(n)), rule.Title, rule.ID)
		line("    why: %s", rule.Why)
		line("    do:  %s", rule.Do)
	}
	if none {
		line("No findings.")
	}
}

// Section is a titled group of numbers of the summary.
type Section struct {
	Title string
	Rows  []Row
}

// Row is a number. Of is the total for its percentage, 0 for no percentage.
type Row struct {
	Name  string
	N, Of int
}

// Sections returns the summary with a label for each number.
func (r *Report) Sections() []Section {
	s := r.Summary
	keys := s.Passkeys + s.Passwordless + s.SecondFactor
	out := []Section{
		{"identities", []Row{
			{"all", s.Identities, 0},
			{"with passkeys only", s.PasskeyOnly, s.Identities},
			{"with passkeys and older passwordless keys", s.Both, s.Identities},
			{"with older passwordless keys only", s.LegacyOnly, s.Identities},
			{"with neither", s.Neither, s.Identities},
			{"with a recovery address", s.Recoverable, s.Identities},
		}},
		{"keys", []Row{
			{"passkeys (discoverable)", s.Passkeys, keys},
			{"passwordless, webauthn method", s.Passwordless, keys},
			{"second factor, webauthn method", s.SecondFactor, keys},
		}},
		{"backup state of keys at registration", []Row{
			{"synced", s.Synced, keys},
			{"syncable, not synced", s.Syncable, keys},
			{"device-bound", s.DeviceBound, keys},
			{"unknown", s.StateUnsure, keys},
		}},
		{"user handles", []Row{
			{"known to Kratos", s.Handles, 0},
			{"of these, without a passkey", s.StaleHandles, s.Handles},
		}},
	}
	if len(s.Providers) > 0 {
		out = append(out, Section{"providers", rows(Top(s.Providers, 12), keys)})
	}
	if f := s.Forecast; f != nil {
		out = append(out, Section{fmt.Sprintf("if rp.id becomes %q", f.RPID), []Row{
			{"keys that stop working", f.Keys, keys},
			{"identities with such keys", f.Identities, s.Identities},
			{"locked out permanently", f.LockedOut, f.Identities},
			{"with at most a password left", f.Perhaps, f.Identities},
			{"can sign in another way and register again", f.Reenrol, f.Identities},
		}})
	}
	return out
}

func rows(counted []Counted, of int) []Row {
	var out []Row
	for _, c := range counted {
		out = append(out, Row{c.Name, c.N, of})
	}
	return out
}
