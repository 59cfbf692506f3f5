package kratosconf_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestEnvironKeepsWhatFits: a variable counts if its name corresponds to a key with at
// most one index. If there are two, configx replaces the first by the last, and sjson
// sets nothing at the remaining path with "#".
func TestEnvironKeepsWhatFits(t *testing.T) {
	vars := kratosconf.Environ([]string{
		"DSN=a=b", "PATH=/bin", "DSN", "=x", "", "SESSION_WHOAMI_REQUIRED__AAL=aal1", "SESSION_WHOAMI_REQUIRED_AAL=aal1",
		"IDENTITY_SCHEMAS_12_URL=u", "IDENTITY_SCHEMAS__URL=u", "IDENTITY_SCHEMAS_X_URL=u", "IDENTITY_SCHEMAS_1_URLS=u", "DSN_=x", "DS=x", "DS_=x", "DSNX=x", "SESSION_WHOAMI_REQUIREDXAAL=x",
		"SELFSERVICE-METHODS-PASSKEY-ENABLED=true", "selfservice_methods_Passkey_Enabled=true",
		"SELFSERVICE_METHODS_OIDC_CONFIG_PROVIDERS_3_SCOPE=email", "SELFSERVICE_METHODS_OIDC_CONFIG_PROVIDERS_3_SCOPE_5=email",
	})
	got := map[string]string{}
	for _, v := range vars {
		got[v.Name] = v.Path() + "=" + v.Value
		require.Equal(t, v.Value, v.Span.Text())
		require.Equal(t, "$"+v.Name+":1:1", v.Span.String())
	}
	require.Equal(t, map[string]string{
		"DSN":                                 "dsn=a=b",
		"SESSION_WHOAMI_REQUIRED_AAL":         "session.whoami.required_aal=aal1",
		"IDENTITY_SCHEMAS_12_URL":             "identity.schemas.12.url=u",
		"selfservice_methods_Passkey_Enabled": "selfservice.methods.passkey.enabled=true",
		"SELFSERVICE_METHODS_OIDC_CONFIG_PROVIDERS_3_SCOPE": "selfservice.methods.oidc.config.providers.3.scope=email",
	}, got)
	require.Empty(t, kratosconf.Variable{Name: "NOTHING"}.Path())
	c, err := kratosconf.Load(nil, []kratosconf.Variable{{Name: "NOTHING"}, {Name: ""}})
	require.NoError(t, err)
	require.Empty(t, c.Env)
	require.Nil(t, c.Root)
}

func TestVariableTypes(t *testing.T) {
	for name, want := range map[string][2]bool{
		"SELFSERVICE_METHODS_PASSKEY_ENABLED":           {true, false},
		"SELFSERVICE_METHODS_PASSKEY_CONFIG_RP_ORIGINS": {false, true},
		"DSN":     {},
		"NOTHING": {},
	} {
		v := kratosconf.Variable{Name: name}
		require.Equal(t, want, [2]bool{v.IsBool(), v.IsList()}, name)
	}
}

