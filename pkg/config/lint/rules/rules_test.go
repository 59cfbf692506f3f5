package rules_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/lint/rules"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/report"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

var update = flag.Bool("update", false, "rewrite the expected findings and fixed files of the cases")

// example is a folder of a rule's .txtar: files, optional arguments, and the
// expected findings of the rule.
type example struct {
	name  string
	files map[string]string
	order []string // of the files in the archive
}

const (
	wantFile  = "want"
	argsFile  = "args"
	fixedPart = "fixed/"
	// What --fix=suggested would make of the files.
	suggestedPart = "suggested/"
)

func readExamples(t *testing.T, path string) (*txtar.Archive, []*example) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	require.NoError(t, err)
	var out []*example
	for _, f := range archive.Files {
		folder, name, ok := strings.Cut(f.Name, "/")
		require.True(t, ok, "%s: file %q is in no folder", path, f.Name)
		if len(out) == 0 || out[len(out)-1].name != folder {
			out = append(out, &example{name: folder, files: make(map[string]string)})
		}
		e := out[len(out)-1]
		e.files[name] = string(f.Data)
		e.order = append(e.order, name)
	}
	return archive, out
}

// config parses the example's arguments: -c FILE, --domain, --profile,
// --kratos-version, --env NAME=VALUE. By default every .yml and .json that is
// not a schema is a layer, in order.
func (e *example) config(t *testing.T) ([]*source.File, lint.Options) {
	t.Helper()
	opts := lint.Options{}
	opts.Schemas.Read = func(name string) (*source.File, error) {
		if text, ok := e.files[name]; ok {
			return source.New(name, []byte(text)), nil
		}
		return nil, errors.New("no such file")
	}
	var names, env []string
	lines := strings.ReplaceAll(strings.TrimSpace(e.files[argsFile]), " --", "\n--")
	for line := range strings.Lines(lines) {
		flag, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch flag {
		case "-c":
			names = append(names, value)
		case "--domain":
			page, err := webauthn.ParsePage(value)
			require.NoError(t, err)
			opts.Domains = append(opts.Domains, page)
		case "--baseline":
			opts.Baseline = append(opts.Baseline, source.New(value, []byte(e.files[value])))
		case "--related-origins":
			opts.Related = &webauthn.Document{Status: 200, ContentType: "application/json", Body: []byte(e.files[value])}
			opts.RelatedFile = source.New(value, []byte(e.files[value]))
		case "--profile":
			profile, ok := passkeys.ParseProfile(value)
			require.True(t, ok, value)
			opts.Profile = profile
		case "--kratos-version":
			version, err := kratosconf.ParseVersion(value)
			require.NoError(t, err)
			opts.Version = version
		case "--env":
			env = append(env, value)
		default:
			t.Fatalf("case %q: unknown argument %q", e.name, flag)
		}
	}
	opts.Env = kratosconf.Environ(env)
	if len(names) == 0 {
		for _, name := range e.order {
			if ext := filepath.Ext(name); (ext == ".yml" || ext == ".json") && !strings.Contains(name, "schema") && !isExpected(name) {
				names = append(names, name)
			}
		}
	}
	require.NotEmpty(t, names, "case %q has no configuration", e.name)
	var files []*source.File
	for _, name := range names {
		text, ok := e.files[name]
		require.True(t, ok, "case %q has no file %q", e.name, name)
		files = append(files, source.New(name, []byte(text)))
	}
	return files, opts
}

func (e *example) check(t *testing.T) []finding.Finding {
	t.Helper()
	files, opts := e.config(t)
	findings, err := lint.Check(files, opts, rules.All())
	require.NoError(t, err)
	return findings
}

func only(findings []finding.Finding, id string) []finding.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f finding.Finding) bool { return f.Rule != id })
}

// isExpected reports whether a file is an expected result.
func isExpected(name string) bool {
	return name == wantFile || strings.HasPrefix(name, fixedPart) || strings.HasPrefix(name, suggestedPart)
}

func safe(f finding.Finding) []source.Edit { return f.Fix }

func suggested(f finding.Finding) []source.Edit {
	if len(f.Fix) > 0 {
		return nil
	}
	return f.Suggest
}

