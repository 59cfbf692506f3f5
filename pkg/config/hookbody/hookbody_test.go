package hookbody_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
)

func TestEvaluate(t *testing.T) {
	for _, c := range []struct {
		name   string
		body   string
		sample hookbody.Sample
		want   string
	}{
		{"ids", "function(ctx) { identity_id: ctx.identity.id, flow_id: ctx.flow.id }", hookbody.Sample{Flow: "login"}, hookbody.SampleIdentity},
		{"nil before saving", "function(ctx) ctx.identity.id", hookbody.Sample{Flow: "registration", Parsed: true}, hookbody.NilUUID},
		{"cookies", "function(ctx) ctx", hookbody.Sample{Flow: "settings"}, hookbody.SampleSession},
		{"traits", "function(ctx) ctx.identity.traits.email", hookbody.Sample{Flow: "login", Traits: []string{"email"}}, "sample"},
		{
			"nodes", "function(ctx) [std.parseJson(n.attributes.value) for n in ctx.flow.ui.nodes if n.attributes.name == 'passkey_create_data']",
			hookbody.Sample{Flow: "registration"},
			hookbody.SampleHandle,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, err := hookbody.Evaluate(c.body, c.sample)
			require.NoError(t, err)
			require.Contains(t, text, c.want)
		})
	}
}

func TestEvaluateAll(t *testing.T) {
	login, parsed, settings := hookbody.Sample{Flow: "login"}, hookbody.Sample{Flow: "registration", Parsed: true}, hookbody.Sample{Flow: "settings"}
	got := hookbody.EvaluateAll("function(ctx) std.length(ctx.flow.id) + ctx.identity.id // the end", []hookbody.Sample{login, parsed, settings})
	require.Equal(t, []hookbody.Result{
		{JSON: `"36` + hookbody.SampleIdentity + `"`}, {JSON: `"36` + hookbody.NilUUID + `"`}, {JSON: `"36` + hookbody.SampleIdentity + `"`},
	}, got)

	// One that fails does not hide the others.
	got = hookbody.EvaluateAll("function(ctx) ctx.session.id", []hookbody.Sample{login, settings})
	require.Equal(t, hookbody.Result{JSON: `"` + hookbody.NilUUID + "\"\n"}, got[0])
	var missing *hookbody.Error
	require.ErrorAs(t, got[1].Err, &missing)
	require.Equal(t, "session", missing.MissingField)

	require.Empty(t, hookbody.EvaluateAll("function(ctx) 1", nil))
}

func TestEvaluateErrors(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       hookbody.Error
	}{
		{"syntax", "function(ctx) {", hookbody.Error{Message: "Unexpected: end of file while parsing field definition", Line: 1, Column: 16, Static: true}},
		{"unknown name", "function(ctx) context", hookbody.Error{Message: "Unknown variable: context", Line: 1, Column: 15, Static: true}},
		{"missing", "function(ctx)\n  ctx.identity.credentials", hookbody.Error{Message: "Field does not exist: credentials", Line: 2, Column: 3, MissingField: "credentials"}},
		{"import", "function(ctx) import 'x'", hookbody.Error{Message: `import of "x": Kratos does not support imports`, Line: 1, Column: 15, Static: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := hookbody.Evaluate(c.body, hookbody.Sample{Flow: "login"})
			var got *hookbody.Error
			require.ErrorAs(t, err, &got)
			require.Equal(t, c.want, *got)
		})
	}
}

func TestEvaluateEnds(t *testing.T) {
	_, err := hookbody.Evaluate("function(ctx) std.foldl(function(a, b) a + b, std.range(1, 100000000), 0)", hookbody.Sample{})
	require.ErrorIs(t, err, hookbody.ErrTimeout)
}

// FuzzEvaluate: a body comes back, with the JSON text that it makes or with an error of its own.
func FuzzEvaluate(f *testing.F) {
	f.Add("function(ctx) ctx")
	f.Add("function(ctx) { [k]: ctx[k] for k in std.objectFields(ctx) }")
	f.Fuzz(func(t *testing.T, body string) {
		if len(body) > 200 {
			return
		}
		text, err := hookbody.Evaluate(body, hookbody.Sample{})
		var own *hookbody.Error
		switch {
		case err == nil:
			require.True(t, json.Valid([]byte(text)), "%s", text)
		case !errors.Is(err, hookbody.ErrTimeout):
			require.ErrorAs(t, err, &own)
			require.NotEmpty(t, own.Message)
		}
	})
}

// TestBodiesAreBounded: bodies that do not end cost two seconds, not one each.
func TestBodiesAreBounded(t *testing.T) {
	e := hookbody.NewBodies(hookbody.EvaluateAll)
	samples := []hookbody.Sample{{Flow: "login"}, {Flow: "settings"}}
	endless := func(n int) string {
		return fmt.Sprintf("local f(n) = f(n + %d) tailstrict; function(ctx) {x: f(0)}", n)
	}
	const good = "function(ctx) {id: ctx.flow.id}"
	first := e.Evaluate(good, samples)
	require.NoError(t, first[0].Err)
	began := time.Now()
	for n := range 20 {
		want := hookbody.ErrTimeout
		if n >= 2 {
			want = hookbody.ErrNotEvaluated
		}
		for _, r := range e.Evaluate(endless(n+1), samples) {
			require.ErrorIs(t, r.Err, want)
		}
	}
	require.ErrorIs(t, e.Evaluate(endless(1), samples)[0].Err, hookbody.ErrTimeout, "as it was")
	require.Equal(t, first, e.Evaluate(good, samples), "as it was")
	require.NoError(t, e.Evaluate(good+" ", samples)[0].Err, "a simple body needs no time")
	require.Less(t, time.Since(began), 5*time.Second)
}
