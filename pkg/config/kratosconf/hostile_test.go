package kratosconf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// TestHostileTemplates must not hang; the texts once took minutes.
func TestHostileTemplates(t *testing.T) {
	for _, unit := range []string{"@", "{{", "${", "__", "##", "<%", "{%"} {
		parse(t, "x.yml", "a: '"+strings.Repeat(unit, 40_000)+"'\n")
	}
	var text strings.Builder
	for i := range 8_000 {
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

// TestAnchorsInThemselves: yaml.v3 does not look below a map that has a key twice,
// and so does not see these.
func TestAnchorsInThemselves(t *testing.T) {
	for _, text := range []string{
		"a: &x {b: *x, b: 1}\n",
		"a: &x [*x]\nb: 1\nb: 2\n",
		"a: &x {b: 1, b: 2, <<: *x}\n",
		"a: &x {<<: [*x], b: 1, b: 2}\n",
		"a: &x {b: &y {c: *x}}\nd: 1\nd: *y\n",
		"&k {a: *k, a: 1}: 1\nb: *k\n",
	} {
		d, err := kratosconf.Parse(source.New("x.yml", []byte(text)), kratosconf.ParseOptions{})
		require.NoError(t, err, text)
		require.Len(t, d.Duplicates, 1, text)
	}
}

// TestDeepTOML: brackets that are open at the same time are counted, whatever
// they hold.
func TestDeepTOML(t *testing.T) {
	for text, want := range map[string]string{
		"a = " + strings.Repeat("[", 1<<20):                            "1:10005: more than 10000 levels",
		strings.Repeat("[{", 5000) + "[":                               "1:10001: more than 10000 levels",
		strings.Repeat("[[]", 10000):                                   "1:29999: more than 10000 levels",
		"#]}\n" + strings.Repeat("{", 10001):                           "2:10001: more than 10000 levels",
		"a = " + strings.Repeat("[", 1000) + strings.Repeat("]", 1000): "",
		"#]}\na = [" + strings.Repeat("[],", 10001) + "]":              "",
		"a = [" + strings.Repeat("{},", 10001) + "]":                   "",
	} {
		_, err := kratosconf.Parse(source.New("x.toml", []byte(text)), kratosconf.ParseOptions{})
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, "x.toml:"+want)
	}
}
