// Package templates holds the files that init writes.
package templates

import "embed"

// Init holds text/template sources: kratos.yml, the identity schema, the Jsonnet
// bodies of the hooks, the READMEs, and the files for CI and deployment.
// pkg/config/setup renders them.
//
//go:embed kratos.yml identity.schema.json README.md two.md hooks ci deploy
var Init embed.FS