// repaired applies the findings' edits that do not overlap, and returns the changed
// files.
func (e *example) repaired(findings []finding.Finding, pick func(finding.Finding) []source.Edit) map[string]string {
	edits := make(map[string][]source.Edit)
	files := make(map[string]*source.File)
	out := make(map[string]string)
	for _, f := range findings {
		tried := make(map[string][]source.Edit)
		for _, edit := range pick(f) {
			name := edit.Span.File.Name
			if files[name] == nil {
				files[name] = source.New(name, []byte(e.files[name])) // of which a part may have been read on its own
			}
			edit.Span.File = files[name]
			tried[name] = append(tried[name], edit)
		}
		texts := make(map[string]string)
		for name, list := range tried {
			text, err := source.Apply(files[name], slices.Concat(edits[name], list))
			if err != nil {
				break
			}
			texts[name] = string(text)
		}
		if len(texts) < len(tried) {
			continue
		}
		for name, list := range tried {
			edits[name] = append(edits[name], list...)
			out[name] = texts[name]
		}
	}
	return out
}

// TestExamples runs each rule on the cases of its document.
func TestExamples(t *testing.T) {
	for _, rule := range rules.All() {
		path := strings.ReplaceAll(rule.ID, "-", "_") + ".txtar"
		archive, examples := readExamples(t, path)
		require.NotEmpty(t, strings.TrimSpace(string(archive.Comment)), "%s does not say why the rule exists", path)
		triggers, silent := 0, 0
		var updated []txtar.File
		for _, e := range examples {
			t.Run(rule.ID+"/"+e.name, func(t *testing.T) {
				findings := only(e.check(t), rule.ID)
				if len(findings) > 0 {
					triggers++
				} else {
					silent++
				}
				var text bytes.Buffer
				require.NoError(t, report.Text(&text, findings))
				made := make(map[string]string)
				for name, text := range e.repaired(findings, safe) {
					made[fixedPart+name] = text
				}
				for name, text := range e.repaired(findings, suggested) {
					made[suggestedPart+name] = text
				}
				if *update {
					updated = append(updated, e.updated(text.String(), made)...)
					return
				}
				require.Equal(t, e.files[wantFile], text.String())
				shown := make(map[string]string)
				for name, text := range e.files {
					if isExpected(name) && name != wantFile {
						shown[name] = text
					}
				}
				require.Equal(t, shown, made)
			})
			t.Run(rule.ID+"/"+e.name+"/fixed", func(t *testing.T) {
				e.leavesNothing(t, rule, safe)
				e.leavesNothing(t, rule, suggested)
			})
		}
		require.Positive(t, triggers, "%s has no case that triggers", path)
		require.Positive(t, silent, "%s has no case that does not trigger", path)
		if *update {
			archive.Files = updated
			require.NoError(t, os.WriteFile(path, txtar.Format(archive), 0o600))
		}
	}
}

// leavesNothing applies the edits and lints again: findings with edits are
// gone, and there are no new findings.
func (e *example) leavesNothing(t *testing.T, rule *lint.Rule, pick func(finding.Finding) []source.Edit) {
	t.Helper()
	before := e.check(t)
	changed := e.repaired(only(before, rule.ID), pick)
	if len(changed) == 0 {
		return
	}
	after := &example{name: e.name, files: make(map[string]string), order: e.order}
	for name, text := range e.files {
		after.files[name] = text
	}
	for name, text := range changed {
		after.files[name] = text
	}
	again := after.check(t)
	require.Empty(t, after.repaired(only(again, rule.ID), pick), "%s/%s: something is left to fix", rule.ID, e.name)
	for _, f := range again {
		if f.Severity == finding.Info {
			continue // a remark that was of no use before
		}
		known := slices.ContainsFunc(before, func(g finding.Finding) bool { return g.Rule == f.Rule })
		require.True(t, known, "%s/%s: the fix brings %s: %s", rule.ID, e.name, f.Rule, f.Message)
	}
}

// updated returns a case's files with the current findings and fixed files.
func (e *example) updated(want string, made map[string]string) []txtar.File {
	var out []txtar.File
	for _, name := range e.order {
		if !isExpected(name) {
			out = append(out, txtar.File{Name: e.name + "/" + name, Data: []byte(e.files[name])})
		}
	}
	out = append(out, txtar.File{Name: e.name + "/" + wantFile, Data: []byte(want)})
	for _, part := range []string{fixedPart, suggestedPart} {
		for _, name := range e.order {
			if text, ok := made[part+name]; ok {
				out = append(out, txtar.File{Name: e.name + "/" + part + name, Data: []byte(text)})
			}
		}
	}
	return out
}

// setup loads a case's files, some of which may have changed.
func (e *example) setup(t *testing.T, changed map[string]string) *passkeys.Config {
	t.Helper()
	after := &example{name: e.name, files: make(map[string]string), order: e.order}
	for name, text := range e.files {
		after.files[name] = text
	}
	for name, text := range changed {
		after.files[name] = text
	}
	files, opts := after.config(t)
	p, unreadable, err := lint.Load(files, opts)
	require.NoError(t, err)
	require.Empty(t, unreadable)
	return p
}

