package catalogue

import (
	"math/big"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
)

// result is the result of checking a value against a node: invalid if there are faults,
// valid if there are none, and open if it depends on how the file is rendered.
type result struct {
	faults []fault
	open   bool
}

func (r result) valid() bool   { return len(r.faults) == 0 && !r.open }
func (r result) invalid() bool { return len(r.faults) > 0 }

func (r *result) add(other result) {
	r.faults = append(r.faults, other.faults...)
	r.open = r.open || other.open
}

// fault is a constraint that a value violates.
type fault struct {
	kind  Kind
	path  []string
	key   string // unknown or missing
	value *kratosconf.Value
	node  *node
	want  []string // of values, as JSON
}

type checker struct {
	*table
	incomplete bool
	patterns   map[string]*regexp.Regexp
}

// check is jsonschema.Schema.validate of ory/jsonschema v3.0.8, with a third
// answer for values that are not known yet.
func (c *checker) check(line int, v *kratosconf.Value, path []string) result {
	n := c.node(line)
	if v.Unknown() {
		return result{open: true}
	}
	bad := func(kind Kind) result {
		if v.Is(kratosconf.String) && kratosconf.Placeholder(v.Str) != "" {
			return result{open: true}
		}
		return result{faults: []fault{{kind: kind, path: path, value: v, node: n}}}
	}
	switch {
	case n.never:
		return bad(Form)
	case len(n.types) > 0 && !hasType(v, n.types):
		return bad(Type)
	}
	var r result
	if n.enum != nil && !slices.Contains(n.enum, literal(v)) {
		r.add(bad(Enum))
	}
	if n.format != "" && (!v.Is(kratosconf.String) || !hasFormat(n.format, v.Str)) {
		r.add(bad(Format))
	}
	c.combined(&r, n, v, path)
	switch v.Kind {
	case kratosconf.Map:
		c.object(&r, n, v, path)
	case kratosconf.List:
		c.list(&r, n, v, path)
	case kratosconf.String:
		length := utf8.RuneCountInString(v.Str)
		if n.minLength != none && length < n.minLength || n.maxLength != none && length > n.maxLength {
			r.add(bad(Length))
		}
		if n.pattern != "" && !c.pattern(n.pattern).MatchString(v.Str) {
			r.add(bad(Pattern))
		}
	case kratosconf.Int, kratosconf.Float:
		if below(v.Str, n.minimum) || below(n.maximum, v.Str) {
			r.add(bad(Range))
		}
	default:
	}
	return r
}

// combined checks the constraints that consist of other nodes.
func (c *checker) combined(r *result, n *node, v *kratosconf.Value, path []string) {
	if n.not != none {
		switch inner := c.check(n.not, v, path); {
		case inner.valid():
			r.add(result{faults: []fault{{kind: Form, path: path, value: v, node: n}}})
		case inner.open && !inner.invalid():
			r.open = true
		}
	}
	for _, line := range n.all {
		r.add(c.check(line, v, path))
	}
	if n.any != nil {
		r.add(c.choice(n, n.any, v, path, false))
	}
	if n.one != nil {
		r.add(c.choice(n, n.one, v, path, true))
	}
	if n.cond == none {
		return
	}
	cond := c.check(n.cond, v, path)
	switch {
	case cond.valid() && n.then != none:
		r.add(c.check(n.then, v, path))
	case cond.invalid() && n.otherwise != none:
		r.add(c.check(n.otherwise, v, path))
	case !cond.valid() && !cond.invalid():
		r.open = true
	}
}

// choice checks anyOf and, if only one node may fit, oneOf.
func (c *checker) choice(n *node, lines []int, v *kratosconf.Value, path []string, single bool) result {
	results := make([]result, len(lines))
	valid, open := 0, false
	for i, line := range lines {
		results[i] = c.check(line, v, path)
		switch {
		case results[i].valid() && !single:
			return result{}
		case results[i].valid():
			valid++
		case !results[i].invalid():
			open = true
		}
	}
	switch {
	case valid > 1:
		return result{faults: []fault{{kind: Form, path: path, value: v, node: n}}}
	case open:
		return result{open: true}
	case valid == 1:
		return result{}
	}
	return result{faults: c.closest(n, lines, results, v, path)}
}

// closest returns the faults of the node that the value was most likely meant
// for: the one with the value's own type, such as the name of a hook.
func (c *checker) closest(n *node, lines []int, results []result, v *kratosconf.Value, path []string) []fault {
	for _, name := range []string{"hook", "type"} {
		var want []string
		field := v.Field(name)
		for i, line := range lines {
			p, ok := c.node(line).property(name)
			if !ok || len(c.node(p).enum) == 0 {
				continue
			}
			if field != nil && slices.Contains(c.node(p).enum, literal(field)) {
				return results[i].faults
			}
			want = append(want, c.node(p).enum...)
		}
		switch {
		case want == nil || !v.Is(kratosconf.Map):
		case field == nil:
			return []fault{{kind: Missing, path: path, key: name, value: v, node: n, want: want}}
		default:
			return []fault{{kind: Enum, path: under(path, name), value: field, node: n, want: want}}
		}
	}
	best := slices.MinFunc(results, func(a, b result) int { return len(a.faults) - len(b.faults) })
	if v.Is(kratosconf.Map) && len(best.faults) == 1 && best.faults[0].kind != Form && best.faults[0].kind != Enum {
		return best.faults
	}
	if same := allTypes(results, path); same != nil {
		return same
	}
	return []fault{{kind: Form, path: path, value: v, node: n}}
}

