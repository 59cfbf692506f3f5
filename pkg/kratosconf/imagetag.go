package kratosconf

import (
	"regexp"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

var imageTag = regexp.MustCompile(`(?m)^[^#\n]*\boryd/kratos:(v[0-9][0-9A-Za-z.-]*)`)

// ImageVersion answers the version of the Kratos image that a compose file, a
// manifest or a Dockerfile runs.
func ImageVersion(f *source.File) (Version, bool) {
	m := imageTag.FindSubmatch(f.Data)
	if m == nil {
		return Version{}, false
	}
	v, err := ParseVersion(string(m[1]))
	return v, err == nil
}
