package kratosconf_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

func TestEnvFile(t *testing.T) {
	f := source.New("kratos.env", []byte("# comment\n\nDSN=memory\nexport A_B = \"two words\"\nEMPTY=\nQ='x=y'\r\n"))
	vars, err := kratosconf.EnvFile(f)
	require.NoError(t, err)
	var got []string
	for _, v := range vars {
		got = append(got, v.Name+"="+v.Value+" "+v.Span.String()+" "+v.Span.Text())
	}
	require.Equal(t, []string{
		"DSN=memory kratos.env:3:5 memory",
		"A_B=two words kratos.env:4:15 two words",
		"EMPTY= kratos.env:5:7 ",
		"Q=x=y kratos.env:6:4 x=y",
	}, got)
	_, err = kratosconf.EnvFile(source.New("kratos.env", []byte("A=1\nnothing\n")))
	require.EqualError(t, err, `kratos.env:2:1: want NAME=VALUE, got "nothing"`)
}

func TestVersions(t *testing.T) {
	for text, want := range map[string]string{"v1.3.1": "v1.3.1", "26.2": "v26.2.0", "v25.4.0-sqlite": "v25.4.0"} {
		v, err := kratosconf.ParseVersion(text)
		require.NoError(t, err)
		require.Equal(t, want, v.String())
	}
	_, err := kratosconf.ParseVersion("latest")
	require.EqualError(t, err, `"latest" is not a Kratos version; use a form such as v26.2.0`)
	require.True(t, kratosconf.DefaultVersion().AtLeast(kratosconf.VersionTriggerID))
	require.False(t, kratosconf.VersionPasskey.AtLeast(kratosconf.VersionTriggerID))

	v, ok := kratosconf.ImageVersion(source.New("compose.yml", []byte("# image: oryd/kratos:v0.1.0\nservices:\n  kratos:\n    image: docker.io/oryd/kratos:v1.3.1-distroless\n")))
	require.True(t, ok)
	require.Equal(t, "v1.3.1", v.String())
	_, ok = kratosconf.ImageVersion(source.New("compose.yml", []byte("image: oryd/kratos:latest\n")))
	require.False(t, ok)
}

// FuzzEnvFile: a value is the text at its place in the file.
func FuzzEnvFile(f *testing.F) {
	f.Add("A=1\nexport B='x'\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := source.New("x.env", []byte(text))
		vars, err := kratosconf.EnvFile(file)
		if err != nil {
			return
		}
		for _, v := range vars {
			require.LessOrEqual(t, v.Span.End, len(file.Data))
			require.Equal(t, v.Value, v.Span.Text())
		}
	})
}
