package release

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goreleaser/goreleaser/v2/pkg/config"
	"github.com/stretchr/testify/require"
)

// TestGoReleaser reads .goreleaser.yaml as GoReleaser does, which rejects unknown
// keys. "make snapshot" builds the whole release with it.
func TestGoReleaser(t *testing.T) {
	f, err := os.Open(root + "/.goreleaser.yaml")
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	project, err := config.LoadReader(f)
	require.NoError(t, err)

	env, flags := buildFlags(t)
	require.Len(t, project.Builds, 2)
	for i, program := range []string{"oly-passkey", "oly-passkey-sidecar"} {
		build := project.Builds[i]
		require.Equal(t, "./cmd/"+program, build.Main)
		require.Equal(t, program, build.Binary)
		require.Equal(t, []string{"linux", "darwin", "windows"}, build.Goos)
		require.Equal(t, []string{"amd64", "arm64"}, build.Goarch)
		require.Equal(t, append(env[:len(env):len(env)], "GOFLAGS=-buildvcs=true"), build.Env)
		require.Equal(t, []string{"build", build.Flags[0], "-ldflags", build.Ldflags[0]}, flags)
		require.Equal(t, "{{ .CommitTimestamp }}", build.ModTimestamp)

		image := project.DockersV2[i]
		require.Equal(t, []string{"ghcr.io/olympusoss/" + program}, image.Images)
		require.Equal(t, []string{"--target=" + []string{"cli", "sidecar"}[i]}, image.Flags)
		require.Equal(t, []string{"linux/amd64", "linux/arm64"}, image.Platforms)
		require.Equal(t, "released", image.BuildArgs["BINARY"])
	}

	require.Equal(t, config.Repo{Owner: "olympusoss", Name: "oly-passkey"}, project.Release.GitHub)
	require.Equal(t, "sha256", project.Checksum.Algorithm)
	require.Equal(t, "binary", project.SBOMs[0].Artifacts)
	require.Equal(t, []string{"oly-passkey"}, project.Casks[0].Binaries)
}

// TestPackageFiles makes what an archive holds besides the program, and looks
// whether .goreleaser.yaml names it.
func TestPackageFiles(t *testing.T) {
	command(t, clones[0], nil, ".ci/package-files")
	f, err := os.Open(root + "/.goreleaser.yaml")
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	project, err := config.LoadReader(f)
	require.NoError(t, err)
	for _, file := range project.Archives[0].Files {
		for _, goos := range project.Builds[0].Goos {
			source := strings.ReplaceAll(file.Source, "{{ .Os }}", goos)
			found, err := filepath.Glob(filepath.Join(clones[0], source))
			require.NoError(t, err)
			require.NotEmpty(t, found, source)
		}
	}
	cask := project.Casks[0]
	for _, name := range []string{cask.Manpages[0], cask.Completions.Bash, cask.Completions.Zsh, cask.Completions.Fish, filepath.Base(project.SBOMs[0].Cmd)} {
		require.FileExists(t, filepath.Join(clones[0], "bin", filepath.FromSlash(name)))
	}

	sbom := project.SBOMs[0]
	document := filepath.Join(t.TempDir(), "bom.json")
	require.NoError(t, os.MkdirAll(filepath.Join(clones[0], "dist"), 0o755))
	args := strings.NewReplacer("$document", document, "$artifact", filepath.Join(clones[0], "bin/cyclonedx-gomod"))
	for i, a := range sbom.Args {
		sbom.Args[i] = args.Replace(a)
	}
	command(t, filepath.Join(clones[0], "dist"), nil, sbom.Cmd, sbom.Args...)
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	require.Contains(t, string(text), `"pkg:golang/github.com/CycloneDX/cyclonedx-gomod@`)
}
