package orynetwork_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/config/orynetwork"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

func TestCommand(t *testing.T) {
	p := &orynetwork.Project{ID: projectID}
	for name, c := range map[string]struct{ before, after, want string }{
		"nothing": {"a: 1", "a: 1", ""},
		"a text": {
			"rp: {id: Example.com}", "rp: {id: example.com}",
			` \
  --replace '/rp/id="example.com"'`,
		},
		"quotes of the shell and of json": {
			`name: x`, `name: "Bob's \"&\""`,
			` \
  --replace '/name="Bob'\''s \"&\""'`,
		},
		"a list of texts as a whole": {
			"origins: [https://a/, https://b]", "origins: [https://a, https://b, https://c]",
			` \
  --replace '/origins=["https://a","https://b","https://c"]'`,
		},
		"a key more and a key less, additions first": {
			"a: 1\nb: 2\nd/e: x", "b: 2\nc: {d: true}\nd/e: y",
			` \
  --add '/c={"d":true}' \
  --replace '/d~1e="y"' \
  --remove '/a'`,
		},
		"no more of a list of hooks than what changes": {
			"hooks: [{hook: web_hook, config: {auth: secret, url: x}}, {hook: session}]",
			"hooks: [{hook: web_hook, config: {auth: secret, url: y}}, {hook: session}]",
			` \
  --replace '/hooks/0/config/url="y"'`,
		},
		"a hook more": {
			"hooks: [{hook: web_hook, config: {auth: secret}}]", "hooks: [{hook: web_hook, config: {auth: secret}}, {hook: session}]",
			` \
  --add '/hooks/-={"hook":"session"}'`,
		},
		"hooks less, the last first": {
			"hooks: [{hook: a}, {hook: b, config: {auth: secret}}, {hook: c}]", "hooks: [{hook: b, config: {auth: secret}}]",
			` \
  --remove '/hooks/2' \
  --remove '/hooks/0'`,
		},
		"another order": {
			"hooks: [{hook: a}, {hook: b}, {hook: c}]", "hooks: [{hook: c}, {hook: a}]",
			` \
  --replace '/hooks=[{"hook":"c"},{"hook":"a"}]'`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			ops, err := orynetwork.Diff([]byte(c.before), []byte(c.after))
			require.NoError(t, err)
			command, err := p.Command(ops)
			require.NoError(t, err)
			require.Equal(t, "ory patch identity-config "+projectID+c.want+"\n", command)
		})
	}
	_, err := orynetwork.Diff([]byte("a: ["), nil)
	require.EqualError(t, err, "yaml: line 1: did not find expected node content")
}

// TestCommandInAShell lets a shell read the command: the arguments are the
// operations, letter by letter.
func TestCommandInAShell(t *testing.T) {
	p := &orynetwork.Project{ID: projectID}
	command, err := p.Command([]orynetwork.Operation{
		{Op: "add", Path: "/a", Value: "it's $HOME `x` \\ \n !"},
		{Op: "remove", Path: "/b~1'c"},
	})
	require.NoError(t, err)
	script := "ory() { for a in \"$@\"; do printf '%s\\n' \"$a\"; done; }\n" + command
	out, err := exec.Command("sh", "-c", script).Output()
	require.NoError(t, err)
	require.Equal(t, "patch\nidentity-config\n"+projectID+"\n--add\n/a=\"it's $HOME `x` \\\\ \\n !\"\n--remove\n/b~1'c\n", string(out))
}

// apply does what a server does with a JSON patch.
func apply(t *testing.T, doc any, op orynetwork.Operation) any {
	t.Helper()
	var step func(v any, parts []string) any
	step = func(v any, parts []string) any {
		if len(parts) == 0 {
			return op.Value
		}
		part := strings.NewReplacer("~1", "/", "~0", "~").Replace(parts[0])
		switch c := v.(type) {
		case map[string]any:
			if len(parts) == 1 && op.Op == "remove" {
				delete(c, part)
				return c
			}
			c[part] = step(c[part], parts[1:])
			return c
		case []any:
			if part == "-" {
				return append(c, op.Value)
			}
			i, err := strconv.Atoi(part)
			require.NoError(t, err)
			if len(parts) == 1 && op.Op == "remove" {
				return slices.Delete(c, i, i+1)
			}
			c[i] = step(c[i], parts[1:])
			return c
		}
		t.Fatalf("%s leads into a %T", op.Path, v)
		return nil
	}
	if op.Path == "" {
		return op.Value
	}
	return step(doc, strings.Split(op.Path, "/")[1:])
}

// FuzzDiff: the operations make the one document of the other.
func FuzzDiff(f *testing.F) {
	f.Add("a: 1", "a: 2")
	f.Add("a: [1, 2]\nb: {c: d}", "a: [1]\nb: {e/f: [{g: h}]}")
	f.Add("[{a: 1}, {b: 2}, {c: 3}]", "[{b: 2}]")
	f.Add("[{a: 1}, {b: 2}]", "[{a: 1}, {b: 3}, {c: 4}]")
	f.Add("~: 1", "\"\": ~")
	f.Fuzz(func(t *testing.T, before, after string) {
		var a, b any
		if yaml.Unmarshal([]byte(before), &a) != nil || yaml.Unmarshal([]byte(after), &b) != nil {
			return
		}
		want, err := json.Marshal(b)
		if err != nil {
			return // no JSON value
		}
		ops, err := orynetwork.Diff([]byte(before), []byte(after))
		require.NoError(t, err)
		for _, op := range ops {
			a = apply(t, a, op)
		}
		got, err := json.Marshal(a)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), fmt.Sprint(ops))
	})
}

// FuzzPointer: a pointer leads to an existing value.
func FuzzPointer(f *testing.F) {
	f.Add("a:\n  b: [c, d]\n", 2, 9)
	f.Add("a/b: {~c: 1}", 1, 8)
	f.Add("&x a: *x", 1, 7)
	f.Fuzz(func(t *testing.T, text string, line, column int) {
		pointer := orynetwork.Pointer([]byte(text), source.Position{Line: line, Column: column})
		var v any
		if pointer == "" || yaml.Unmarshal([]byte(text), &v) != nil {
			return
		}
		require.True(t, strings.HasPrefix(pointer, "/"), pointer)
	})
}

// TestDocumentRoundTrip: the kratos.yml says what the project's JSON says.
func TestDocumentRoundTrip(t *testing.T) {
	p := fetch(t)
	p.Config["texts"] = []any{"yes", "2001-01-01", "1e3", "~", "a: b", " x ", "0x1f", "line\nand another", "é\u0000"}
	p.Config["number"] = 1e20
	f, err := p.Document()
	require.NoError(t, err)
	var back map[string]any
	require.NoError(t, yaml.Unmarshal(f.Data, &back))
	want, err := json.Marshal(p.Config)
	require.NoError(t, err)
	got, err := json.Marshal(back)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got))
}