// TestVariablesAreConverted as spf13/cast does for the type of their key.
func TestVariablesAreConverted(t *testing.T) {
	for _, tc := range []struct{ name, value, path, want string }{
		{"SELFSERVICE_METHODS_PASSKEY_ENABLED", "t", "selfservice.methods.passkey.enabled", "boolean true"},
		{"SELFSERVICE_METHODS_PASSKEY_ENABLED", "0", "selfservice.methods.passkey.enabled", "boolean false"},
		{"SELFSERVICE_METHODS_PASSKEY_ENABLED", "on", "selfservice.methods.passkey.enabled", "boolean false"},
		{"COURIER_MESSAGE_RETRIES", "12", "courier.message_retries", "integer 12"},
		{"COURIER_MESSAGE_RETRIES", "010", "courier.message_retries", "integer 8"},
		{"COURIER_MESSAGE_RETRIES", "0x10", "courier.message_retries", "integer 16"},
		{"COURIER_MESSAGE_RETRIES", "7.00", "courier.message_retries", "integer 7"},
		{"COURIER_MESSAGE_RETRIES", "7.", "courier.message_retries", "integer 0"},
		{"COURIER_MESSAGE_RETRIES", "7.10", "courier.message_retries", "integer 0"},
		{"COURIER_MESSAGE_RETRIES", "99999999999999999999", "courier.message_retries", "integer 0"},
		{"COURIER_MESSAGE_RETRIES", "x", "courier.message_retries", "integer 0"},
		{"TRACING_PROVIDERS_JAEGER_SAMPLING_TRACE_ID_RATIO", "0.50", "tracing.providers.jaeger.sampling.trace_id_ratio", "number 0.5"},
		{"TRACING_PROVIDERS_JAEGER_SAMPLING_TRACE_ID_RATIO", "1e400", "tracing.providers.jaeger.sampling.trace_id_ratio", "number 0"},
		{"TRACING_PROVIDERS_JAEGER_SAMPLING_TRACE_ID_RATIO", "x", "tracing.providers.jaeger.sampling.trace_id_ratio", "number 0"},
		{"COOKIES", `{"domain":"x"}`, "cookies.domain", "string x"},
		{"COOKIES", `"x"`, "cookies", "null "},
		{"COOKIES", `{`, "cookies", "null "},
		{"COOKIES", `{"domain":["x"]}`, "cookies.domain.0", "string x"},
		{"SECRETS_DEFAULT", `"x`, "secrets.default", "null "},
		{"SECRETS_DEFAULT", `"x"`, "secrets.default", "null "},
		{"SECRETS_DEFAULT", `["x", "y"]`, "secrets.default.1", "string y"},
		{"SECRETS_DEFAULT", "x,\"y,z\"\nsecond", "secrets.default.1", "string y,z"},
		{"TRACING_PROVIDERS_JAEGER_SAMPLING_TRACE_ID_RATIO", "0.123456789012", "tracing.providers.jaeger.sampling.trace_id_ratio", "number 0.123456789012"},
		{"COURIER_MESSAGE_RETRIES", "00", "courier.message_retries", "integer 0"},
		{"COURIER_MESSAGE_RETRIES", "1_0", "courier.message_retries", "integer 10"},
	} {
		c, err := kratosconf.Load(nil, kratosconf.Environ([]string{tc.name + "=" + tc.value}))
		require.NoError(t, err)
		v := c.Get(tc.path)
		require.True(t, v.Exists(), "%s=%s", tc.name, tc.value)
		require.Equal(t, tc.want, v.Kind.String()+" "+v.Str, "%s=%s", tc.name, tc.value)
		require.Equal(t, tc.name, v.Env)
		require.Equal(t, "$"+tc.name+":1:1", v.Span.String())
		require.Equal(t, tc.value, v.Span.Text(), "the place of all of it is the variable")
		require.True(t, v.Key.IsZero())
	}
}

