package wellknown_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
)

func TestParseApps(t *testing.T) {
	a, err := wellknown.ParseFingerprint(strings.Repeat("A1", 32))
	require.NoError(t, err)
	b, err := wellknown.ParseFingerprint(strings.Repeat("B2", 32))
	require.NoError(t, err)
	site := &wellknown.Site{
		Apps:  []wellknown.AndroidApp{{Package: "com.example.app", Keys: []wellknown.Fingerprint{a, b}}, {Package: "com.example.other", Keys: []wellknown.Fingerprint{b}}},
		Apple: []string{"ABCDE12345.com.example.app"},
	}
	links, err := wellknown.Generate(wellknown.AssetLinks, site)
	require.NoError(t, err)
	android, err := wellknown.ParseAndroidApps(links)
	require.NoError(t, err)
	require.Equal(t, site.Apps, android)
	association, err := wellknown.Generate(wellknown.AppleAssociation, site)
	require.NoError(t, err)
	apple, err := wellknown.ParseAppleApps(association)
	require.NoError(t, err)
	require.Equal(t, site.Apple, apple)

	android, err = wellknown.ParseAndroidApps([]byte(`[
		{"relation": ["delegate_permission/common.get_login_creds"], "target": {"namespace": "web", "site": "https://example.com"}},
		{"relation": ["delegate_permission/common.handle_all_urls"], "target": {"namespace": "android_app", "package_name": "com.example.links"}}
	]`))
	require.NoError(t, err)
	require.Empty(t, android)
	apple, err = wellknown.ParseAppleApps([]byte(`{"applinks": {}}`))
	require.NoError(t, err)
	require.Empty(t, apple)

	_, err = wellknown.ParseAndroidApps([]byte(`{}`))
	require.EqualError(t, err, "assetlinks.json: is not a JSON list of statements: cannot unmarshal object")
	_, err = wellknown.ParseAndroidApps([]byte(`[{"relation": ["delegate_permission/common.get_login_creds"], "target": {"namespace": "android_app", "package_name": "com.example.app", "sha256_cert_fingerprints": ["A1"]}}]`))
	require.ErrorContains(t, err, `assetlinks.json: app "com.example.app": `)
	_, err = wellknown.ParseAppleApps([]byte(`[]`))
	require.EqualError(t, err, "apple-app-site-association: is not a JSON object with webcredentials: cannot unmarshal array")
}

// FuzzParseApps: what is read is what Generate writes again.
func FuzzParseApps(f *testing.F) {
	f.Add([]byte(`[{"relation": ["delegate_permission/common.get_login_creds"], "target": {"namespace": "android_app", "package_name": "com.example.app", "sha256_cert_fingerprints": ["` + strings.TrimSuffix(strings.Repeat("A1:", 32), ":") + `"]}}]`))
	f.Add([]byte(`{"webcredentials": {"apps": ["ABCDE12345.com.example.app"]}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		apps, err := wellknown.ParseAndroidApps(document)
		if err == nil && len(apps) > 0 {
			again, err := wellknown.Generate(wellknown.AssetLinks, &wellknown.Site{Apps: apps})
			if err != nil {
				require.ErrorIs(t, err, wellknown.ErrNothing)
				return
			}
			same, err := wellknown.ParseAndroidApps(again)
			require.NoError(t, err)
			require.Equal(t, apps, same)
		}
		if apple, err := wellknown.ParseAppleApps(document); err == nil && len(apple) > 0 {
			again, err := wellknown.Generate(wellknown.AppleAssociation, &wellknown.Site{Apple: apple})
			require.NoError(t, err)
			same, err := wellknown.ParseAppleApps(again)
			require.NoError(t, err)
			require.Equal(t, apple, same)
		}
	})
}
