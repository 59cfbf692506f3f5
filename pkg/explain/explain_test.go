package explain_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/explain"
	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

func kratosYML(rpID string, origins ...string) string {
	list, err := json.Marshal(origins)
	if err != nil || origins == nil {
		list = []byte("null")
	}
	text := `serve: { public: { base_url: "https://auth.example.com/" } }
selfservice:
  flows:
    login: { ui_url: "https://auth.example.com/login" }
  methods:
    passkey:
      enabled: true
      config:
        rp:
          id: ` + rpID + `
          display_name: Example
          origins: ` + string(list) + "\n"
	if origins == nil {
		text = strings.TrimSuffix(text, "          origins: null\n")
	}
	return text
}

func withConfig(t *testing.T, input, config string) *explain.Answer {
	t.Helper()
	opts := explain.Options{Files: []*source.File{source.New("kratos.yml", []byte(config))}}
	opts.Lint.Schemas.Read = func(string) (*source.File, error) { return nil, errors.New("no such file") }
	a, err := table(t).Explain([]byte(input), opts)
	require.NoError(t, err)
	return a
}

// TestConfigurationDecides asks which of a message's causes it is.
func TestConfigurationDecides(t *testing.T) {
	const suffix = "SecurityError: The relying party ID is not a registrable domain suffix of, nor equal to the current domain."
	for _, c := range []struct{ name, input, config, cause, proof string }{
		{
			"rp.id is a url", suffix, kratosYML("https://example.com", "https://auth.example.com"), "rp-id-malformed",
			`kratos.yml:10:15: rp.id "https://example.com" `,
		},
		{
			"rp.id of another domain", suffix, kratosYML("example.org", "https://auth.example.com"), "rp-id-not-of-page",
			`kratos.yml:10:15: browsers refuse rp.id "example.org" on "https://auth.example.com"`,
		},
		{
			"rp.id left at localhost", suffix, kratosYML("localhost", "https://auth.example.com"), "rp-id-left-at-localhost",
			`kratos.yml:10:15: browsers refuse rp.id "localhost" on "https://auth.example.com"`,
		},
		{
			"slash", "Error validating origin", kratosYML("example.com", "https://auth.example.com/"), "origin-trailing-slash",
			`kratos.yml:12:22: origin "https://auth.example.com/"`,
		},
		{
			"nothing configured", "Error validating origin", kratosYML("example.com"), "origins-defaulted",
			"kratos.yml:",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := withConfig(t, c.input, c.config)
			first := a.Found[0].Causes[0]
			require.Equal(t, c.cause, first.ID)
			require.NotEmpty(t, first.Proof)
			require.True(t, strings.HasPrefix(first.Proof[0], c.proof), first.Proof[0])
		})
	}
	a := withConfig(t, suffix, kratosYML("example.com", "https://auth.example.com"))
	require.Empty(t, a.Found[0].Causes[0].Proof)
	var text bytes.Buffer
	require.NoError(t, a.WriteText(&text))
	require.Contains(t, text.String(), "kratos.yml shows none of these by itself: the cause lies in the deployment or\nthe page")
}

func TestBrokenConfiguration(t *testing.T) {
	_, err := table(t).Explain([]byte("x"), explain.Options{Files: []*source.File{source.New("kratos.yml", []byte("a: [1"))}, Lint: lint.Options{}})
	require.EqualError(t, err, `kratos.yml:1:1: did not find expected ',' or ']'`)
}

// assertion makes a sign-in as an authenticator would.
func assertion(t *testing.T, rpID, origin string, handle []byte) string {
	t.Helper()
	rp := virtualwebauthn.RelyingParty{ID: rpID, Name: "Test", Origin: origin}
	options, err := virtualwebauthn.ParseAssertionOptions(`{"publicKey":{"challenge":"` + strings.Repeat("A", 43) + `","rpId":"` + rpID + `"}}`)
	require.NoError(t, err)
	a := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: handle})
	return virtualwebauthn.CreateAssertionResponse(rp, a, virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2), *options)
}

