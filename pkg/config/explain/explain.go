// Package explain finds the cause of an error message and its fix. It knows the
// errors of browsers, Kratos, the sidecar, Android and iOS, and decodes
// credentials. Its knowledge is in table/*.yml, each entry with its source.
package explain

import (
	"regexp"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/input"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Kind is the kind of an input.
type Kind string

// The kinds of input.
const (
	KindRule       Kind = "rule"        // the id of a rule
	KindMessage    Kind = "message"     // an error message
	KindClientData Kind = "client-data" // clientDataJSON
	KindCredential Kind = "credential"  // a PublicKeyCredential as JSON
	KindUnknown    Kind = "unknown"     // no explanation found
)

// Answer is the explanation of an input.
type Answer struct {
	Kind  Kind        `json:"kind"`
	Rule  *Rule       `json:"rule,omitempty"`
	Facts []Fact      `json:"facts,omitempty"` // what was decoded
	Found []Explained `json:"found"`           // best first
	// Config lists the names of the configuration files, "" if there are none.
	Config string `json:"config,omitempty"`
}

// Rule is a rule with its documentation.
type Rule struct {
	ID      string              `json:"id"`
	Prose   string              `json:"prose"`
	Example []rules.ExampleFile `json:"example,omitempty"`
}

// Fact is a decoded value of a credential.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Explained is a message with its causes, likeliest first.
type Explained struct {
	ID     string      `json:"id"`
	Title  string      `json:"title"`
	From   string      `json:"from"`
	Causes []LikeCause `json:"causes"`
	Source string      `json:"source"`
}

// LikeCause is a possible cause. It has proofs if the input or the configuration
// confirms it.
type LikeCause struct {
	Cause
	Proof []string `json:"proof,omitempty"`
}

// Options describe the deployment that an input comes from.
type Options struct {
	// Files are the layers of the configuration; none if it is unknown.
	Files []*source.File
	Lint  lint.Options
	// Rules are the rules of checks other than lint.
	Rules []Rule
}

// maxFound limits how many messages in one text are explained.
const maxFound = 3

// Explain explains an input: text, JSON, or base64url-encoded JSON. It returns an
// error if the configuration cannot be read.
func (t *Table) Explain(input []byte, opts Options) (*Answer, error) {
	config, err := readConfig(opts)
	if err != nil {
		return nil, err
	}
	answer := &Answer{Kind: KindUnknown, Found: []Explained{}, Config: config.name()}
	text := strings.TrimSpace(string(input))
	if answer.Rule = ruleOf(text, opts.Rules); answer.Rule != nil {
		answer.Kind = KindRule
		return answer, nil
	}
	if c := readCeremony([]byte(text)); c != nil {
		answer.Kind = c.kind()
		answer.Facts = c.facts(config)
		if proofs := c.check(config); len(proofs) > 0 {
			answer.Found = append(answer.Found, t.explainCeremony(c, proofs))
		}
		return answer, nil
	}
	text = flatten(text)
	proofs := slices.Concat(devInfo(text), localhost(text), config.proofs(t))
	for _, m := range t.find(text) {
		if len(answer.Found) < maxFound {
			answer.Kind = KindMessage
			answer.Found = append(answer.Found, t.explain(m, proofs))
		}
	}
	return answer, nil
}

func ruleOf(id string, others []Rule) *Rule {
	if doc, ok := rules.DocumentOf(id); ok {
		return &Rule{ID: id, Prose: doc.Prose, Example: doc.Example}
	}
	if i := slices.IndexFunc(others, func(r Rule) bool { return r.ID == id }); i >= 0 {
		return &others[i]
	}
	return nil
}

// proof is evidence for one cause.
type proof struct{ cause, text string }

// explain returns a message with its causes, confirmed ones first.
func (t *Table) explain(m *Message, proofs []proof) Explained {
	e := Explained{ID: m.ID, Title: m.Title, From: m.From, Source: m.Source}
	for _, id := range m.Causes {
		e.Causes = append(e.Causes, t.cause(id, proofs))
	}
	slices.SortStableFunc(e.Causes, func(a, b LikeCause) int {
		return min(len(b.Proof), 1) - min(len(a.Proof), 1)
	})
	return e
}

func (t *Table) cause(id string, proofs []proof) LikeCause {
	c := LikeCause{Cause: t.Causes[id]}
	for _, p := range proofs {
		if p.cause == id && !slices.Contains(c.Proof, p.text) {
			c.Proof = append(c.Proof, p.text)
		}
	}
	return c
}

// explainCeremony returns the causes that a credential itself confirms.
func (t *Table) explainCeremony(c *ceremony, proofs []proof) Explained {
	e := Explained{ID: string(c.kind()), Title: "problems found", From: "the " + c.what(), Source: "WebAuthn Level 3 §5.8.1, §6.1"}
	var ids []string
	for _, p := range proofs {
		if !slices.Contains(ids, p.cause) {
			ids = append(ids, p.cause)
			e.Causes = append(e.Causes, t.cause(p.cause, proofs))
		}
	}
	return e
}

// devInfo parses the message with which go-webauthn rejects an origin.
func devInfo(text string) []proof {
	m := regexp.MustCompile(`(?i)Expected Values: \[([^\]]*)\], Received: ([^\s"\\,}]+)`).FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	return []proof{compareOrigins(strings.Fields(m[1]), m[2])}
}

// localhost finds the rp.id localhost in a message.
func localhost(text string) []proof {
	if regexp.MustCompile(`(?i)rp[ .]?id["': ]+localhost\b`).MatchString(text) {
		return []proof{{"rp-id-left-at-localhost", "the message says that rp.id is localhost"}}
	}
	return nil
}

// config is the configuration that an input is compared with. A nil config has no
// findings.
type config struct {
	findings []finding.Finding
	methods  []*passkeys.Method
	baseURL  string
	names    []string
}

func readConfig(opts Options) (*config, error) {
	if len(opts.Files) == 0 {
		return nil, nil //nolint:nilnil // a nil config is valid
	}
	c := &config{}
	for _, f := range opts.Files {
		c.names = append(c.names, f.Name)
	}
	pass, err := input.Parse(opts.Files, opts.Lint)
	if err != nil {
		return nil, err
	}
	c.methods = pass.Enabled()
	c.baseURL = pass.Get("serve.public.base_url").Text()
	c.findings, err = lint.Run(pass, opts.Lint, rules.All())
	return c, err
}

func (c *config) name() string {
	if c == nil {
		return ""
	}
	return strings.Join(c.names, ", ")
}

// proofs returns lint's findings as evidence for their causes.
func (c *config) proofs(t *Table) []proof {
	if c == nil {
		return nil
	}
	var out []proof
	for _, f := range c.findings {
		text := f.Span.String() + ": " + f.Message + " [" + f.Rule + "]"
		if f.Rule == "rp-id-not-suffix" && f.Span.Text() == "localhost" {
			out = append(out, proof{cause: "rp-id-left-at-localhost", text: text})
			continue
		}
		for id, cause := range t.Causes {
			if slices.Contains(cause.Rules, f.Rule) {
				out = append(out, proof{cause: id, text: text})
			}
		}
	}
	return out
}
