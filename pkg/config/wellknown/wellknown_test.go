package wellknown_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

const (
	debugKey = "FA:C6:17:45:DC:09:03:78:6F:B9:ED:E6:2A:96:2B:39:9F:73:48:F0:BB:6F:89:9B:83:32:66:75:91:03:3B:9C"
	someKey  = "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"
	origin   = "android:apk-key-hash:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
)

func key(tb testing.TB, text string) wellknown.Fingerprint {
	tb.Helper()
	k, err := wellknown.ParseFingerprint(text)
	require.NoError(tb, err)
	return k
}

func pass(t *testing.T, text string) *passkeys.Config {
	t.Helper()
	doc, err := kratosconf.Parse(source.New("kratos.yml", []byte(text)), kratosconf.ParseOptions{})
	require.NoError(t, err)
	config, err := kratosconf.Load([]*kratosconf.Document{doc}, nil)
	require.NoError(t, err)
	return passkeys.New(config, passkeys.Options{})
}

func TestFromConfig(t *testing.T) {
	s, err := wellknown.FromConfig(pass(t, `
selfservice:
  flows: { settings: { ui_url: "https://auth.example.com/settings" } }
  methods:
    passkey:
      enabled: true
      config: { rp: { id: example.com, origins: ["https://auth.example.com", "https://example.org:8443", "https://example.org:8443/", "http://localhost:4455", "`+origin+`"] } }
`))
	require.NoError(t, err)
	require.Equal(t, &wellknown.Site{
		RPID: "example.com", Configured: true,
		Origins: []string{"https://auth.example.com", "https://example.org:8443", "https://example.org:8443", "http://localhost:4455"},
		Keys:    []wellknown.Fingerprint{key(t, someKey)},
		Enroll:  "https://auth.example.com/settings", Manage: "https://auth.example.com/settings",
	}, s)
	require.Equal(t, []string{"https://example.org:8443"}, s.Related())

	for text, want := range map[string]string{
		"{}": "neither passkey nor webauthn is enabled in this configuration",
		"selfservice: { methods: { passkey: { enabled: true, config: { rp: {} } } } }":                              `kratos.yml:1:63: method "passkey" has no rp.id`,
		"selfservice: { methods: { passkey: { enabled: true, config: { rp: { id: \"https://example.com\" } } } } }": `kratos.yml:1:74: rp.id "https://example.com" is not a bare domain; see oly-passkey lint`,
		"selfservice: { methods: { passkey: { enabled: true, config: { rp: { id: \"${RP_ID}\" } } } } }":            `kratos.yml:1:74: rp.id or the origins depend on a template; pass the rendered file`,
	} {
		_, err := wellknown.FromConfig(pass(t, text))
		require.EqualError(t, err, want)
	}
}

func TestGenerate(t *testing.T) {
	s := &wellknown.Site{
		RPID: "example.com", Configured: true, Origins: []string{"https://auth.example.com", "https://example.org"},
		Keys: []wellknown.Fingerprint{key(t, someKey)}, Apps: []wellknown.AndroidApp{{Package: "com.example.app"}},
		Apple: []string{"ABCDE12345.com.example.app"}, Enroll: "https://auth.example.com/settings?a=1&b=2",
	}
	for name, want := range map[wellknown.Name]string{
		wellknown.RelatedOrigins:   "{\n  \"origins\": [\n    \"https://example.org\"\n  ]\n}\n",
		wellknown.PasskeyEndpoints: "{\n  \"enroll\": \"https://auth.example.com/settings?a=1&b=2\"\n}\n",
		wellknown.AppleAssociation: "{\n  \"webcredentials\": {\n    \"apps\": [\n      \"ABCDE12345.com.example.app\"\n    ]\n  }\n}\n",
		wellknown.AssetLinks: `[
  {
    "relation": [
      "delegate_permission/common.handle_all_urls",
      "delegate_permission/common.get_login_creds"
    ],
    "target": {
      "namespace": "android_app",
      "package_name": "com.example.app",
      "sha256_cert_fingerprints": [
        "` + someKey + `"
      ]
    }
  }
]
`,
	} {
		got, err := wellknown.Generate(name, s)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		// What is written has nothing wrong with it.
		doc := &wellknown.Fetched{URL: "x", Status: 200, ContentType: "application/json", Body: got}
		require.Empty(t, wellknown.Check(name, doc, s), name)
	}
	for name, want := range map[wellknown.Name]string{
		wellknown.RelatedOrigins:   `nothing to write: all origins belong to rp.id "example.com", so browsers never request it`,
		wellknown.PasskeyEndpoints: "nothing to write: no https settings page is known; use --enroll and --manage",
		wellknown.AssetLinks:       "nothing to write: no Android app is known; use --android-app PACKAGE=FINGERPRINT",
		wellknown.AppleAssociation: "nothing to write: no Apple app is known; use --apple-app TEAMID.bundle.id",
	} {
		_, err := wellknown.Generate(name, &wellknown.Site{RPID: "example.com"})
		require.EqualError(t, err, want)
		require.ErrorIs(t, err, wellknown.ErrNothing)
	}
	_, err := wellknown.ParseName("robots.txt")
	require.EqualError(t, err, `unknown document "robots.txt"; use webauthn, passkey-endpoints, assetlinks.json or apple-app-site-association`)
}

