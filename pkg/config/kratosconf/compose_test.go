package kratosconf_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestComposeFiles have keys of their own, which are no spelling of Kratos' keys.
func TestComposeFiles(t *testing.T) {
	const service = "services:\n  kratos:\n    image: oryd/kratos:v26.2.0\n"
	d := parse(t, "compose.yml", service+"configs:\n  other: {file: x}\n  kratos:\n    content: |\n      dsn: memory\n      selfservice: {methods: {passkey: {enabled: true}}}\n")
	require.True(t, d.Root.Get("selfservice.methods.passkey.enabled").True())
	require.Equal(t, "compose.yml:8:12", d.Root.Get("dsn").Span.String())
	require.Nil(t, d.Root.Get("configs"))

	d = parse(t, "compose.yml", service+"configs:\n  kratos: {file: kratos.yml}\n")
	require.Nil(t, d.Root)

	d, err := kratosconf.Parse(source.New("project.json", []byte(`{"services": {"identity": {"config": {"selfservice": {"flows": {}}}}}}`)), kratosconf.ParseOptions{})
	require.NoError(t, err)
	require.True(t, d.Root.Get("selfservice").Is(kratosconf.Map), "a project of Ory Network is no compose file")
}