func fact(a *explain.Answer, name string) string {
	for _, f := range a.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

const handle = "sY6NOda7WGXT2Bsl4muMt4g4YBJzHttJi0wOr7f9QJVUPnOVD6K7j4eqz3vNAFTj"

func TestCredential(t *testing.T) {
	good := assertion(t, "example.com", "https://auth.example.com", []byte(handle))
	config := kratosYML("example.com", "https://auth.example.com")
	a := withConfig(t, good, config)
	require.Equal(t, explain.KindCredential, a.Kind)
	require.Empty(t, a.Found)
	require.Equal(t, `webauthn.get, a sign-in`, fact(a, "type"))
	require.Equal(t, `"https://auth.example.com"`, fact(a, "origin"))
	require.Equal(t, "32 bytes", fact(a, "challenge"))
	require.Equal(t, "64 letters and digits, as Kratos' passkey method makes them", fact(a, "user handle"))
	require.Equal(t, `"example.com" (its SHA-256 is in the authenticator data)`, fact(a, "rp.id"))
	require.Equal(t, "passkey expects this origin and this rp.id", fact(a, "with kratos.yml"))

	// The same credential, however it was copied.
	posted, err := json.Marshal(map[string]string{"method": "passkey", "passkey_login": good})
	require.NoError(t, err)
	quoted, err := json.Marshal(good)
	require.NoError(t, err)
	for _, form := range []string{string(posted), string(quoted), base64.RawURLEncoding.EncodeToString([]byte(good)), "\ufeff " + good + "\n"} {
		require.Equal(t, a, withConfig(t, form, config))
	}

	for _, c := range []struct{ name, input, config, cause, proof string }{
		{
			"other origin", assertion(t, "example.com", "https://www.example.com", []byte(handle)), config, "origin-not-listed",
			`kratos.yml:12:11: passkey: "https://www.example.com" was received, and nothing like it is expected`,
		},
		{
			"a port", assertion(t, "example.com", "https://auth.example.com:8443", []byte(handle)), config, "origin-port",
			`kratos.yml:12:11: passkey: expected "https://auth.example.com", received "https://auth.example.com:8443": the port differs`,
		},
		{
			"origins defaulted", good, kratosYML("example.com"), "origins-defaulted",
			`kratos.yml:10:15: passkey: no origins are configured, so Kratos expects only "https://example.com", made of base_url's scheme and rp.id; the browser sends "https://auth.example.com"`,
		},
		{
			"other rp.id", assertion(t, "auth.example.com", "https://auth.example.com", []byte(handle)), config, "rp-id-hash-differs",
			`kratos.yml:10:15: rp.id of passkey is "example.com", and the authenticator signed for "auth.example.com"`,
		},
		{
			"unknown rp.id", assertion(t, "else.where", "https://auth.example.com", []byte(handle)), config, "rp-id-hash-differs",
			`kratos.yml:10:15: rp.id of passkey is "example.com", and the authenticator signed for another rp.id`,
		},
		{"no handle", assertion(t, "example.com", "https://auth.example.com", nil), config, "user-handle-empty", "response.userHandle is empty"},
		{
			"encoded twice", assertion(t, "example.com", "https://auth.example.com", []byte(base64.RawURLEncoding.EncodeToString([]byte(handle)))), config,
			"user-handle-encoded-twice", "the 86 bytes of response.userHandle are base64url of a user handle",
		},
		{
			"too long", assertion(t, "example.com", "https://auth.example.com", bytes.Repeat([]byte{7}, 65)), config,
			"user-handle-too-long", "response.userHandle has 65 bytes",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := withConfig(t, c.input, c.config)
			require.Len(t, a.Found, 1)
			require.Equal(t, c.cause, a.Found[0].Causes[0].ID)
			require.Equal(t, c.proof, a.Found[0].Causes[0].Proof[0])
		})
	}
}

func TestRegistration(t *testing.T) {
	rp := virtualwebauthn.RelyingParty{ID: "example.com", Name: "Test", Origin: "https://auth.example.com"}
	options, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":{"challenge":"AAAA","rp":{"id":"example.com","name":"Test"},"user":{"id":"AAAA","name":"a","displayName":"a"}}}`)
	require.NoError(t, err)
	response := virtualwebauthn.CreateAttestationResponse(rp, virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2), *options)
	a := explained(t, response)
	require.Equal(t, "webauthn.create, a registration", fact(a, "type"))
	require.Equal(t, `"example.com" (its SHA-256 is in the authenticator data)`, fact(a, "rp.id"))
	require.Regexp(t, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, fact(a, "aaguid"))
	require.Empty(t, fact(a, "user handle"))
}

