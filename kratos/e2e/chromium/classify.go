package chromium

import (
	"errors"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Classify parses how a ceremony ended in Chromium: "ok", "undefined" if there is no
// navigator.credentials, or the error's name and message.
func Classify(answer string) (webauthn.Class, error) {
	for _, c := range []struct {
		text  string
		class webauthn.Class
	}{
		{"Note that a match may", webauthn.ClassRelatedLabelLimit},
		{"wrong content-type", webauthn.ClassRelatedContentType},
		{"no listed origin matched", webauthn.ClassRelatedNotListed},
		{"JSON parse error", webauthn.ClassRelatedJSON},
		{"attempt to fetch", webauthn.ClassNoRelatedOrigins},
		{"This is an invalid domain", webauthn.ClassInvalidDomain},
		{"not a registrable domain suffix", webauthn.ClassNotSuffix},
	} {
		if strings.Contains(answer, c.text) {
			return c.class, nil
		}
	}
	switch answer {
	case "ok":
		return webauthn.ClassOK, nil
	case "undefined":
		return webauthn.ClassNoWebAuthn, nil
	}
	return "", errors.New("unknown answer: " + answer)
}
