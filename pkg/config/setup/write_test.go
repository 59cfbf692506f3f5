package setup_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

func write(t *testing.T, dir string, all []setup.File, force bool) map[string]setup.Action {
	t.Helper()
	changes, err := setup.Write(dir, all, force)
	require.NoError(t, err)
	got := make(map[string]setup.Action)
	for _, c := range changes {
		got[c.Path] = c.Action
	}
	return got
}

// tree is every file below a folder with its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	}))
	return all
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there yet")
	all := files(t, setup.Options{Domain: "auth.example.com"}, setup.State{})
	got := write(t, dir, all, false)
	require.Equal(t, []setup.Action{setup.Created}, slices.Compact(slices.Collect(maps.Values(got))))
	require.Len(t, tree(t, dir), len(all), "no temporary file is left")
	for _, f := range all {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(f.Path)))
		require.NoError(t, err)
		require.Equal(t, f.Mode, info.Mode(), f.Path)
	}

	before := tree(t, dir)
	have, err := setup.ReadState(dir)
	require.NoError(t, err)
	got = write(t, dir, files(t, setup.Options{Domain: "auth.example.com"}, have), false)
	require.Equal(t, []setup.Action{setup.Unchanged}, slices.Compact(slices.Collect(maps.Values(got))))
	require.Equal(t, before, tree(t, dir))
}

func TestWriteRefusesToOverwrite(t *testing.T) {
	dir := t.TempDir()
	all := files(t, setup.Options{Domain: "auth.example.com"}, setup.State{})
	require.NoError(t, os.Mkdir(filepath.Join(dir, "hooks"), 0o700))
	for _, name := range []string{"kratos.yml", "hooks/identity.jsonnet"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("mine\n"), 0o600))
	}
	before := tree(t, dir)

	_, err := setup.Write(dir, all, false)
	require.EqualError(t, err, "kratos.yml, hooks/identity.jsonnet differ from what would be written; nothing was written. See the changes with --diff, or use a different --dir")
	require.Equal(t, before, tree(t, dir))

	got := write(t, dir, all, true)
	require.Equal(t, setup.Replaced, got["kratos.yml"])
	require.Equal(t, setup.Created, got["kratos.env"])
	require.Equal(t, content(t, all, "kratos.yml"), tree(t, dir)[filepath.Join(dir, "kratos.yml")])
	require.Equal(t, "mine\n", tree(t, dir)[filepath.Join(dir, "kratos.yml.bak")])
	require.Equal(t, "mine\n", tree(t, dir)[filepath.Join(dir, "hooks", "identity.jsonnet.bak")])
}

// TestWriteKeepsCopies: every replaced file has a copy that overwrites no other copy
// and, if the file holds secrets, is readable by its owner only.
func TestWriteKeepsCopies(t *testing.T) {
	dir := t.TempDir()
	all := files(t, setup.Options{Domain: "auth.example.com"}, setup.State{})
	config := filepath.Join(dir, "kratos.yml")
	for i, c := range []struct {
		text string
		mode fs.FileMode
		want fs.FileMode
	}{
		{"dsn: memory\n", 0o644, 0o600},
		{"selfservice: {}\n", 0o644, 0o644},
		{"secrets: {cookie: [a]}\n", 0o640, 0o600},
		{"  \"connection_uri\": smtps://a:b@c\n", 0o644, 0o600},
		{"log: {level: info}\n", 0o400, 0o400},
	} {
		require.NoError(t, os.RemoveAll(config))
		require.NoError(t, os.WriteFile(config, []byte(c.text), 0o600))
		require.NoError(t, os.Chmod(config, c.mode))
		changes, err := setup.Write(dir, all, true)
		require.NoError(t, err)
		backup := "kratos.yml.bak"
		if i > 0 {
			backup += "." + string(rune('0'+i))
		}
		require.Equal(t, setup.Change{Path: "kratos.yml", Action: setup.Replaced, Backup: backup}, changes[0])
		info, err := os.Stat(filepath.Join(dir, backup))
		require.NoError(t, err)
		require.Equal(t, c.want, info.Mode(), c.text)
		require.Equal(t, c.text, tree(t, dir)[filepath.Join(dir, backup)])
	}
}