func TestHandler(t *testing.T) {
	h, err := wellknown.Handler(&wellknown.Site{RPID: "example.com", Origins: []string{"https://example.org"}})
	require.NoError(t, err)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/.well-known/webauthn", 200},
		{"HEAD", "/.well-known/webauthn", 200},
		{"POST", "/.well-known/webauthn", 405},
		{"GET", "/.well-known/assetlinks.json", 404},
		{"GET", "/", 404},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(c.method, c.path, http.NoBody))
		require.Equal(t, c.status, w.Code, "%s %s", c.method, c.path)
		if w.Code == 200 {
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		}
	}
}

func TestFingerprint(t *testing.T) {
	k := key(t, someKey)
	require.Equal(t, origin, k.Origin())
	require.Equal(t, someKey, k.String())
	for _, form := range []string{origin, strings.ToLower(someKey), strings.ReplaceAll(someKey, ":", ""), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", " " + someKey + "\n"} {
		require.Equal(t, k, key(t, form), form)
	}
	for text, want := range map[string]string{
		"5E:8F:16:06:2E:A3:CD:2C:4A:0D:54:78:76:BA:A6:F3:8C:AB:F6:25": `"5E:8F:16:06:2E:A3:CD:2C:4A:0D:54:78:76:BA:A6:F3:8C:AB:F6:25" is a SHA-1 fingerprint; Android passkeys need the SHA-256`,
		"x": `"x" is not a SHA-256 fingerprint: use 64 hex digits, with or without colons, or 43 characters of base64url`,
	} {
		_, err := wellknown.ParseFingerprint(text)
		require.EqualError(t, err, want)
	}
	_, err := wellknown.ParseOrigin(strings.ToUpper(origin))
	require.Error(t, err)
	require.Equal(t, "the debug.keystore of React Native's template", key(t, debugKey).PublicKey())
	require.Empty(t, k.PublicKey())
}

func TestReadFingerprints(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Android Debug"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	of := wellknown.Fingerprint(sha256.Sum256(der))
	for name, c := range map[string]struct {
		data []byte
		want []wellknown.Fingerprint
	}{
		"pem":  {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), []wellknown.Fingerprint{of}},
		"der":  {der, []wellknown.Fingerprint{of}},
		"text": {[]byte(someKey + "\n"), []wellknown.Fingerprint{key(t, someKey)}},
		"keytool": {
			[]byte("Alias name: a\n\t SHA1: 5E:8F:16\n\t SHA256: " + someKey + "\nAlias name: b\n\t SHA256: " + debugKey + "\n\t SHA256: " + debugKey + "\n"),
			[]wellknown.Fingerprint{key(t, someKey), key(t, debugKey)},
		},
		"apksigner": {
			[]byte("Signer #1 certificate SHA-256 digest: " + strings.ToLower(strings.ReplaceAll(someKey, ":", "")) + "\n"),
			[]wellknown.Fingerprint{key(t, someKey)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := wellknown.ReadFingerprints(c.data)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	_, err = wellknown.ReadFingerprints([]byte("\xfe\xed\xfe\xed\x00\x00\x00\x02"))
	require.EqualError(t, err, "this is a keystore: pass it with --keystore FILE")
	_, err = wellknown.ReadFingerprints([]byte("\x30\x82\x0a\x3e\x02\x01\x03\x30\x82\x09"))
	require.ErrorContains(t, err, "this is a keystore")
	_, err = wellknown.ReadFingerprints([]byte("SHA256: 00:01"))
	require.EqualError(t, err, "no SHA-256 fingerprint or certificate found")
}

// FuzzReadFingerprints reads anything, and what it finds survives the way to an
// origin and back.
func FuzzReadFingerprints(f *testing.F) {
	for _, seed := range []string{someKey, origin, "SHA256: " + debugKey, "\xfe\xed\xfe\xed", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := wellknown.ReadFingerprints(data)
		require.Equal(t, err == nil, len(found) > 0)
		for _, k := range found {
			back, err := wellknown.ParseOrigin(k.Origin())
			require.NoError(t, err)
			require.Equal(t, k, back)
			require.Equal(t, k, key(t, k.String()))
		}
	})
}
