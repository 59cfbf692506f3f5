package wellknown

import (
	"encoding/json"
	"fmt"
	"slices"
)

// ParseAndroidApps returns the apps that assetlinks.json allows to use passkeys, in
// the order of the document. Other targets are ignored.
func ParseAndroidApps(assetLinks []byte) ([]AndroidApp, error) {
	var statements []statement
	if err := json.Unmarshal(assetLinks, &statements); err != nil {
		return nil, fmt.Errorf("%s: is not a JSON list of statements: %s", AssetLinks, plainJSON(err))
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

// ParseAppleApps returns the apps that apple-app-site-association allows to use
// passkeys, as TEAMID.bundle.id.
func ParseAppleApps(association []byte) ([]string, error) {
	var doc appleDocument
	if err := json.Unmarshal(association, &doc); err != nil {
		return nil, fmt.Errorf("%s: is not a JSON object with webcredentials: %s", AppleAssociation, plainJSON(err))
	}
	if doc.WebCredentials == nil {
		return nil, nil
	}
	return doc.WebCredentials.Apps, nil
}