// TestWriteSecretsThroughNoLink: the owner of a symbolic link could otherwise choose
// where the secrets are written or which files git ignores.
func TestWriteSecretsThroughNoLink(t *testing.T) {
	all := files(t, setup.Options{Domain: "auth.example.com", Target: setup.Compose}, setup.State{})
	for _, name := range []string{setup.KratosEnv, setup.SidecarKey, setup.PostgresEnv, ".gitignore"} {
		for there, prepare := range map[string]func(string) error{
			"nothing": func(string) error { return nil },
			"a file":  func(to string) error { return os.WriteFile(to, []byte("theirs\n"), 0o644) },
			"the same": func(to string) error {
				return os.WriteFile(to, []byte(content(t, all, name)), 0o644) // whose mode would be tightened
			},
		} {
			t.Run(name+" to "+there, func(t *testing.T) {
				dir, other := t.TempDir(), t.TempDir()
				require.NoError(t, prepare(filepath.Join(other, "x")))
				before := tree(t, other)
				require.NoError(t, os.Symlink(filepath.Join(other, "x"), filepath.Join(dir, name)))
				_, err := setup.Write(dir, all, true)
				require.EqualError(t, err, `"`+filepath.Join(dir, name)+`" is a symbolic link; secrets are only written to regular files. Replace the link with a file`)
				require.Equal(t, before, tree(t, other))
				entries, err := os.ReadDir(dir)
				require.NoError(t, err)
				require.Len(t, entries, 1)
			})
		}
	}
}

func TestWriteExtendsAndTightens(t *testing.T) {
	dir := t.TempDir()
	ignore := filepath.Join(dir, ".gitignore")
	require.NoError(t, os.WriteFile(ignore, []byte("node_modules\n"), 0o600))
	have, err := setup.ReadState(dir)
	require.NoError(t, err)
	all := files(t, setup.Options{Domain: "auth.example.com"}, have)
	require.Equal(t, setup.Extended, write(t, dir, all, false)[".gitignore"])
	require.Equal(t, "node_modules\n/kratos.env\n/sidecar.key\n/kratos.db*\n/data/\n", tree(t, dir)[ignore])

	key := filepath.Join(dir, setup.SidecarKey)
	require.NoError(t, os.Chmod(key, 0o644))
	require.Equal(t, setup.Tightened, write(t, dir, all, false)[setup.SidecarKey])
	info, err := os.Stat(key)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
}

func TestWriteKeepsLinks(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(t.TempDir(), "shared.yml")
	require.NoError(t, os.WriteFile(target, []byte("mine\n"), 0o600))
	require.NoError(t, os.Symlink(target, filepath.Join(dir, "kratos.yml")))
	all := files(t, setup.Options{Domain: "auth.example.com"}, setup.State{})
	require.Equal(t, setup.Replaced, write(t, dir, all, true)["kratos.yml"])
	got, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, content(t, all, "kratos.yml"), string(got))
}

func TestWriteFails(t *testing.T) {
	all := files(t, setup.Options{Domain: "auth.example.com"}, setup.State{})

	t.Run("a folder is in the way", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "README.md"), 0o700))
		_, err := setup.Write(dir, all, true)
		require.EqualError(t, err, strconv.Quote(filepath.Join(dir, "README.md"))+" exists and is not a regular file")
		require.Empty(t, tree(t, dir))
	})
	t.Run("a file is in the way of a folder", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "hooks"), nil, 0o600))
		_, err := setup.Write(dir, all, true)
		require.EqualError(t, err, "read the existing file: stat "+filepath.Join(dir, "hooks/identity.jsonnet")+": not a directory")
		require.Len(t, tree(t, dir), 1)
	})
	t.Run("a folder that cannot be made", func(t *testing.T) {
		_, err := setup.Write("/proc/nowhere", all, false)
		require.EqualError(t, err, "write /proc/nowhere/kratos.yml: mkdir /proc/nowhere: no such file or directory")
	})
}
