// Package templates holds the files that init writes.
package templates

import (
	"embed"
	"strings"
)

// Init holds text/template sources: kratos.yml, the identity schema, the Jsonnet
// bodies of the hooks, the READMEs, and the files for CI and deployment.
// pkg/config/setup renders them.
//
//go:embed kratos.yml identity.schema.json README.md two.md hooks ci deploy
var Init embed.FS

//go:embed hooks/identity.jsonnet
var identityHook string

//go:embed hooks/refuse.jsonnet
var refuseHook string

// IdentityHook returns the Jsonnet body of a hook that sends which identity changed
// and nothing else, in one line without a comment.
func IdentityHook() string { return code(identityHook) }

// RefuseHook returns the Jsonnet body of a hook that rejects a sign-up, in one line
// without a comment.
func RefuseHook() string { return code(refuseHook) }

// code returns the last line of a Jsonnet file, which follows its comment.
func code(jsonnet string) string {
	lines := strings.Split(strings.TrimSpace(jsonnet), "\n")
	return lines[len(lines)-1]
}
