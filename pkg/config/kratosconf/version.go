package kratosconf

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"

	"github.com/olympusoss/oly-passkey/pkg/api"
)

// Version is a release of Kratos: v1.3.1, or v26.2.0 since releases are numbered by
// year.
type Version struct{ Major, Minor, Patch int }

// Versions with changes to passkeys.
var (
	// VersionOrigins added rp.origins (PR 3380).
	VersionOrigins = Version{1, 1, 0}
	// VersionPasskey added the passkey method, and runs `session` last regardless of
	// its position in the list (e94250705).
	VersionPasskey = Version{1, 2, 0}
	// VersionTriggerID added Ory-Webhook-Trigger-Id, Android origins, and
	// require_verified_address for passkeys.
	VersionTriggerID = Version{25, 4, 0}
	// VersionPolicy is the earliest possible version with the policy of the passkey
	// ceremony: authenticator_selection, attestation, timeouts (f2b149799). It is not
	// released yet.
	VersionPolicy = Version{26, 2, 1}
)

var versionText = regexp.MustCompile(`^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,6}))?`)

// ParseVersion parses versions such as v1.3.1, 26.2 or v25.4.0-sqlite.
func ParseVersion(s string) (Version, error) {
	m := versionText.FindStringSubmatch(s)
	if m == nil {
		return Version{}, fmt.Errorf("%q is not a Kratos version; use a form such as v26.2.0", s)
	}
	var v Version
	v.Major, _ = strconv.Atoi(m[1]) // digits only, and few
	v.Minor, _ = strconv.Atoi(m[2])
	v.Patch, _ = strconv.Atoi(m[3])
	return v, nil
}

// AtLeast reports whether v is other or newer.
func (v Version) AtLeast(other Version) bool { return v.Compare(other) >= 0 }

// Compare returns a negative number if v is older than other, 0 if they are the
// same, and a positive number if v is newer.
func (v Version) Compare(other Version) int {
	return cmp.Or(cmp.Compare(v.Major, other.Major), cmp.Compare(v.Minor, other.Minor), cmp.Compare(v.Patch, other.Patch))
}

// String returns the version as a tag.
func (v Version) String() string { return fmt.Sprintf("v%d.%d.%d", v.Major, v.Minor, v.Patch) }

// DefaultVersion returns the version that is assumed if it is unknown.
func DefaultVersion() Version {
	v, _ := ParseVersion(api.DefaultKratosVersion) // a constant
	return v
}
