package kratosconf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

func TestKindNames(t *testing.T) {
	d := parse(t, "x.yml", "a: ~\nb: yes\nc: 1\nd: 1.5\ne: x\nf: {}\ng: []\nh: true\n")
	var names []string
	for _, f := range d.Root.Fields() {
		names = append(names, f.Value.Kind.String())
	}
	require.Equal(t, []string{"null", "string", "integer", "number", "string", "object", "array", "boolean"}, names)
	require.Equal(t, "missing", kratosconf.Missing.String())
}

func TestGetFollowsKeysAndNumbers(t *testing.T) {
	d := parse(t, "x.yml", "a: [x, {b: y}]\nc: z\n\"d.e\": w\n")
	for path, want := range map[string]string{"a.0": "x", "a.1.b": "y", "c": "z", "a.2": "", "a.-1": "", "a.x": "", "c.d": "", "d.e": "", "a.1.c": ""} {
		require.Equal(t, want, d.Root.Get(path).Text(), path)
	}
	require.Same(t, d.Root, d.Root.Get(""))
	require.Equal(t, "w", d.Root.Field("d.e").Text())
	require.Nil(t, d.Root.Get("a").Field("0"), "only maps have fields")
	require.Nil(t, d.Root.Get("nothing").Field("0"))
	require.Len(t, d.Root.Get("a").Items(), 2)
	require.True(t, d.Root.Get("a").Is(kratosconf.List))
	require.False(t, d.Root.Get("nothing").Is(kratosconf.Missing))
}

// TestLargeMaps are looked up another way, with the same answers.
func TestLargeMaps(t *testing.T) {
	for _, n := range []int{1, 15, 16, 17, 40} {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, "k%d: %d\n", i, i)
		}
		text.WriteString("k0: again\n")
		d := parse(t, "x.yml", text.String())
		require.Len(t, d.Root.Fields(), n)
		require.Len(t, d.Duplicates, 1)
		require.Equal(t, "again", d.Root.Get("k0").Str)
		for i := 1; i < n; i++ {
			require.Equal(t, fmt.Sprint(i), d.Root.Get(fmt.Sprintf("k%d", i)).Text(), "of %d", n)
			require.Equal(t, fmt.Sprintf("k%d", i), d.Root.Fields()[i].Name)
		}
		require.Nil(t, d.Root.Get("other"))
	}
}

func TestTruth(t *testing.T) {
	d := parse(t, "x.yml", "a: true\nb: TRUE\nc: false\nd: False\ne: \"true\"\nf: 'false'\n")
	for key, want := range map[string][2]bool{"a": {true, false}, "b": {true, false}, "c": {false, true}, "d": {false, true}, "e": {}, "f": {}, "g": {}} {
		v := d.Root.Get(key)
		require.Equal(t, want, [2]bool{v.True(), v.False()}, key)
	}
}

// TestEdits: what may be rewritten, and with or without its quotes.
func TestEdits(t *testing.T) {
	f := source.New("x.yml", []byte("a: plain\nb: \"double\"\nc: 'single'\nd: &x anchored\ne: *x\nf: {}\ng: \"esc\\n\"\nh: 'x\"\n"))
	_, err := kratosconf.Parse(f, kratosconf.ParseOptions{})
	require.Error(t, err)
	f = source.New("x.yml", []byte("a: plain\nb: \"double\"\nc: 'single'\nd: &x anchored\ne: *x\nf: {}\ng: \"esc\\n\"\nh: last"))
	d, err := kratosconf.Parse(f, kratosconf.ParseOptions{})
	require.NoError(t, err)
	for key, want := range map[string][2]string{
		"a": {"NEW", "NEW"}, "b": {`"NEW"`, "NEW"}, "c": {"'NEW'", "NEW"}, "h": {"NEW", "NEW"},
		"d": {}, "e": {}, "f": {}, "g": {}, "nothing": {},
	} {
		v := d.Root.Get(key)
		for i, edits := range [][]source.Edit{v.Edit("NEW"), v.Replace("NEW")} {
			require.Equal(t, want[i] != "", v.Editable(), key)
			if want[i] == "" {
				require.Nil(t, edits, key)
				continue
			}
			out, err := source.Apply(f, edits)
			require.NoError(t, err)
			again := parse(t, "x.yml", string(out))
			require.Equal(t, "NEW", again.Root.Get(key).Str)
			require.Contains(t, string(out), key+": "+want[i]+"", "%s", out)
			require.Len(t, out, len(f.Data)-len(v.Span.Text())+len("NEW")-(len(want[0])-len(want[i])))
		}
	}
	for text, want := range map[string]string{`"b"`: "1", `2`: "1"} {
		f := source.New("x", []byte(text))
		v, err := kratosconf.ParseJSON(f)
		require.NoError(t, err)
		out, err := source.Apply(f, v.Replace("1"))
		require.NoError(t, err)
		require.Equal(t, want, string(out), "with its quotes")
	}
}