// TestNoFixDoesHarm checks the fixed and suggested files of every case against
// the register of harm, for each rule and for all rules together.
func TestNoFixDoesHarm(t *testing.T) {
	paths, err := filepath.Glob("*.txtar")
	require.NoError(t, err)
	shown := 0
	for _, path := range paths {
		_, examples := readExamples(t, path)
		for _, e := range examples {
			for _, part := range []string{fixedPart, suggestedPart} {
				changed := make(map[string]string)
				for name, text := range e.files {
					if base, ok := strings.CutPrefix(name, part); ok {
						changed[base] = text
					}
				}
				files, opts := e.config(t)
				repair, err := lint.Fix(files, opts, rules.All(), part == suggestedPart)
				require.NoError(t, err)
				together := make(map[string]string)
				for _, r := range repair.Changed {
					together[r.Name] = string(r.After)
				}
				for _, changed := range []map[string]string{changed, together} {
					if len(changed) > 0 {
						shown++
						require.Empty(t, lint.Harm(e.setup(t, nil), e.setup(t, changed)), "%s/%s: %s", path, e.name, part)
					}
				}
			}
		}
	}
	require.Greater(t, shown, 100)
}

// TestEveryRuleHasItsDocument also detects file names that Go treats as build
// constraints.
func TestEveryRuleHasItsDocument(t *testing.T) {
	var want []string
	seen := make(map[string]bool)
	for _, r := range rules.All() {
		require.False(t, seen[r.ID], "rule %s is listed twice", r.ID)
		seen[r.ID] = true
		require.NotZero(t, r.Severity, r.ID)
		require.NotNil(t, r.Check, r.ID)
		base := strings.ReplaceAll(r.ID, "-", "_")
		require.FileExists(t, base+".go")
		want = append(want, base+".txtar")
	}
	require.True(t, slices.IsSorted(want), "the list of rules is in alphabetical order")
	got, err := filepath.Glob("*.txtar")
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// TestEveryRuleOverEveryExample lints all cases with all rules: every finding
// has a place inside its file, and a message and a help in the project's style.
func TestEveryRuleOverEveryExample(t *testing.T) {
	paths, err := filepath.Glob("*.txtar")
	require.NoError(t, err)
	for _, path := range paths {
		_, examples := readExamples(t, path)
		for _, e := range examples {
			requireSound(t, e.check(t))
		}
	}
}

func requireSound(t *testing.T, findings []finding.Finding) {
	t.Helper()
	for _, f := range findings {
		require.NotNil(t, f.Span.File, f.Message)
		require.LessOrEqual(t, f.Span.Start, f.Span.End, f.Message)
		require.LessOrEqual(t, f.Span.End, len(f.Span.File.Data), f.Message)
		require.NotEmpty(t, f.Message)
		require.NotEmpty(t, f.Help, f.Message)
		require.False(t, strings.HasSuffix(f.Message, "."), f.Message)
		require.NotContains(t, f.Message, "\n")
		require.Contains(t, []finding.Severity{finding.Info, finding.Warning, finding.Error}, f.Severity)
	}
}

// FuzzRules runs every rule over mutated configurations.
func FuzzRules(f *testing.F) {
	paths, err := filepath.Glob("*.txtar")
	require.NoError(f, err)
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		require.NoError(f, err)
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, ".yml") {
				f.Add(string(file.Data))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			return
		}
		opts := lint.Options{}
		opts.Schemas.Read = func(string) (*source.File, error) { return nil, errors.New("no such file") }
		findings, err := lint.Check([]*source.File{source.New("kratos.yml", []byte(text))}, opts, rules.All())
		require.NoError(t, err)
		requireSound(t, findings)
	})
}

// TestBodyWithoutEnd is not a case of its rule, because each run takes a
// second.
func TestBodyWithoutEnd(t *testing.T) {
	body := base64.StdEncoding.EncodeToString([]byte("function(ctx) std.foldl(function(a, b) a + b, std.range(1, 100000000), 0)"))
	text := `selfservice:
  flows: {login: {after: {passkey: {hooks: [{hook: web_hook, config: {url: "https://x.example.com/", method: POST, body: "base64://` + body + `"}}]}}}}
  methods: {passkey: {enabled: true, config: {rp: {id: example.com, display_name: E, origins: ["https://example.com"]}}}}
`
	findings, err := lint.Check([]*source.File{source.New("kratos.yml", []byte(text))}, lint.Options{Bodies: hookbody.NewBodies(hookbody.EvaluateAll)}, rules.All())
	require.NoError(t, err)
	found := only(findings, "hook-jsonnet-invalid")
	require.Len(t, found, 1)
	require.Equal(t, "the body takes longer than the second that Kratos allows: the flow fails with HTTP 500", found[0].Message)
}
