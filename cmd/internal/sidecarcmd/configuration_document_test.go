package sidecarcmd

import (
	"flag"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/golden"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md")

const configurationIntroduction = `# Configuration of the sidecar

Every option of ` + "`oly-passkey serve`" + ` and ` + "`oly-passkey-sidecar serve`" + `, generated from the table that both programs read
(` + "`go test ./cmd/internal/sidecarcmd -update`" + ` rewrites this page).

An option is a flag, an environment variable or a line of the YAML file that ` + "`--options-file FILE`" + ` names. Flags override the
environment, the environment overrides the file, and the file overrides the default. Empty variables are ignored. A list is a
sequence in the file and separated by commas in the environment. An unknown key or variable, or a value of the wrong type, is an
error with its position, and the server does not start.

<!-- file: serve.yml -->
` + "```yaml" + `
kratos-admin-url: http://127.0.0.1:4434
data-dir: data
api-key-file: sidecar.key
max-age: 12h
` + "```" + `

<!-- not run: sidecar.md starts one with the same options -->
` + "```sh" + `
oly-passkey serve --options-file serve.yml
` + "```" + `

SIGHUP rereads the file, the keys, the certificates and the documents. Options marked *reload* take effect; for any other change
the log says that it needs a restart. If something cannot be read or is invalid, nothing changes and the log says why. Keys and
certificates are also reread on their own when they change.

`

const configurationEnd = `
## Traces

If ` + "`OTEL_EXPORTER_OTLP_ENDPOINT`" + ` or ` + "`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`" + ` is set, spans of requests, of pulls from
Kratos and of commits are sent there as http/protobuf. The other OpenTelemetry variables (headers, certificates, sampler,
resource attributes) work as usual. An incoming ` + "`traceparent`" + ` is honored, and one is sent to Kratos. No span contains a
handle, a credential id, a key or an identity id.
`

// TestConfigurationDocument compares docs/configuration.md with the table.
func TestConfigurationDocument(t *testing.T) {
	var o serveOptions
	page := configurationIntroduction + o.table().Reference() + configurationEnd
	golden.File(t, "../../../docs/configuration.md", []byte(page), *update)
}

// TestNoSecretIsAnOption: secrets are in files, and options only name the files.
func TestNoSecretIsAnOption(t *testing.T) {
	var o serveOptions
	for _, line := range strings.Split(o.table().Reference(), "\n") {
		if strings.Contains(line, "**The file is secret.**") {
			require.Regexp(t, "^\\| `--[a-z-]+-file` ", line)
		}
	}
}
