package conformance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ory/jsonschema/v3"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/kratos/conformance"
	"github.com/olympusoss/oly-passkey/pkg/config/catalogue"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestCatalogueAgreesWithKratos writes mutated configurations for each version and
// asks the catalogue and Kratos' own schema, compiled by Kratos' own library, with
// the defaults that Kratos adds: 300 of them, or 3,000 if $OLY_PASSKEY_PROOF is set.
func TestCatalogueAgreesWithKratos(t *testing.T) {
	seed, cases := uint64(20261201), 300
	if os.Getenv("OLY_PASSKEY_PROOF") != "" {
		seed, cases = rand.Uint64(), 3000
	}
	t.Logf("seed %d", seed)
	judges := make([]*judge, len(schemaFiles))
	for i, s := range schemaFiles {
		judges[i] = newJudge(t, s.version, s.file)
	}
	count := make(map[string]int)
	for i := range cases {
		j := judges[i%len(judges)]
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		m := j.mutate(r, j.places[r.IntN(len(j.places))], r.IntN(len(kinds)))
		require.NotNil(t, m)
		j.compare(t, fmt.Sprintf("case %d", i), m, count)
	}
	requireAgreement(t, count)
}

// TestCatalogueAgreesOnEveryKey fills in every key of every version in every way if
// $OLY_PASSKEY_PROOF is set, which takes minutes, and otherwise every 50th.
func TestCatalogueAgreesOnEveryKey(t *testing.T) {
	step := 50
	if os.Getenv("OLY_PASSKEY_PROOF") != "" {
		step = 1
	}
	for _, s := range schemaFiles {
		t.Run(s.version, func(t *testing.T) {
			j, count := newJudge(t, s.version, s.file), make(map[string]int)
			for i, p := range j.places {
				if i%step != 0 {
					continue
				}
				for kind := range kinds {
					j.compare(t, fmt.Sprintf("place %d kind %d", i, kind), j.mutate(rand.New(rand.NewPCG(1, uint64(i))), p, kind), count)
				}
			}
			requireAgreement(t, count)
		})
	}
}

func requireAgreement(t *testing.T, count map[string]int) {
	t.Helper()
	t.Logf("%d accepted and %d rejected by both, %d of the rejected with a message; %d disagreements", count["valid"], count["invalid"], count["told"], count["differ"])
	require.Zero(t, count["differ"])
	require.Positive(t, count["valid"])
	require.Positive(t, count["invalid"])
	require.Equal(t, count["invalid"], count["told"], "rejected without a message")
}

// TestCatalogueAgreesWithTheLoader asks Kratos v1.3.1's whole loader about some of
// the same configurations.
func TestCatalogueAgreesWithTheLoader(t *testing.T) {
	j := newJudge(t, "v1.3.1", "v1.3.1.json")
	rejected := 0
	const cases = 40
	for i := range cases {
		r := rand.New(rand.NewPCG(20261201, uint64(i)))
		m := j.mutate(r, j.places[r.IntN(len(j.places))], r.IntN(len(kinds)))
		data, err := json.Marshal(m)
		require.NoError(t, err)
		name := filepath.Join(t.TempDir(), "kratos.json")
		require.NoError(t, os.WriteFile(name, data, 0o600))
		err = conformance.Validate(t.Context(), name)
		require.Equal(t, err == nil, catalogue.Valid(load(t, data), j.number), "%s\n%v", data, err)
		if err != nil {
			rejected++
		}
	}
	t.Logf("%d accepted, %d rejected", cases-rejected, rejected)
	require.Positive(t, rejected)
}

// judge is Kratos' schema of one version.
type judge struct {
	version  string
	number   kratosconf.Version
	root     map[string]any
	schema   *jsonschema.Schema
	defaults []byte
	places   []place
}

// place is a key of the schema, with "0" for the element of a list.
type place struct {
	path   []string
	schema map[string]any
}

