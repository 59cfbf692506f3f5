// Package templates holds, byte for byte, what init writes.
package templates

import "embed"

// Init holds text/template sources: kratos.yml, the identity schema, the Jsonnet
// bodies of the hooks, the READMEs, what CI runs and how the deployment starts.
// pkg/scaffold knows their data.
//
//go:embed kratos.yml identity.schema.json README.md two.md hooks ci deploy
var Init embed.FS
