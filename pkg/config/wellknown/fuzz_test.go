package wellknown_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
)

// FuzzCheck takes anything for each of the documents: every problem has an id
// that is explained, a message in one line and a help.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		`{"origins":["https://app.example.org"]}`, `{"enroll":"https://example.com/a","manage":7}`, `[{"relation":["delegate_permission/common.get_login_creds"],"target":{"namespace":"android_app","package_name":"a.b","sha256_cert_fingerprints":["` + someKey + `"]}}]`,
		`{"webcredentials":{"apps":["ABCDE12345.com.example.app"]}}`, `<html>`, "\xef\xbb\xbf{}", `null`, `[`,
	} {
		f.Add([]byte(seed), "application/json")
	}
	known := map[string]bool{}
	for _, r := range wellknown.Rules() {
		known[r.ID] = true
	}
	fingerprint, err := wellknown.ParseFingerprint(someKey)
	require.NoError(f, err)
	site := &wellknown.Site{
		RPID: "example.com", Configured: true, Origins: []string{"https://app.example.org"}, Keys: []wellknown.Fingerprint{fingerprint},
		Apps: []wellknown.AndroidApp{{Package: "a.b"}}, Apple: []string{"ABCDE12345.com.example.app"},
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		for _, name := range wellknown.Names() {
			doc := &wellknown.Fetched{URL: "u", Status: 200, ContentType: contentType, Body: body}
			for _, p := range wellknown.Check(name, doc, site) {
				require.True(t, known[p.ID], p.ID)
				require.NotEmpty(t, p.Help)
				require.NotContains(t, p.Message, "\n")
			}
			require.NotPanics(t, func() { wellknown.Endpoints(doc) })
		}
	})
}