// allTypes returns a single fault if all nodes want another type of the value.
func allTypes(results []result, path []string) []fault {
	for _, r := range results {
		if len(r.faults) != 1 || r.faults[0].kind != Type || len(r.faults[0].path) != len(path) {
			return nil
		}
	}
	merged := &node{}
	for _, r := range results {
		for _, t := range r.faults[0].node.types {
			if !slices.Contains(merged.types, t) {
				merged.types = append(merged.types, t)
			}
		}
	}
	f := results[0].faults[0]
	f.node = merged
	return []fault{f}
}

func (c *checker) object(r *result, n *node, v *kratosconf.Value, path []string) {
	for _, name := range n.required {
		switch {
		case v.Field(name) != nil:
		case c.incomplete || slices.ContainsFunc(v.Fields(), func(f kratosconf.Field) bool { return unknownName(f.Name) }):
			r.open = true
		default:
			r.add(result{faults: []fault{{kind: Missing, path: path, key: name, value: v, node: n}}})
		}
	}
	for _, f := range v.Fields() {
		below := under(path, f.Name)
		line, known := n.property(f.Name)
		if known {
			r.add(c.check(line, f.Value, below))
		}
		for _, p := range n.patterns {
			if c.pattern(p.name).MatchString(f.Name) {
				known = true
				r.add(c.check(p.node, f.Value, below))
			}
		}
		switch {
		case known || !n.closed && n.additional == none:
		case unknownName(f.Name):
			r.open = true
		case n.closed:
			r.add(result{faults: []fault{{kind: Unknown, path: path, key: f.Name, value: f.Value, node: n}}})
		default:
			r.add(c.check(n.additional, f.Value, below))
		}
	}
}

func (c *checker) list(r *result, n *node, v *kratosconf.Value, path []string) {
	items := v.Items()
	if n.minItems != none && len(items) < n.minItems {
		if c.incomplete {
			r.open = true
		} else {
			r.add(result{faults: []fault{{kind: Items, path: path, value: v, node: n}}})
		}
	}
	seen := make(map[string]bool, len(items))
	for i, item := range items {
		below := under(path, strconv.Itoa(i))
		if n.unique {
			var b strings.Builder
			if !canonical(&b, item) {
				r.open = true
			} else if seen[b.String()] {
				r.add(result{faults: []fault{{kind: Unique, path: below, value: item, node: n}}})
			}
			seen[b.String()] = true
		}
		if n.items != none {
			r.add(c.check(n.items, item, below))
		}
	}
}

// under returns the path of a key of a map, or of an element.
func under(path []string, name string) []string { return slices.Concat(path, []string{name}) }

// unknownName reports whether a key is a template, or several keys in one, which
// Kratos' loader splits at the dots.
func unknownName(name string) bool {
	return strings.ContainsAny(name, "{}$@%<>.") || kratosconf.IsOpaque(name) || kratosconf.Placeholder(name) != ""
}

func (c *checker) pattern(text string) *regexp.Regexp {
	re := c.patterns[text]
	if re == nil {
		re = regexp.MustCompile(text) // Kratos compiles the same
		c.patterns[text] = re
	}
	return re
}

func hasType(v *kratosconf.Value, types []string) bool {
	name := v.Kind.String()
	for _, t := range types {
		switch {
		case t == name, t == "number" && v.Is(kratosconf.Int):
			return true
		case t == "integer" && v.Is(kratosconf.Float):
			// Kratos writes the configuration as JSON, and 1.0 as 1.
			if f, err := strconv.ParseFloat(v.Str, 64); err == nil && f == float64(int64(f)) && f < 1e21 && f > -1e21 {
				return true
			}
		}
	}
	return false
}

// literal returns a scalar as JSON.
func literal(v *kratosconf.Value) string {
	switch v.Kind {
	case kratosconf.Null:
		return "null"
	case kratosconf.Bool:
		return strconv.FormatBool(v.True())
	case kratosconf.String:
		return strconv.Quote(v.Str)
	case kratosconf.Int, kratosconf.Float:
		return v.Str
	default:
		return ""
	}
}

// below reports whether a number is less than another; an empty text means no limit.
func below(a, b string) bool {
	x, okX := new(big.Float).SetString(a)
	y, okY := new(big.Float).SetString(b)
	return okX && okY && x.Cmp(y) < 0
}

// canonical writes a text that two values share if they are equal as JSON schema
// compares them. It returns false for values that only a rendered file has.
func canonical(b *strings.Builder, v *kratosconf.Value) bool {
	if v.Unknown() {
		return false
	}
	b.WriteString(strconv.Itoa(int(v.Kind)) + literal(v) + "{")
	fields := slices.Clone(v.Fields())
	slices.SortFunc(fields, func(x, y kratosconf.Field) int { return strings.Compare(x.Name, y.Name) })
	for _, f := range fields {
		b.WriteString(strconv.Quote(f.Name) + ":")
		if !canonical(b, f.Value) {
			return false
		}
	}
	b.WriteString("[")
	for _, item := range v.Items() {
		if !canonical(b, item) {
			return false
		}
	}
	b.WriteString("]}")
	return true
}

// hasFormat checks the formats of Kratos' schemas as ory/jsonschema does.
func hasFormat(format, text string) bool {
	switch format {
	case "uri":
		u, err := url.Parse(text)
		return err == nil && u.IsAbs()
	case "uri-reference":
		_, err := url.Parse(text)
		return err == nil
	case "email":
		return isEmail(text)
	case "hostname":
		return isHostname(text)
	default:
		return true
	}
}

func isEmail(text string) bool {
	at := strings.LastIndexByte(text, '@')
	if at < 0 || at > 64 || len(text) > 254 || !isHostname(text[at+1:]) {
		return false
	}
	_, err := mail.ParseAddress(text)
	return err == nil
}

func isHostname(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if len(host) > 253 || strings.HasPrefix(host, "-") {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if len(label) < 1 || len(label) > 63 || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range label {
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}