func newJudge(t *testing.T, version, file string) *judge {
	t.Helper()
	data := readSchema(t, file)
	j := &judge{version: version, schema: compileSchema(t, data)}
	var err error
	if j.number, err = kratosconf.ParseVersion(version); err != nil {
		j.number = kratosconf.VersionPolicy
	}
	require.NoError(t, json.Unmarshal(data, &j.root))
	j.defaults, err = json.Marshal(schemaDefaults(t, data))
	require.NoError(t, err)
	j.walk(j.root, nil)
	// The schema of tracing is another document, which changes on its own: the
	// catalogue accepts any object.
	j.places = slices.DeleteFunc(j.places, func(p place) bool { return p.path[0] == "tracing" })
	return j
}

// resolve follows references within the schema; what is elsewhere is an object.
func (j *judge) resolve(schema any) map[string]any {
	m, ok := schema.(map[string]any)
	if !ok {
		return map[string]any{}
	}
	ref, ok := m["$ref"].(string)
	if !ok {
		return m
	}
	if !strings.HasPrefix(ref, "#/") {
		return map[string]any{"type": "object"}
	}
	var target any = j.root
	for part := range strings.SplitSeq(ref[2:], "/") {
		target = target.(map[string]any)[part]
	}
	return j.resolve(target)
}

// walk lists the places of a schema, those of alternatives included.
func (j *judge) walk(schema map[string]any, path []string) {
	below := func(name string) []string { return append(path[:len(path):len(path)], name) }
	if len(path) > 0 {
		j.places = append(j.places, place{path: path, schema: schema})
	}
	props, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(props)) {
		j.walk(j.resolve(props[name]), below(name))
	}
	if items, ok := schema["items"]; ok {
		j.walk(j.resolve(items), below("0"))
	}
	for _, key := range []string{"additionalProperties", "patternProperties"} {
		for _, s := range sub(schema[key]) {
			j.walk(j.resolve(s), below("userinfo"))
		}
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		list, _ := schema[key].([]any)
		for _, s := range list {
			if s := j.resolve(s); s["properties"] != nil && path != nil {
				j.walk(s, path)
			}
		}
	}
}

func sub(v any) []any {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	if m["type"] != nil || m["$ref"] != nil {
		return []any{m}
	}
	var out []any
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[name])
	}
	return out
}

// kinds are the ways to fill in a place.
var kinds = []string{"legal", "wrong type", "broken", "unknown key", "missing", "null", "double", "fuller"}

var texts = []string{
	"abc", "https://auth.example.com/", "24h", "smtps://u:p@mail.example.com:465/", "anna@example.com", "v1.3.1", "1MB", "0123456789abcdef0123456789abcdef", "base64://e30=", "mail.example.com",
}

var broken = []any{
	"", "aal2", "1d", "24", "auth.example.com/login", "no email", ":", "https://*.*.example.com", "0123456789", "web_hook", "session", "true", 0, -1, 70000, 1.5, 4.0, []any{}, map[string]any{}, "a-word-that-is-longer-than-any-limit-of-the-schema", "smtp:/x", "1.3", "http://[::1",
}

// mutate returns a configuration that has a place, filled in as one of kinds says.
func (j *judge) mutate(r *rand.Rand, p place, kind int) map[string]any {
	doc := map[string]any{
		"dsn": "memory", "identity": map[string]any{"schemas": []any{map[string]any{"id": "default", "url": "file://a.json"}}},
		"selfservice": map[string]any{"default_browser_return_url": "https://example.com/"}, "courier": map[string]any{},
	}
	value := j.legal(r, p.schema, 0, kinds[kind] == "fuller")
	switch kinds[kind] {
	case "wrong type":
		value = []any{"text", 7, true, []any{"x"}, map[string]any{"x": "y"}, 1.5}[r.IntN(6)]
	case "broken":
		value = broken[r.IntN(len(broken))]
	case "unknown key":
		if m, ok := value.(map[string]any); ok {
			m[[]string{"zz", "hook", "enabled", "type"}[r.IntN(4)]] = "x"
		}
	case "missing":
		if m, ok := value.(map[string]any); ok && len(m) > 0 {
			delete(m, slices.Sorted(maps.Keys(m))[r.IntN(len(m))])
		}
	case "null":
		value = nil
	case "double":
		if list, ok := value.([]any); ok && len(list) > 0 {
			value = append(slices.Clone(list), list[0])
		}
	}
	out := j.put(r, j.root, doc, p.path, value)
	// Methods and flows that are enabled have conditions.
	if len(p.path) > 3 && p.path[0] == "selfservice" && r.IntN(2) == 0 {
		if m, ok := dig(out, p.path[:3]).(map[string]any); ok {
			m["enabled"] = r.IntN(4) > 0
		}
	}
	return out.(map[string]any)
}

