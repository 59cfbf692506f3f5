package wellknown

import (
	"encoding/json"
	"fmt"
	"slices"
)

// ParseAndroidApps answers the apps that an assetlinks.json lets use passkeys,
// in its order. What it says of other targets is passed over.
func ParseAndroidApps(assetLinks []byte) ([]AndroidApp, error) {
	var statements []statement
	if err := json.Unmarshal(assetLinks, &statements); err != nil {
		return nil, fmt.Errorf("%s: is no JSON list of statements: %s", AssetLinks, plainJSON(err))
	}
	var apps []AndroidApp
	for _, st := range statements {
		if st.Target.Namespace != "android_app" || !slices.Contains(st.Relation, relationLogin) {
			continue
		}
		app := AndroidApp{Package: st.Target.Package}
		for _, text := range st.Target.Fingerprints {
			key, err := ParseFingerprint(text)
			if err != nil {
				return nil, fmt.Errorf("%s: app %q: %w", AssetLinks, app.Package, err)
			}
			app.Keys = append(app.Keys, key)
		}
		apps = append(apps, app)
	}
	return apps, nil
}

// ParseAppleApps answers the apps, as TEAMID.bundle.id, that an
// apple-app-site-association lets use passkeys.
func ParseAppleApps(association []byte) ([]string, error) {
	var doc appleDocument
	if err := json.Unmarshal(association, &doc); err != nil {
		return nil, fmt.Errorf("%s: is no JSON object with webcredentials: %s", AppleAssociation, plainJSON(err))
	}
	if doc.WebCredentials == nil {
		return nil, nil
	}
	return doc.WebCredentials.Apps, nil
}