func TestPlaces(t *testing.T) {
	d := parse(t, "x.yml", "a: text\nb:\n  c: {}\nd: [1]\ne:\nf: |\n  block\ng: [[2]]\nh: ~\n")
	for path, want := range map[string]string{
		"a": "x.yml:1:4", "b": "x.yml:2:1", "b.c": "x.yml:3:3", "d": "x.yml:4:1", "d.0": "x.yml:4:5", "e": "x.yml:5:1", "f": "x.yml:6:1", "g.0": "x.yml:8:5", "h": "x.yml:9:1",
	} {
		require.Equal(t, want, d.Root.Get(path).Place().String(), path)
	}
	require.Equal(t, source.Span{}, d.Root.Get("nothing").Place())
}

// TestNear: the nearest existing key, or the start of the last file.
func TestNear(t *testing.T) {
	c := load(t, []string{"a.yml", "b.yml"}, []string{"x: {y: {z: 1}}\n", "\nw: 1\n"})
	for path, want := range map[string]string{"x.y.z.q": "a.yml:1:12", "x.y.q": "a.yml:1:5", "x.q.r": "a.yml:1:1", "q.r": "b.yml:1:1", "q": "b.yml:1:1", "x": "b.yml:1:1"} {
		require.Equal(t, want, c.Near(path).String(), path)
	}
	empty, err := kratosconf.Load(nil, nil)
	require.NoError(t, err)
	require.Equal(t, source.Span{}, empty.Near("a.b"))
	require.Nil(t, empty.Root)
}

func TestIncomplete(t *testing.T) {
	whole := "a: 1\n"
	part := "a:\n  b: 1\n  {{- include \"rest\" . }}\n"
	for _, tc := range []struct {
		texts []string
		want  bool
	}{{nil, false}, {[]string{whole}, false}, {[]string{part}, true}, {[]string{whole, part}, true}, {[]string{part, whole}, true}, {[]string{"a: {{ .b }}\n"}, false}, {[]string{"{{ .a }}: 1\n"}, true}} {
		names := []string{"a.yml", "b.yml"}[:len(tc.texts)]
		require.Equal(t, tc.want, load(t, names, tc.texts).Incomplete(), "%q", tc.texts)
	}
}

// TestVersionsOfChanges: the rules depend on these versions.
func TestVersionsOfChanges(t *testing.T) {
	for want, version := range map[string]kratosconf.Version{
		"v1.1.0": kratosconf.VersionOrigins, "v1.2.0": kratosconf.VersionPasskey, "v25.4.0": kratosconf.VersionTriggerID,
		"v26.2.0": kratosconf.DefaultVersion(), "v26.2.1": kratosconf.VersionPolicy,
	} {
		require.Equal(t, want, version.String())
	}
}

// TestVersionsAreCompared number by number.
func TestVersionsAreCompared(t *testing.T) {
	version := func(text string) kratosconf.Version {
		v, err := kratosconf.ParseVersion(text)
		require.NoError(t, err, text)
		return v
	}
	inOrder := []string{"v0.13.0", "v1.0.0", "v1.1.0", "1.2", "v1.3.1", "v1.3.2", "v1.10.0", "v25.4.0", "v26.2.0", "v9999.9999.999999"}
	for i, a := range inOrder {
		for j, b := range inOrder {
			require.Equal(t, i >= j, version(a).AtLeast(version(b)), "%s and %s", a, b)
		}
	}
	require.Equal(t, kratosconf.Version{Major: 1, Minor: 2, Patch: 3}, version("v1.2.3"))
	for _, text := range []string{"", "v", "v1", "1.", "x1.2", "v12345.1", "vv1.2", ".1.2"} {
		v, err := kratosconf.ParseVersion(text)
		require.EqualError(t, err, fmt.Sprintf("%q is not a Kratos version; use a form such as v26.2.0", text))
		require.Zero(t, v)
	}
}

func TestImageVersions(t *testing.T) {
	for text, want := range map[string]string{
		"image: oryd/kratos:v1.3.1":                               "v1.3.1",
		"FROM oryd/kratos:v26.2.0 AS kratos\n":                    "v26.2.0",
		"x: y\n  image: \"reg/oryd/kratos:v25.4.0-distroless\"\n": "v25.4.0",
		"a: 1 # oryd/kratos:v1.0.0\nimage: oryd/kratos:v1.1.0\n":  "v1.1.0",
		"image: myoryd/kratos:v1.1.0":                             "",
		"image: oryd/kratos:1.1.0":                                "",
		"image: oryd/kratos:v1":                                   "",
		"":                                                        "",
	} {
		v, ok := kratosconf.ImageVersion(source.New("x", []byte(text)))
		require.Equal(t, want != "", ok, text)
		if ok {
			require.Equal(t, want, v.String())
		}
	}
}
