package wellknown

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Fingerprint is the SHA-256 of an Android app's signing certificate.
type Fingerprint [sha256.Size]byte

// originPrefix is the prefix of the origin that Android's Credential Manager sends
// for an app. The fingerprint follows in base64url without padding.
const originPrefix = "android:apk-key-hash:"

// Origin returns the fingerprint in the form of rp.origins.
func (f Fingerprint) Origin() string {
	return originPrefix + base64.RawURLEncoding.EncodeToString(f[:])
}

// String returns the fingerprint in the form of keytool and assetlinks.json.
func (f Fingerprint) String() string {
	digits := strings.ToUpper(hex.EncodeToString(f[:]))
	pairs := make([]string, 0, len(f))
	for i := 0; i < len(digits); i += 2 {
		pairs = append(pairs, digits[i:i+2])
	}
	return strings.Join(pairs, ":")
}

// PublicKey returns the name of a key whose private half is public, such as React
// Native's debug.keystore and Android's test key. It returns "" for other keys.
func (f Fingerprint) PublicKey() string {
	switch f.String() {
	case "FA:C6:17:45:DC:09:03:78:6F:B9:ED:E6:2A:96:2B:39:9F:73:48:F0:BB:6F:89:9B:83:32:66:75:91:03:3B:9C":
		return "the debug.keystore of React Native's template"
	case "A4:0D:A8:0A:59:D1:70:CA:A9:50:CF:15:C1:8C:45:4D:47:A3:9B:26:98:9D:8B:64:0E:CD:74:5B:A7:1B:F5:DC":
		return "the test key of the Android source tree"
	}
	return ""
}

// ParseOrigin parses the origin of an Android app.
func ParseOrigin(origin string) (Fingerprint, error) {
	hash, ok := strings.CutPrefix(origin, originPrefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(hash)
	if !ok || err != nil || len(raw) != sha256.Size {
		return Fingerprint{}, fmt.Errorf("%q is not android:apk-key-hash: and 43 characters of base64url", origin)
	}
	return Fingerprint(raw), nil
}

// ParseFingerprint parses a fingerprint in any common form: hex with or without
// colons, base64, base64url, or an app's origin.
func ParseFingerprint(text string) (Fingerprint, error) {
	text = strings.TrimSpace(text)
	bare := strings.TrimPrefix(text, originPrefix)
	if raw, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "").Replace(bare)); err == nil {
		if len(raw) == sha256.Size {
			return Fingerprint(raw), nil
		}
		if len(raw) == 20 { // crypto/sha1 is not worth an import for its size
			return Fingerprint{}, fmt.Errorf("%q is a SHA-1 fingerprint; Android passkeys need the SHA-256", text)
		}
	}
	url := strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(bare)
	if raw, err := base64.RawURLEncoding.DecodeString(url); err == nil && len(raw) == sha256.Size {
		return Fingerprint(raw), nil
	}
	return Fingerprint{}, fmt.Errorf("%q is not a SHA-256 fingerprint: use 64 hex digits, with or without colons, or 43 characters of base64url", text)
}

// ReadFingerprints finds the fingerprints in the output of keytool -list -v or
// apksigner verify --print-certs, or computes that of a PEM or DER certificate.
func ReadFingerprints(data []byte) ([]Fingerprint, error) {
	if block, _ := pem.Decode(data); block != nil && block.Type == "CERTIFICATE" {
		data = block.Bytes
	}
	if cert, err := x509.ParseCertificate(data); err == nil {
		return []Fingerprint{sha256.Sum256(cert.Raw)}, nil
	}
	if isKeystore(data) {
		return nil, errors.New("this is a keystore: pass it with --keystore FILE")
	}
	if one, err := ParseFingerprint(string(data)); err == nil {
		return []Fingerprint{one}, nil
	}
	var found []Fingerprint
	for _, line := range regexp.MustCompile(`(?i)SHA-?256[^\n]*`).FindAllString(string(data), -1) {
		digits := regexp.MustCompile(`(?i)\b([0-9a-f]{2}(:[0-9a-f]{2}){31}|[0-9a-f]{64})\b`).FindString(line)
		if f, err := ParseFingerprint(digits); err == nil && !slices.Contains(found, f) {
			found = append(found, f)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no SHA-256 fingerprint or certificate found")
	}
	return found, nil
}

// isKeystore reports whether data begins like a Java or PKCS #12 keystore.
func isKeystore(data []byte) bool {
	return strings.HasPrefix(string(data), jksMagic) ||
		len(data) > 9 && data[0] == 0x30 && strings.Contains(string(data[2:9]), "\x02\x01\x03")
}
