package kratosconf_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

func TestTOML(t *testing.T) {
	d := parse(t, "kratos.toml", `# Kratos
dsn = "memory"
[selfservice.methods.passkey]
enabled = true
[selfservice.methods.passkey.config.rp]
id = 'example.com'
display_name = "{{ .Name }}"
origins = [
  "https://example.com", # one
  "https://app.example.com",
]
[[identity.schemas]]
id = "default"
url = "file://schema.json"
[[identity.schemas]]
id = "staff"
`)
	for _, c := range []struct{ path, at, text string }{
		{"dsn", "kratos.toml:2:8", "memory"},
		{"selfservice.methods.passkey.enabled", "kratos.toml:4:11", "true"},
		{"selfservice.methods.passkey.config.rp.id", "kratos.toml:6:7", "example.com"},
		{"selfservice.methods.passkey.config.rp.origins.0", "kratos.toml:9:4", "https://example.com"},
		{"selfservice.methods.passkey.config.rp.origins.1", "kratos.toml:10:4", "https://app.example.com"},
		{"identity.schemas.1.id", "kratos.toml:16:7", "staff"},
	} {
		v := d.Root.Get(c.path)
		require.True(t, v.Exists(), c.path)
		require.Equal(t, c.at, v.Span.String(), c.path)
		require.Equal(t, c.text, v.Span.Text(), c.path)
	}
	require.True(t, d.Root.Get("selfservice.methods.passkey.enabled").True())
	require.True(t, d.Root.Get("selfservice.methods.passkey.config.rp.display_name").Unknown())
	require.Equal(t, "kratos.toml:8:1", d.Root.Get("selfservice.methods.passkey.config.rp.origins").Place().String())
	require.Equal(t, "kratos.toml:5:37", d.Root.Get("selfservice.methods.passkey.config.rp").Place().String())

	_, err := kratosconf.Parse(source.New("kratos.toml", []byte("a = 1\nb = [1\n")), kratosconf.ParseOptions{})
	require.EqualError(t, err, "kratos.toml:3:1: unterminated array")
}

// FuzzTOML: every span of what is read lies inside of the file.
func FuzzTOML(f *testing.F) {
	f.Add("a = [1, 'x']\n[b.c]\nd = \"e\"\n[[f]]\ng = 1979-05-27\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2048 {
			return
		}
		d, err := kratosconf.Parse(source.New("x.toml", []byte(text)), kratosconf.ParseOptions{})
		if err == nil {
			within(t, d.File, d.Root, 0)
		}
	})
}
