package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/golden"
)

const configurationIntroduction = `# Configuration of the sidecar

Every option of ` + "`oly-passkey serve`" + `, made from the table that the program itself reads
(` + "`go test ./cmd/oly-passkey -run ConfigurationDocument -update`" + ` writes this page again).

An option may be a flag, an environment variable or a line of the YAML file that ` + "`--config FILE`" + ` names. A flag counts before
the environment, the environment before the file, the file before the default. An empty variable counts as none. In the file a
list is a sequence, in the environment its elements are separated by commas. An unknown key or variable, and a value of the
wrong type, keep the server from starting, each with its place.

<!-- file: serve.yml -->
` + "```yaml" + `
kratos-admin-url: http://127.0.0.1:4434
data-dir: data
api-key-file: sidecar.key
max-age: 12h
` + "```" + `

<!-- not run: sidecar.md starts one with the same options -->
` + "```sh" + `
oly-passkey serve --config serve.yml
` + "```" + `

SIGHUP reads the file, the keys, the certificates and the documents again. What is marked *reload* is taken over; of other
changes the log says that they need a restart. Whatever cannot be read or used changes nothing, and the log says so. Keys and
certificates are read again by themselves when they change.

`

const configurationEnd = `
## Traces

Where ` + "`OTEL_EXPORTER_OTLP_ENDPOINT`" + ` or ` + "`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`" + ` is set, spans of requests, of pulls from
Kratos and of commits are sent there as http/protobuf; the other variables of OpenTelemetry (headers, certificates, sampler,
resource attributes) count as usual. An incoming ` + "`traceparent`" + ` is honoured, and one is sent to Kratos. No span carries a
handle, a credential id, a key or the id of an identity.
`

// TestConfigurationDocument holds docs/configuration.md against the table.
func TestConfigurationDocument(t *testing.T) {
	var o serveOptions
	page := configurationIntroduction + o.table().Reference() + configurationEnd
	golden.File(t, "../../docs/configuration.md", []byte(page), *update)
}

// TestNoSecretIsAnOption: secrets stand in files, which options only name.
func TestNoSecretIsAnOption(t *testing.T) {
	var o serveOptions
	for _, line := range strings.Split(o.table().Reference(), "\n") {
		if strings.Contains(line, "**The file is secret.**") {
			require.Regexp(t, "^\\| `--[a-z-]+-file` ", line)
		}
	}
}
