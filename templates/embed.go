// Package templates holds, byte for byte, what init writes.
package templates

import "embed"

// Init holds the text/template sources of a configuration: kratos.yml, the
// identity schema, the Jsonnet bodies of the hooks and the README. pkg/scaffold
// knows their data.
//
//go:embed kratos.yml identity.schema.json README.md hooks
var Init embed.FS
