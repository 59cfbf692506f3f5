package audit

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"github.com/olympusoss/oly-passkey/pkg/finding"
)

//go:embed report.html
var page string

// maxSamples is how many findings of a rule the page lists.
const maxSamples = 50

// chart is a bar chart with one bar per name.
type chart struct {
	Title, About string
	Bars         []bar
	Height       int
}

type bar struct {
	Name, Label string
	Y, Width    int // Width of 0 to barWidth
}

// ruleFindings are the findings of a rule; Samples are the first of them.
type ruleFindings struct {
	Rule
	N       int
	Samples []Finding
}

// view is the data of the page.
type view struct {
	*Report
	MadeAt   string
	Headline string
	Charts   []chart
	Rules    []ruleFindings
}

// WriteHTML writes a self-contained page, without scripts or references to other
// files.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"thousands": func(n int) string { return humanize.Comma(int64(n)) },
		"share":     func(row Row) string { return share(row.N, row.Of) },
		"words":     words,
		"change":    func(c Change) string { return fmt.Sprintf("%+d", c.Now-c.Was) },
		"sentence":  sentence,
		"more":      func(f ruleFindings) int { return f.N - len(f.Samples) },
	}).Parse(page)
	if err != nil {
		return err
	}
	v := view{Report: r, MadeAt: r.Made.UTC().Format("2 January 2006, 15:04 UTC"), Headline: r.headline(), Charts: r.charts()}
	if v.Rules, err = r.samples(); err != nil {
		return err
	}
	return t.Execute(w, v)
}

// headline returns the summary at the top of the page.
func (r *Report) headline() string {
	s := r.Summary
	with := s.PasskeyOnly + s.Both
	text := fmt.Sprintf("%s of %s users have a passkey (%s).", humanize.Comma(int64(with)), humanize.Comma(int64(s.Identities)), share(with, s.Identities))
	if n := s.Findings[lockOut]; n > 0 {
		text += fmt.Sprintf(" %s would be locked out by losing one device.", humanize.Comma(int64(n)))
	}
	switch s.Worst() {
	case finding.Error:
		text += " Some findings require immediate attention."
	case finding.Warning:
		text += " Nothing urgent. Review the warnings below."
	default:
		text += " No action required."
	}
	return text
}

func share(n, of int) string {
	if of == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}

func (r *Report) samples() ([]ruleFindings, error) {
	byRule := make(map[string][]Finding)
	for f, err := range r.Findings() {
		if err != nil {
			return nil, err
		}
		if len(byRule[f.Rule]) < maxSamples {
			byRule[f.Rule] = append(byRule[f.Rule], f)
		}
	}
	var out []ruleFindings
	for _, rule := range Rules() {
		if n := r.Summary.Findings[rule.ID]; n > 0 {
			out = append(out, ruleFindings{Rule: rule, N: n, Samples: byRule[rule.ID]})
		}
	}
	return out, nil
}

// Sizes of the charts, in SVG units.
const (
	barWidth = 260
	barStep  = 26
)

func (r *Report) charts() []chart {
	s := r.Summary
	charts := []chart{
		newChart("Ways to sign in", "users by the keys that they have", []Counted{
			{"passkeys", s.PasskeyOnly}, {"passkeys and older keys", s.Both}, {"older keys only", s.LegacyOnly}, {"neither", s.Neither},
		}),
		newChart("Backup state", "keys by backup state at registration", []Counted{
			{"synced", s.Synced}, {"syncable, not synced", s.Syncable}, {"one device", s.DeviceBound}, {"not known", s.StateUnsure},
		}),
		newChart("Passkey providers", "keys by provider", Top(s.Providers, 10)),
		newChart("Passkeys per user", "users by number of passkeys", perIdentity(s.PerIdentity)),
		newChart("New passkeys", "existing passkeys by the month in which they were added", months(s.AddedIn)),
	}
	if f := s.Forecast; f != nil {
		charts = append(charts, newChart("If rp.id becomes "+f.RPID, "users who have keys", []Counted{
			{"locked out", f.LockedOut}, {"at most a password", f.Perhaps}, {"can register again", f.Reenrol},
		}))
	}
	return slices.DeleteFunc(charts, func(c chart) bool { return len(c.Bars) == 0 })
}

func newChart(title, about string, counted []Counted) chart {
	c := chart{Title: title, About: about, Height: len(counted) * barStep}
	most := 1
	for _, n := range counted {
		most = max(most, n.N)
	}
	for i, n := range counted {
		width := n.N * barWidth / most
		if n.N > 0 {
			width = max(width, 1)
		}
		c.Bars = append(c.Bars, bar{Name: shorten(n.Name), Label: humanize.Comma(int64(n.N)), Y: i * barStep, Width: width})
	}
	return c
}

// words returns the title of a rule, and any other name as it is.
func words(name string) string {
	if r, ok := RuleOf(name); ok {
		return r.Title
	}
	return name
}

// sentence returns a text with an upper-case first letter and a period.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

// shorten cuts a name to the space next to its bar.
func shorten(name string) string {
	const most = 27
	if r := []rune(name); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return name
}

func perIdentity(m map[int]int) []Counted {
	var out []Counted
	for _, n := range slices.Sorted(maps.Keys(m)) {
		name := fmt.Sprint(n)
		if n == maxPerIdentity {
			name += " or more"
		}
		out = append(out, Counted{name, m[n]})
	}
	return out
}

// months returns the counts of up to 24 months, up to the last one with a passkey,
// including months without any.
func months(m map[string]int) []Counted {
	const most = 24
	var all []time.Time
	for name := range m {
		if t, err := time.Parse("2006-01", name); err == nil {
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, time.Time.Compare)
	first, last := all[0], all[len(all)-1]
	if from := last.AddDate(0, 1-most, 0); first.Before(from) {
		first = from
	}
	var out []Counted
	for t := first; !t.After(last); t = t.AddDate(0, 1, 0) {
		name := t.Format("2006-01")
		out = append(out, Counted{name, m[name]})
	}
	return out
}