// TestOverlays: what the environment does to files, as sjson does it.
func TestOverlays(t *testing.T) {
	for name, tc := range map[string]struct {
		file string
		env  []string
		want string // JSON, or the error
	}{
		"nothing":            {"dsn: x", nil, `{"dsn":"x"}`},
		"no file":            {"", []string{"DSN=x"}, `{"dsn":"x"}`},
		"a new branch":       {"dsn: x", []string{"SERVE_PUBLIC_BASE_URL=u"}, `{"dsn":"x","serve":{"public":{"base_url":"u"}}}`},
		"through a null":     {"serve:", []string{"SERVE_PUBLIC_BASE_URL=u"}, `{"serve":{"public":{"base_url":"u"}}}`},
		"through a number":   {"serve: 1", []string{"SERVE_PUBLIC_BASE_URL=u"}, `{"serve":{"public":{"base_url":"u"}}}`},
		"through a text":     {"serve: t", []string{"SERVE_PUBLIC_BASE_URL=u"}, `{"serve":{"public":{"base_url":"u"}}}`},
		"through a template": {"serve: 't[0]'", []string{"SERVE_PUBLIC_BASE_URL=u"}, `environment variable "SERVE_PUBLIC_BASE_URL" sets a part of "serve", which is a string; kratos does not start`},
		"through a brace":    {"serve: '{'", []string{"SERVE_PUBLIC_BASE_URL=u"}, `environment variable "SERVE_PUBLIC_BASE_URL" sets a part of "serve", which is a string; kratos does not start`},
		"a new list":         {"", []string{"IDENTITY_SCHEMAS_1_ID=b"}, `{"identity":{"schemas":[null,{"id":"b"}]}}`},
		"two of a list":      {"", []string{"IDENTITY_SCHEMAS_0_ID=a", "IDENTITY_SCHEMAS_1_ID=b", "IDENTITY_SCHEMAS_0_URL=u"}, `{"identity":{"schemas":[{"id":"a","url":"u"},{"id":"b"}]}}`},
		"beside a list":      {"identity: {schemas: [{id: a}, {id: b}]}", []string{"IDENTITY_SCHEMAS_1_URL=u"}, `{"identity":{"schemas":[null,{"id":"b","url":"u"}]}}`},
		"the longest list":   {"", []string{"SECRETS_DEFAULT_10000=x"}, `environment variable "SECRETS_DEFAULT_10000" sets element "10000" of a list`},
		"a huge index":       {"", []string{"SECRETS_DEFAULT_99999999999999999999=x"}, `environment variable "SECRETS_DEFAULT_99999999999999999999" sets element "99999999999999999999" of a list`},
		"a list in a text":   {"secrets: '['", []string{"SECRETS_DEFAULT=a"}, `environment variable "SECRETS_DEFAULT" sets a part of "secrets", which is a string; kratos does not start`},
		"a name in a list":   {"identity: [x]", []string{"IDENTITY_DEFAULT_SCHEMA_ID=a"}, `environment variable "IDENTITY_DEFAULT_SCHEMA_ID" sets element "default_schema_id" of a list`},
		"an empty object":    {"cookies: {domain: x}", []string{"COOKIES={}"}, `{"cookies":{"domain":"x"}}`},
		"an object":          {"cookies: {domain: x, path: y}", []string{`COOKIES={"domain":"z"}`}, `{"cookies":{"domain":"z","path":"y"}}`},
		"null over a map":    {"cookies: {domain: x}", []string{`COOKIES=1`}, `{"cookies":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			var docs []*kratosconf.Document
			if tc.file != "" {
				docs = append(docs, parse(t, "x.yml", tc.file))
			}
			c, err := kratosconf.Load(docs, kratosconf.Environ(tc.env))
			if err != nil {
				require.EqualError(t, err, tc.want)
				return
			}
			got, err := json.Marshal(plain(c.Root))
			require.NoError(t, err)
			require.Equal(t, tc.want, string(got))
			if tc.file != "" {
				again, err := json.Marshal(plain(docs[0].Root))
				require.NoError(t, err)
				fresh, err := json.Marshal(plain(parse(t, "x.yml", tc.file).Root))
				require.NoError(t, err)
				require.Equal(t, string(fresh), string(again), "the file's own values are left alone")
			}
		})
	}
	c, err := kratosconf.Load(nil, kratosconf.Environ([]string{"SECRETS_DEFAULT_9999=x"}))
	require.NoError(t, err)
	require.Len(t, c.Get("secrets.default").Items(), 10000)
	require.Equal(t, "SECRETS_DEFAULT_9999", c.Get("secrets.default.0").Env, "what fills up comes from it as well")
}

// TestWhatOverlaysHide: a value knows what it overrides and the position of its key.
func TestWhatOverlaysHide(t *testing.T) {
	d := parse(t, "x.yml", "cookies:\n  domain: a\nidentity: {schemas: [{id: a}]}\n")
	c, err := kratosconf.Load([]*kratosconf.Document{d}, kratosconf.Environ([]string{"COOKIES_DOMAIN=b", "IDENTITY_SCHEMAS_0_ID=c", "IDENTITY_SCHEMAS_2_ID=d"}))
	require.NoError(t, err)
	require.Equal(t, "x.yml:2:11", c.Get("cookies.domain").Overrode.Span.String())
	require.Equal(t, "x.yml:2:3", c.Get("cookies.domain").Key.String())
	require.Nil(t, c.Get("cookies").Overrode, "the map itself is the file's")
	require.Equal(t, "x.yml:1:1", c.Get("cookies").Place().String())
	require.Equal(t, "a", c.Get("identity.schemas.0.id").Overrode.Str)
	require.Nil(t, c.Get("identity.schemas.1").Overrode, "it only fills up")
	require.Nil(t, c.Get("identity.schemas.2").Overrode)
	require.Equal(t, "a", d.Root.Get("cookies.domain").Str, "the file's own tree is left alone")

	require.Nil(t, c.Get("identity.schemas.0").Overrode, "nothing hides itself")

	d = parse(t, "x.yml", "cookies: {domain: }\nidentity: {schemas: [x]}\n")
	c, err = kratosconf.Load([]*kratosconf.Document{d}, kratosconf.Environ([]string{"COOKIES_DOMAIN=b", "IDENTITY_SCHEMAS_0_ID=a", "IDENTITY_SCHEMAS_0_URL=u", "DSN=first", "dsn=second"}))
	require.NoError(t, err)
	require.True(t, c.Get("cookies.domain").Overrode.Is(kratosconf.Null), "the file's null is hidden as well")
	require.Equal(t, "x", c.Get("identity.schemas.0").Overrode.Text())
	require.Equal(t, "first", c.Get("dsn").Overrode.Text())

	d = parse(t, "x.yml", "serve: 1\nidentity: {schemas: 1}\n")
	c, err = kratosconf.Load([]*kratosconf.Document{d}, kratosconf.Environ([]string{"SERVE_PUBLIC_BASE_URL=u", "IDENTITY_SCHEMAS_0_ID=a"}))
	require.NoError(t, err)
	require.Equal(t, "x.yml:1:1", c.Get("serve").Place().String(), "a map in the place of something else has its key")
	require.Equal(t, "x.yml:2:12", c.Get("identity.schemas").Place().String(), "and so has a list")

	over, err := kratosconf.Load([]*kratosconf.Document{parse(t, "a.yml", "a: {b: 1, c: 2}\nd: [1]\n"), parse(t, "b.yml", "a: {b: 3, e: 4}\nd: {x: 1}\nf: 5\n")}, nil)
	require.NoError(t, err)
	require.Equal(t, "a.yml:1:8", over.Get("a.b").Overrode.Span.String())
	require.Equal(t, "a.yml:1:4", over.Get("a").Overrode.Span.String())
	require.Equal(t, "a.yml:2:4", over.Get("d").Overrode.Span.String())
	require.Nil(t, over.Get("a.c").Overrode)
	require.Nil(t, over.Get("f").Overrode)
	var names []string
	for _, f := range over.Root.Fields() {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"a", "d", "f"}, names, "in the order in which they were first written")
	names = nil
	for _, f := range over.Get("a").Fields() {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"b", "c", "e"}, names)
	require.Nil(t, over.Documents[1].Root.Get("a.c"), "the later file's own tree is left alone")
	text, err := kratosconf.Load([]*kratosconf.Document{parse(t, "a.yml", "a: {b: 1}\nb: 2\n"), parse(t, "b.yml", "a: 3\nb: {c: 4}\n")}, nil)
	require.NoError(t, err)
	require.Empty(t, text.Get("a").Fields(), "what is hidden is no part of it")
	require.Len(t, text.Get("b").Fields(), 1)
	got, err := json.Marshal(plain(over.Root))
	require.NoError(t, err)
	require.JSONEq(t, `{"a":{"b":"3","c":"2","e":"4"},"d":{"x":"1"},"f":"5"}`, string(got))
}

// TestEnvFileLines: every line of an environment file counts, or says why not.
func TestEnvFileLines(t *testing.T) {
	read := func(text string) (all []string) {
		vars, err := kratosconf.EnvFile(source.New("e", []byte(text)))
		require.NoError(t, err)
		for _, v := range vars {
			require.Equal(t, v.Value, v.Span.Text())
			all = append(all, v.Name+"="+v.Value)
		}
		return all
	}
	require.Equal(t, []string{"A=1", "B=2"}, read("A=1\nB=2"))
	require.Equal(t, []string{"A=1"}, read("; comment\n #c\nA=1\n"))
	require.Equal(t, []string{`A="`, `B='x"`, `C="x'`, "D=x", "E=", `F=x"x"`, `G=a"b"a`}, read("A=\"\nB='x\"\nC=\"x'\nD='x'\nE=''\nF=x\"x\"\nG=a\"b\"a\n"))
	require.Empty(t, read(""))
	for _, line := range []string{"=x", "A B=x", "export =x", "A", "#A=1\nexport"} {
		_, err := kratosconf.EnvFile(source.New("e", []byte(line)))
		require.Error(t, err, line)
	}
}
