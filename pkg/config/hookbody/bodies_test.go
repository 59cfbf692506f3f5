package hookbody_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
)

// TestSimpleBodies: whatever may take long is left to the Evaluator, which is nil
// here.
func TestSimpleBodies(t *testing.T) {
	samples := []hookbody.Sample{{Flow: "login", Traits: []string{"email"}}}
	for name, body := range map[string]string{
		"ids":            "function(ctx) { identity_id: ctx.identity.id, flow_id: ctx.flow.id }",
		"locals":         "local name = 'x'; function(ctx) local id = ctx.identity; { [name]: id.id, local t = id.traits, mail: t.email }",
		"std":            "function(ctx) if std.objectHas(ctx, 'session') then std.asciiUpper(ctx.session.id) else 'none'",
		"nodes":          "function(ctx) [std.parseJson(n.attributes.value) for n in ctx.flow.ui.nodes if n.attributes.name == 'passkey_create_data']",
		"an object":      "function(ctx) { [k]: ctx[k] for k in std.objectFields(ctx) if k != 'flow' }",
		"text":           "function(ctx) 'id ' + ctx.identity.id + ', flow ' + ctx.flow.id",
		"merged":         "function(ctx) { a: 1 } + { b: 2 } { c: 3 }",
		"no function":    "{ a: 1 }",
		"syntax error":   "function(ctx) {",
		"unknown name":   "function(ctx) context",
		"an import":      "function(ctx) import 'x'",
		"wrong context":  "function(ctx) ctx.nothing",
		"in parentheses": "(function(ctx) ctx.flow.id)",
		"a loop's list":  "function(ctx) [b.value for a in [ctx.flow.ui.nodes] for b in a]",
		"two for":        "function(ctx) [[a, b] for a in [1, 2] for b in [3, 4]]",
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range hookbody.NewBodies(nil).Evaluate(body, samples) {
				require.NotErrorIs(t, r.Err, hookbody.ErrNotEvaluated)
				require.NotErrorIs(t, r.Err, hookbody.ErrTimeout)
			}
		})
	}
	doubled := "local a0 = 'x'; "
	for n := range 40 {
		doubled += strings.NewReplacer("M", string(rune('a'+n/10))+string(rune('0'+n%10)), "N", string(rune('a'+(n+1)/10))+string(rune('0'+(n+1)%10))).Replace("local N = [M, M]; ")
	}
	for name, body := range map[string]string{
		"recursion":           "local f(n) = f(n + 1) tailstrict; function(ctx) { x: f(0) }",
		"a function":          "function(ctx) local f = function(x) x; f(1)",
		"a method":            "function(ctx) { f(x):: x, y: 1 }",
		"an object of itself": "function(ctx) { a: self.b, b: 1 }",
		"its root":            "function(ctx) { a: $.b, b: 1 }",
		"what it extends":     "function(ctx) { a: 1 } + { a: super.a }",
		"plus":                "function(ctx) { a: 1 } + { a+: 1 }",
		"a cycle":             "function(ctx) local a = b, b = a; a",
		"numbers to lists":    "function(ctx) std.range(1, 100000000)",
		"numbers to text":     "function(ctx) std.repeat('x', 100000000)",
		"any std function":    "function(ctx) std.foldl(function(a, b) a + b, ctx, 0)",
		"std by another name": "local s = std; function(ctx) s.range(1, 100000000)",
		"another std":         "local std = { length(x):: 1 }; function(ctx) std.length(1)",
		"std by index":        "function(ctx) std['range'](1, 100000000)",
		"a format":            "function(ctx) '%999999999d' % 1",
		"three for":           "function(ctx) [1 for a in [1] for b in [1] for c in [1]]",
		"nested for":          "function(ctx) [[[1 for a in [1]] for b in [1]] for c in [1]]",
		"doubled lists":       doubled + "function(ctx) e0",
		"doubled text":        "function(ctx) " + strings.Repeat("std.toString([", 40) + "'\"'" + strings.Repeat("])", 40),
		"many plus":           "function(ctx) " + strings.Repeat("1 + ", 21) + "1",
		"a long text":         "function(ctx) '" + strings.Repeat("x", 20_000) + "'",
		"for over long lists": "function(ctx) [[1 for b in a] for a in [[" + strings.Repeat("1,", 2000) + "]" + strings.Repeat(",[1]", 300) + "]]",
		"a hidden local":      "local a = std.range(1, 100000000); local b = a; local a = 1; function(ctx) b",
		"a hidden key":        "local k = std.repeat('x', 100000000); function(ctx) { local k = 'x', [k]: 1 }",
		"a hidden list":       "local a = std.range(1, 100000000); function(ctx) [a for a in a]",
		"an assertion":        "function(ctx) assert true; 1",
		"a default":           "function(ctx, x=std.range(1, 100000000)) x",
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range hookbody.NewBodies(nil).Evaluate(body, samples) {
				require.ErrorIs(t, r.Err, hookbody.ErrNotEvaluated)
			}
		})
	}
}

// TestRemote has another Serve evaluate, and one that ends before it answers.
func TestRemote(t *testing.T) {
	samples := []hookbody.Sample{{Flow: "login"}, {Flow: "settings"}}
	remote := hookbody.Remote(func(request []byte) ([]byte, error) {
		var out bytes.Buffer
		err := hookbody.Serve(bytes.NewReader(request), &out)
		return out.Bytes(), err
	})
	for _, body := range []string{
		"function(ctx) std.length(std.repeat(ctx.flow.id, 2))", "function(ctx) ctx.session.id", "function(ctx) std.range(1, 2)", "function(ctx) {",
	} {
		require.Equal(t, hookbody.EvaluateAll(body, samples), remote(body, samples), body)
	}
	for _, c := range []struct {
		response string
		err      error
	}{{"", errors.New("killed")}, {`[{"Timeout": true}, {"Timeout": true}]`, nil}, {"[{}]", nil}, {"out of memory", nil}} {
		for _, r := range hookbody.Remote(func([]byte) ([]byte, error) { return []byte(c.response), c.err })("function(ctx) 1", samples) {
			require.ErrorIs(t, r.Err, hookbody.ErrTimeout)
		}
	}
	require.Error(t, hookbody.Serve(strings.NewReader("{"), &bytes.Buffer{}))
}
