package source_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

func TestBounds(t *testing.T) {
	top := t.TempDir()
	write := func(name string) string {
		path := filepath.Join(top, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("x: 1\n"), 0o600))
		return path
	}
	link := func(name, to string) string {
		path := filepath.Join(top, name)
		require.NoError(t, os.Symlink(to, path))
		return path
	}
	inside, deep, secret, other := write("repo/a.yml"), write("repo/deploy/b.yml"), write("secret/c.yml"), write("other/d.yml")
	beside, near := write("other/e.yml"), write("repository/f.yml")
	require.NoError(t, os.Mkdir(filepath.Join(top, "repo/.git"), 0o700))
	out, in, missing := link("repo/out.yml", "../secret/c.yml"), link("repo/in.yml", filepath.Join(top, "repo/a.yml")), link("repo/missing.yml", "../secret/none.yml")
	folder := filepath.Join(link("repo/folder", "../secret"), "c.yml")
	repo := filepath.Join(link("byname", "repo"), "a.yml")

	bounds := func(t *testing.T, dir string) *source.Bounds {
		t.Helper()
		b, err := source.NewBounds(filepath.Join(top, dir))
		require.NoError(t, err)
		return b
	}
	b := bounds(t, "repo/deploy") // its top is repo, which has the .git
	b.NameConfig(other)
	b.Name(secret)
	b.Name(out)
	for _, c := range []struct {
		name string
		path string
		want error
	}{
		{"in the repository", inside, nil},
		{"in a folder of it", deep, nil},
		{"a link within it", in, nil},
		{"beside a configuration that was named", beside, nil},
		{"a file that was named", secret, nil},
		{"a name that begins as the repository's", near, source.ErrOutside},
		{"a link that leads out, though it was named", out, source.ErrOutside},
		{"through a folder that leads out", folder, source.ErrOutside},
		{"what is not there", filepath.Join(top, "secret/none.yml"), source.ErrOutside},
		{"a link to what is not there", missing, os.ErrNotExist},
		{"a device", "/dev/null", source.ErrOutside},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := b.Open(c.path)
			require.ErrorIs(t, err, c.want)
			if c.want == nil {
				require.Equal(t, c.path, f.Name)
				require.False(t, f.Foreign)
			}
			require.Equal(t, c.want == nil, b.MayWrite(c.path))
		})
	}
	require.True(t, b.MayWrite(filepath.Join(top, "repo/new.yml")))
	require.False(t, b.MayWrite(filepath.Join(top, "repo/folder/new.yml")))

	b.All = true
	f, err := b.Open(out)
	require.NoError(t, err)
	require.True(t, f.Foreign)
	require.False(t, b.MayWrite(out))
	_, err = b.Open("/dev/null")
	require.EqualError(t, err, `read "/dev/null": it is not a regular file`)
	b.Name("/dev/null")
	_, err = b.Open("/dev/null")
	require.NoError(t, err)

	b = bounds(t, "byname")
	for _, path := range []string{repo, inside} {
		_, err = b.Open(path)
		require.NoError(t, err)
	}

	b = bounds(t, "other") // no repository: the folder alone
	_, err = b.Open(beside)
	require.NoError(t, err)
	_, err = b.Open(inside)
	require.ErrorIs(t, err, source.ErrOutside)
}

func TestAround(t *testing.T) {
	long := make([]rune, 5000)
	for i := range long {
		long[i] = 'ä' + rune(i%20)
	}
	f := source.New("x", []byte("first\n"+string(long)+"\nlast"))
	for _, at := range []int{0, 1, 1023, 1024, 2500, 4999} {
		start := len("first\n") + len(string(long[:at]))
		span := source.Span{File: f, Start: start, End: start + 2}
		require.Equal(t, source.Position{Line: 2, Column: at + 1}, span.Position())
		text, before := span.Around()
		require.Less(t, len(text), 2000)
		require.Equal(t, string(long[at]), string([]rune(text)[before]))
	}
	text, before := source.Span{File: f, Start: 2, End: 3}.Around()
	require.Equal(t, "first", text)
	require.Equal(t, 2, before)
}
