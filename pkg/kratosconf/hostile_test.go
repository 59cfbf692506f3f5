package kratosconf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestHostileTemplates must not hang; the texts once took minutes.
func TestHostileTemplates(t *testing.T) {
	for _, unit := range []string{"@", "{{", "{{} ", "${", "__", "##", "<%", "{%"} {
		parse(t, "x.yml", "a: '"+strings.Repeat(unit, 200_000)+"'\n")
	}
	var text strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&text, "k%d: {{ .x%d }}\n", i, i)
	}
	for _, f := range parse(t, "x.yml", text.String()).Root.Fields() {
		require.True(t, f.Value.Unknown(), "there are fewer placeholders, but this is one: %q", f.Name)
	}
}

func TestAliasBombIsRefused(t *testing.T) {
	text := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := byte('b'); c < 'k'; c++ {
		text += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+",", 9) + "]\n"
	}
	_, err := kratosconf.Parse(source.New("x.yml", []byte(text)), kratosconf.ParseOptions{})
	require.EqualError(t, err, "x.yml:1:1: document contains excessive aliasing")
}

func TestDeepTOMLIsRefused(t *testing.T) {
	_, err := kratosconf.Parse(source.New("x.toml", []byte("a = "+strings.Repeat("[", 1<<20))), kratosconf.ParseOptions{})
	require.EqualError(t, err, "x.toml:1:10005: more than 10000 levels")
}
