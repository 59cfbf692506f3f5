package catalogue

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// tableText has one line per version (name, line of its root, defaults as JSON),
// oldest first, and then one line per schema node. A node is a list of
// constraints KEY=VALUE, separated by tabs; other nodes are named by their line.
// "go test . -run TestCatalogueTable -update-catalogue" in kratos/conformance writes it
// from Kratos' own schemas.
//
//go:embed table.txt
var tableText string

// release is a version that the table has the schema of.
type release struct {
	name     string
	root     int
	defaults string
}

// since returns the first release number that may have the schema.
func (r release) since() kratosconf.Version {
	v, err := kratosconf.ParseVersion(r.name)
	if err != nil {
		return kratosconf.VersionPolicy
	}
	return v
}

// table decodes nodes when they are needed.
type table struct {
	releases []release
	lines    []string
	nodes    []*node
}

func newTable() *table {
	lines := strings.Split(strings.TrimSuffix(tableText, "\n"), "\n")
	t := &table{}
	for {
		fields := strings.SplitN(lines[0], "\t", 3)
		if len(fields) < 3 {
			break
		}
		root, err := strconv.Atoi(fields[1])
		if err != nil {
			break // the first node
		}
		t.releases = append(t.releases, release{fields[0], root, fields[2]})
		lines = lines[1:]
	}
	t.lines, t.nodes = lines, make([]*node, len(lines))
	return t
}

// release returns the newest release that a version is not older than, or else
// the oldest.
func (t *table) release(v kratosconf.Version) release {
	for i := len(t.releases) - 1; i > 0; i-- {
		if v.AtLeast(t.releases[i].since()) {
			return t.releases[i]
		}
	}
	return t.releases[0]
}

// values returns the release's defaults.
func (r release) values() *kratosconf.Value {
	v, err := kratosconf.ParseJSON(source.New("defaults of Kratos "+r.name, []byte(r.defaults)))
	if err != nil {
		return nil
	}
	return v
}

// none is the line of a node that does not exist.
const none = -1

// node is a JSON schema, draft 7.
type node struct {
	never                 bool     // nothing is valid
	types                 []string // none: any
	enum                  []string // as JSON
	format, pattern       string
	minLength, maxLength  int // none: no limit
	minItems              int
	minimum, maximum      string
	unique                bool
	required              []string
	properties            []property
	patterns              []property // by a regular expression
	closed                bool       // no further properties
	additional, items     int
	not                   int
	all, any, one         []int
	cond, then, otherwise int
}

type property struct {
	name string
	node int
}

func (t *table) node(line int) *node {
	if n := t.nodes[line]; n != nil {
		return n
	}
	n := &node{minLength: none, maxLength: none, minItems: none, additional: none, items: none, not: none, cond: none, then: none, otherwise: none}
	t.nodes[line] = n
	for rest := t.lines[line]; rest != ""; {
		var field string
		field, rest, _ = strings.Cut(rest, "\t")
		n.set(field[0], field[2:])
	}
	return n
}

func (n *node) set(key byte, value string) {
	switch key {
	case 'B':
		n.never = true
	case 't':
		n.types = strings.Split(value, ",")
	case 'c':
		n.enum = []string{value}
	case 'e':
		n.enum = strings.Split(strings.Trim(value, "[]"), ",") // the generator makes sure that no value has one
	case 'f':
		n.format = value
	case 'p':
		n.pattern = value
	case 'l':
		n.minLength = number(value)
	case 'L':
		n.maxLength = number(value)
	case 'm':
		n.minimum = value
	case 'M':
		n.maximum = value
	case 'n':
		n.minItems = number(value)
	case 'u':
		n.unique = true
	case 'r':
		n.required = strings.Split(value, ",")
	case 'P':
		for field := range strings.SplitSeq(value, ",") {
			name, line, _ := strings.Cut(field, ":")
			n.properties = append(n.properties, property{name, number(line)})
		}
	case 'R':
		line, pattern, _ := strings.Cut(value, " ")
		n.patterns = append(n.patterns, property{pattern, number(line)})
	default:
		n.setNodes(key, value)
	}
}

// setNodes reads the constraints that name other nodes.
func (n *node) setNodes(key byte, value string) {
	var lines []int
	for line := range strings.SplitSeq(value, ",") {
		lines = append(lines, number(line))
	}
	switch key {
	case 'a':
		n.closed, n.additional = value == "", lines[0]
	case 'i':
		n.items = lines[0]
	case '!':
		n.not = lines[0]
	case '&':
		n.all = lines
	case '|':
		n.any = lines
	case '^':
		n.one = lines
	case '?':
		n.cond = lines[0]
	case '>':
		n.then = lines[0]
	case '<':
		n.otherwise = lines[0]
	}
}

// number reads a number that the generator wrote, none for an empty text.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return none
	}
	return n
}

// property returns the node of a property by its name.
func (n *node) property(name string) (int, bool) {
	for _, p := range n.properties {
		if p.name == name {
			return p.node, true
		}
	}
	return none, false
}

// names returns the names of the properties.
func (n *node) names() []string {
	names := make([]string, len(n.properties))
	for i, p := range n.properties {
		names[i] = p.name
	}
	return names
}
