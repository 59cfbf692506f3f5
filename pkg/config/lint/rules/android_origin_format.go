package rules

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// An Android app sends android:apk-key-hash: followed by the SHA-256 of its
// signing certificate in base64url without padding.
var androidOriginFormat = &lint.Rule{
	ID: "android-origin-format", Severity: finding.Error,
	Check: func(p *lint.Pass) {
		p.EachOrigin(func(_ *passkeys.Method, o passkeys.Origin) {
			if !strings.HasPrefix(strings.ToLower(o.Text), "android:") || o.Value.Unknown() {
				return
			}
			hash, ok := strings.CutPrefix(o.Text, androidPrefix)
			if ok && isKeyHash(hash) {
				return
			}
			f := finding.Finding{
				Message: fmt.Sprintf("origin %q is not in the format that Android apps send, so Kratos rejects every ceremony of the app", o.Value.Str),
				Help:    "write android:apk-key-hash: followed by the SHA-256 of the signing certificate in base64url (43 characters, no padding)",
			}
			if right, ok := repairKeyHash(hash); ok {
				f.Help = fmt.Sprintf("write %q", androidPrefix+right)
				f.Fix = o.Value.Edit(androidPrefix + right)
			}
			p.ReportAt(o.Value, f)
		})
	},
}

const androidPrefix = "android:apk-key-hash:"

func isKeyHash(hash string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(hash)
	return err == nil && len(raw) == 32
}

// repairKeyHash converts a SHA-256 as keytool and other tools print it to
// base64url, and reports whether it could.
func repairKeyHash(hash string) (string, bool) {
	plain := strings.NewReplacer(":", "", " ", "").Replace(hash)
	if raw, err := hex.DecodeString(plain); err == nil && len(raw) == 32 {
		return base64.RawURLEncoding.EncodeToString(raw), true
	}
	url := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(hash)
	return url, isKeyHash(url)
}
