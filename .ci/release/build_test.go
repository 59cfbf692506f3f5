package release

import (
	"crypto/sha256"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// maxSize is what a stripped program may weigh, in bytes.
const maxSize = 40 << 20

// TestCrossCompile builds the six programs of a release, without cgo.
func TestCrossCompile(t *testing.T) {
	env, flags := buildFlags(t)
	for _, goos := range []string{"linux", "darwin", "windows"} {
		for _, goarch := range []string{"amd64", "arm64"} {
			t.Run(goos+"/"+goarch, func(t *testing.T) {
				program := filepath.Join(t.TempDir(), "oly-passkey")
				command(t, clones[0], append(env, "GOOS="+goos, "GOARCH="+goarch), "go", append(flags, "-o", program, "./cmd/oly-passkey")...)
				info, err := os.Stat(program)
				require.NoError(t, err)
				require.Less(t, info.Size(), int64(maxSize))
				machine := map[string]func(*testing.T, string) string{"linux": elfMachine, "darwin": machoMachine, "windows": peMachine}[goos]
				require.Equal(t, goarch, machine(t, program))
			})
		}
	}
}

func elfMachine(t *testing.T, path string) string {
	t.Helper()
	f, err := elf.Open(path)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	libraries, err := f.ImportedLibraries()
	require.NoError(t, err)
	require.Empty(t, libraries, "the program is not static")
	for _, p := range f.Progs {
		require.NotEqual(t, elf.PT_INTERP, p.Type, "the program is not static")
	}
	return map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}[f.Machine]
}

func machoMachine(t *testing.T, path string) string {
	t.Helper()
	f, err := macho.Open(path)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	return map[macho.Cpu]string{macho.CpuAmd64: "amd64", macho.CpuArm64: "arm64"}[f.Cpu]
}

func peMachine(t *testing.T, path string) string {
	t.Helper()
	f, err := pe.Open(path)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	return map[uint16]string{pe.IMAGE_FILE_MACHINE_AMD64: "amd64", pe.IMAGE_FILE_MACHINE_ARM64: "arm64"}[f.Machine]
}

// TestReproducible builds twice: in another folder, with another GOPATH, home,
// time zone and umask. For make proof nothing but the downloaded modules is
// shared; else the compiled packages are, too, which leaves what depends on the
// place.
func TestReproducible(t *testing.T) {
	env, flags := buildFlags(t)
	modules := command(t, root, nil, "go", "env", "GOMODCACHE")
	var sums [2]string
	for i, clone := range clones {
		elsewhere := t.TempDir()
		here := slices.Concat(env, []string{"GOMODCACHE=" + modules[:len(modules)-1]})
		if i == 1 {
			here = append(here, "GOPATH="+filepath.Join(elsewhere, "go"), "HOME="+elsewhere, "TZ=Pacific/Auckland", "LC_ALL=C", "USER=somebody")
			cache := command(t, root, nil, "go", "env", "GOCACHE")
			if os.Getenv("OLY_PASSKEY_PROOF") == "1" {
				cache = filepath.Join(elsewhere, "cache") + "\n"
			}
			here = append(here, "GOCACHE="+cache[:len(cache)-1])
		}
		program := filepath.Join(elsewhere, "oly-passkey")
		command(t, clone, here, "go", append(flags, "-o", program, "./cmd/oly-passkey")...)
		b, err := os.ReadFile(program)
		require.NoError(t, err)
		sum := sha256.Sum256(b)
		sums[i] = hex.EncodeToString(sum[:])
		require.NotContains(t, string(b), clone, "the program names the folder it was built in")
	}
	require.Equal(t, sums[0], sums[1])
}
