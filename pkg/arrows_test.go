// Package pkg_test holds the architecture: pkg/config and pkg/sidecar are two
// halves that never import each other, the packages beside them are leaves, and
// only the roof sees both.
package pkg_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/olympusoss/oly-passkey/"

// leaf is what every package may import: packages that know neither half.
var leaf = []string{
	"pkg/webauthn", "pkg/userhandle", "pkg/aaguid", "pkg/source", "pkg/finding", "pkg/safetext", "pkg/api", "pkg/flagtable", "pkg/httpx", "pkg/client",
	"templates", "internal/testing",
}

// arrows says what the packages at or below a path may import besides the
// leaves, by path or by a prefix of it. The first row that fits a package counts.
var arrows = []struct {
	room string
	sees []string
}{
	{"templates/ui/server", []string{"templates/ui"}},
	{"templates", nil},
	{"internal/testing", nil},
	{"pkg/config", []string{"pkg/config"}},
	{"pkg/sidecar", []string{"pkg/sidecar"}},
	{"pkg/doctor", []string{"pkg/config", "pkg/doctor"}},
	{"pkg/demo", []string{"pkg/config", "pkg/sidecar", "templates/ui"}},
	{"cmd/internal/cli", []string{"pkg/sidecar/kratosadmin"}},
	{"cmd/internal/sidecarcmd", []string{"pkg/sidecar", "cmd/internal/cli"}},
	{"cmd/oly-passkey-sidecar", []string{"cmd/internal"}},
	{"cmd/oly-passkey", []string{"pkg", "cmd/internal", "templates/ui"}},
	{"examples", nil},
	{"pkg", nil}, // the leaves themselves
}

func TestArrows(t *testing.T) {
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		sees, known := allowed(name)
		require.True(t, known, "%s has no place in the architecture: add it to arrows", name)
		for _, imported := range p.Imports {
			if dep, ours := strings.CutPrefix(imported, module); ours {
				require.True(t, below(dep, sees), "%s imports %s, which it may not see", name, dep)
			}
		}
	}
}

// allowed returns the prefixes that a package may import, false for a package
// without a row.
func allowed(name string) ([]string, bool) {
	for _, row := range arrows {
		if below(name, []string{row.room}) {
			return append(leaf[:len(leaf):len(leaf)], row.sees...), true
		}
	}
	return nil, false
}

// below reports whether a package is one of the paths or lies under one.
func below(name string, paths []string) bool {
	for _, path := range paths {
		if name == path || strings.HasPrefix(name, path+"/") {
			return true
		}
	}
	return false
}

type goPackage struct {
	ImportPath string
	GoFiles    []string
	Imports    []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,GoFiles,Imports", "./...")
	list.Dir = ".."
	out, err := list.Output()
	require.NoError(t, err)
	var all []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		if len(p.GoFiles) > 0 {
			all = append(all, p)
		}
	}
}
