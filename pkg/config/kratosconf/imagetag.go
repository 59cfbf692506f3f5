package kratosconf

import (
	"regexp"
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// ComposeFiles returns the names of the files that Docker Compose finds on its own.
func ComposeFiles() []string {
	return []string{"compose.yml", "compose.yaml", "docker-compose.yml", "docker-compose.yaml"}
}

// IsComposeFile reports whether Docker Compose finds a file of this name on its own.
func IsComposeFile(base string) bool { return slices.Contains(ComposeFiles(), base) }

// The second form is a chart's values, with the tag below the repository.
var imageTag = regexp.MustCompile(`(?m)^[^#\n]*\boryd/kratos(?::|["']?[ \t]*\n[ \t]*tag:[ \t]*["']?)(v[0-9][0-9A-Za-z.-]*)`)

// ImageVersion returns the version of the Kratos image in a compose file, a
// manifest or a Dockerfile.
func ImageVersion(f *source.File) (Version, bool) {
	v, _, ok := ImageTag(f)
	return v, ok
}

// ImageTag returns that version and the position of its tag.
func ImageTag(f *source.File) (Version, source.Span, bool) {
	m := imageTag.FindSubmatchIndex(f.Data)
	if m == nil {
		return Version{}, source.Span{}, false
	}
	at := source.Span{File: f, Start: m[2], End: m[3]}
	v, err := ParseVersion(at.Text())
	return v, at, err == nil
}