func TestClientData(t *testing.T) {
	const clientData = `{"type":"webauthn.get","challenge":"QUFB","origin":"http://127.0.0.1:4455","crossOrigin":true,"topOrigin":"https://frame.example"}`
	for _, form := range []string{clientData, base64.StdEncoding.EncodeToString([]byte(clientData)), base64.RawURLEncoding.EncodeToString([]byte(clientData))} {
		a := explained(t, form)
		require.Equal(t, explain.KindClientData, a.Kind)
		require.Equal(t, []explain.Fact{
			{Name: "type", Value: "webauthn.get, a sign-in"},
			{Name: "origin", Value: `"http://127.0.0.1:4455"`},
			{Name: "challenge", Value: "3 bytes"},
			{Name: "cross origin", Value: "true"},
			{Name: "top origin", Value: `"https://frame.example"`},
		}, a.Facts)
		require.Equal(t, "page-on-ip", a.Found[0].Causes[0].ID)
	}
}

func TestRule(t *testing.T) {
	a := explained(t, " rp-id-missing\n")
	require.Equal(t, explain.KindRule, a.Kind)
	require.Equal(t, "rp-id-missing", a.Rule.ID)
	require.Contains(t, a.Rule.Prose, "which rp.id it has")
	require.Equal(t, "kratos.yml", a.Rule.Example[0].Name)
	other := explain.Rule{ID: "lock-out-risk", Prose: "one lost device"}
	a, err := table(t).Explain([]byte("lock-out-risk"), explain.Options{Rules: []explain.Rule{other}})
	require.NoError(t, err)
	require.Equal(t, &explain.Answer{Kind: explain.KindRule, Rule: &other, Found: []explain.Explained{}}, a)
}

// TestLog finds messages in a log of several lines.
func TestLog(t *testing.T) {
	log := `time=2026-11-01T10:00:00Z level=info msg=started
{"level":"error","msg":"An error occurred","error":{"debug":"","message":"no identifier found","status_code":500}}
{"level":"error","error":{"reason":"database is locked"}}
`
	a := explained(t, log)
	require.Equal(t, explain.KindMessage, a.Kind)
	require.Equal(t, []string{"no-display-name", "sqlite-busy"}, []string{a.Found[0].ID, a.Found[1].ID})
}

// TestGarbage demands a clear answer to what is no message at all.
func TestGarbage(t *testing.T) {
	random := make([]byte, 1<<18)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	sum := sha256.Sum256(nil)
	for name, input := range map[string]string{
		"nothing":      "",
		"blanks":       " \n\t",
		"words":        "lorem ipsum dolor sit amet",
		"a number":     "21004",
		"binary":       string(random),
		"a hash":       base64.RawURLEncoding.EncodeToString(sum[:]),
		"json":         `{"a":[1,2,{"b":null}]}`,
		"half a json":  `{"type":"webauthn.get","challenge":`,
		"deep json":    strings.Repeat("[", 10000),
		"long":         strings.Repeat("expected values: ", 1<<14),
		"no response":  `{"id":"AAAA","response":{}}`,
		"empty quotes": `""`,
		"wrapped":      `{"passkey_login":"{\"passkey_login\":\"{}\"}"}`,
	} {
		t.Run(name, func(t *testing.T) {
			a := explained(t, input)
			require.Equal(t, explain.KindUnknown, a.Kind)
			require.Empty(t, a.Found)
			var text bytes.Buffer
			require.NoError(t, a.WriteText(&text))
			require.True(t, strings.HasPrefix(text.String(), "nothing is known about this\n"), text.String())
		})
	}
}

// FuzzExplain takes anything as input, and always has an answer that can be
// written.
func FuzzExplain(f *testing.F) {
	for _, seed := range []string{
		"rp-id-missing", "NotAllowedError", `{"type":"webauthn.get","challenge":"QUFB","origin":"https://a"}`,
		`{"id":"AA","response":{"clientDataJSON":"eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0","authenticatorData":"AA","userHandle":"AA"}}`,
		"Expected Values: [https://a/ *.b c], Received: https://a", "\xff\xfe", "eyJ9", `"\"x\""`,
		"{\"response\":{\"clientDataJSON\":\"eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0\",\"attestationObject\":\"aGF1dGhEYXRhWSUA\"}}",
	} {
		f.Add([]byte(seed))
	}
	known := table(f)
	f.Fuzz(func(t *testing.T, input []byte) {
		a, err := known.Explain(input, explain.Options{})
		require.NoError(t, err)
		require.Equal(t, a.Kind == explain.KindUnknown, len(a.Found) == 0 && a.Facts == nil && a.Rule == nil)
		var text, js bytes.Buffer
		require.NoError(t, a.WriteText(&text))
		require.NoError(t, a.WriteJSON(&js))
		require.True(t, json.Valid(js.Bytes()))
		require.NotEmpty(t, text.String())
	})
}