func dig(v any, path []string) any {
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// put sets a value, and fills in what the maps on the way require.
func (j *judge) put(r *rand.Rand, schema map[string]any, doc any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	next := j.below(schema, path[0])
	if path[0] == "0" {
		return []any{j.put(r, next, j.filled(r, next, path[1:]), path[1:], value)}
	}
	m, ok := doc.(map[string]any)
	if !ok {
		m = map[string]any{}
	}
	have, ok := m[path[0]].(map[string]any)
	if !ok {
		have, _ = j.filled(r, next, path[1:]).(map[string]any)
	}
	m[path[0]] = j.put(r, next, have, path[1:], value)
	return m
}

// filled is a legal value that a path can lead through.
func (j *judge) filled(r *rand.Rand, schema map[string]any, path []string) any {
	for range 8 {
		v := j.legal(r, schema, 0, false)
		if m, ok := v.(map[string]any); ok && (len(path) == 0 || j.leads(schema, m, path[0])) {
			return m
		}
	}
	return map[string]any{}
}

// leads reports whether an alternative that a map was made for has a key.
func (j *judge) leads(schema map[string]any, m map[string]any, name string) bool {
	for _, key := range []string{"anyOf", "oneOf"} {
		list, _ := schema[key].([]any)
		for _, s := range list {
			s := j.resolve(s)
			props, _ := s["properties"].(map[string]any)
			hook, _ := j.resolve(props["hook"])["const"].(string)
			if hook != "" && hook == m["hook"] {
				return props[name] != nil
			}
		}
	}
	return true
}

func (j *judge) below(schema map[string]any, name string) map[string]any {
	if name == "0" {
		return j.resolve(schema["items"])
	}
	if props, ok := schema["properties"].(map[string]any); ok && props[name] != nil {
		return j.resolve(props[name])
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		list, _ := schema[key].([]any)
		for _, s := range list {
			if props, ok := j.resolve(s)["properties"].(map[string]any); ok && props[name] != nil {
				return j.resolve(props[name])
			}
		}
	}
	for _, s := range append(sub(schema["additionalProperties"]), sub(schema["patternProperties"])...) {
		return j.resolve(s)
	}
	return map[string]any{}
}

// legal is a value that a schema most likely accepts, with a few optional keys if
// it is to be fuller.
func (j *judge) legal(r *rand.Rand, schema map[string]any, depth int, fuller bool) any {
	schema = j.resolve(schema)
	if c, ok := schema["const"]; ok {
		return c
	}
	if enum, ok := schema["enum"].([]any); ok {
		return enum[r.IntN(len(enum))]
	}
	var out map[string]any
	for _, key := range []string{"anyOf", "oneOf"} {
		if list, ok := schema[key].([]any); ok {
			v := j.legal(r, j.resolve(list[r.IntN(len(list))]), depth+1, fuller)
			m, ok := v.(map[string]any)
			if !ok {
				return v
			}
			out = m
		}
	}
	kind, _ := schema["type"].(string)
	if kind == "" && (schema["properties"] != nil || out != nil) {
		kind = "object"
	}
	switch kind {
	case "object":
		if out == nil {
			out = map[string]any{}
		}
		props, _ := schema["properties"].(map[string]any)
		required, _ := schema["required"].([]any)
		for _, name := range slices.Sorted(maps.Keys(props)) {
			needed := slices.Contains(required, any(name))
			if out[name] == nil && (needed || fuller && depth < 4 && r.IntN(4) == 0) {
				out[name] = j.legal(r, j.resolve(props[name]), depth+1, fuller)
			}
		}
		if key := "userinfo"; fuller && len(props) == 0 {
			for _, s := range append(sub(schema["additionalProperties"]), sub(schema["patternProperties"])...) {
				out[key] = j.legal(r, j.resolve(s), depth+1, fuller)
			}
		}
		return out
	case "array":
		return []any{j.legal(r, j.resolve(schema["items"]), depth+1, fuller)}
	case "boolean":
		return r.IntN(2) == 0
	case "integer", "number":
		if low, ok := schema["minimum"].(float64); ok {
			return low
		}
		return 5
	}
	return j.text(r, schema)
}

func (j *judge) text(r *rand.Rand, schema map[string]any) string {
	pattern, _ := schema["pattern"].(string)
	format, _ := schema["format"].(string)
	low, _ := schema["minLength"].(float64)
	high, ok := schema["maxLength"].(float64)
	if !ok {
		high = 1000
	}
	start := r.IntN(len(texts))
	for i := range texts {
		s := texts[(start+i)%len(texts)]
		fits := float64(len(s)) >= low && float64(len(s)) <= high && (pattern == "" || regexp.MustCompile(pattern).MatchString(s))
		if check := jsonschema.Formats[format]; fits && (check == nil || check(s)) {
			return s
		}
	}
	return "abc"
}

// compare asks both, and counts.
func (j *judge) compare(t *testing.T, name string, doc map[string]any, count map[string]int) {
	t.Helper()
	data, err := json.Marshal(doc)
	require.NoError(t, err)
	var merged, over any
	require.NoError(t, json.Unmarshal(j.defaults, &merged))
	require.NoError(t, json.Unmarshal(data, &over))
	whole, err := json.Marshal(lay(merged, over))
	require.NoError(t, err)
	verdict := j.schema.Validate(strings.NewReader(string(whole)))
	config := load(t, data)
	ours := catalogue.Valid(config, j.number)
	var problems []catalogue.Problem
	if verdict != nil || !ours {
		problems = catalogue.Check(config, j.number)
	}
	switch {
	case ours != (verdict == nil):
		count["differ"]++
		if count["differ"] <= 10 {
			t.Errorf("%s, Kratos %s: catalogue says valid: %t %v\n%s\nKratos says %#v", name, j.version, ours, messages(problems), data, verdict)
		}
	case verdict == nil:
		count["valid"]++
	default:
		count["invalid"]++
		if len(problems) > 0 {
			count["told"]++
		} else if count["invalid"]-count["told"] <= 5 {
			t.Logf("%s, Kratos %s: no message\n%s\nKratos says %#v", name, j.version, data, verdict)
		}
	}
}

func messages(problems []catalogue.Problem) []string {
	var out []string
	for i, p := range problems {
		out = append(out, strconv.Itoa(i)+": "+p.Message)
	}
	return out
}

// lay merges maps as Kratos' loader does.
func lay(base, over any) any {
	b, ok := base.(map[string]any)
	o, okOver := over.(map[string]any)
	if !ok || !okOver {
		return over
	}
	for name, v := range o {
		if have, ok := b[name]; ok {
			v = lay(have, v)
		}
		b[name] = v
	}
	return b
}

func load(t *testing.T, data []byte) *kratosconf.Config {
	t.Helper()
	doc, err := kratosconf.Parse(source.New("kratos.json", data), kratosconf.ParseOptions{Rendered: true})
	require.NoError(t, err)
	config, err := kratosconf.Load([]*kratosconf.Document{doc}, nil)
	require.NoError(t, err)
	return config
}
