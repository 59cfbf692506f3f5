// Package pkg_test keeps the house in order: imports only point down, and the
// two halves, configuration and directory, never know each other.
package pkg_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/olympusoss/oly-passkey/"

// The floors of each half, from the ground up: a package may import what stands
// before it in its own half, and the leaves. The roof sees both halves.
var (
	leaves        = []string{"pkg/webauthn", "pkg/userhandle", "pkg/aaguid", "pkg/source", "pkg/safetext", "pkg/httpx", "pkg/api", "internal/testing/kratostest", "internal/testing/golden"}
	configuration = []string{"pkg/config/kratosconf", "pkg/config/hookbody", "pkg/config/lint", "pkg/config/lint/rules", "pkg/config/upgrade", "pkg/config/report", "pkg/config/project", "pkg/config/matrix", "pkg/config/explain", "pkg/config/wellknown", "templates", "pkg/config/survey", "pkg/config/adopt", "pkg/config/setup"}
	directory     = []string{"pkg/sidecar/index", "pkg/sidecar/index/indextest", "pkg/sidecar/index/memory", "pkg/sidecar/index/bolt", "pkg/sidecar/index/postgres", "internal/testing/postgrestest", "pkg/sidecar/kratosadmin", "pkg/sidecar/directory", "pkg/client", "pkg/sidecar/server", "pkg/sidecar/audit", "pkg/config/orynetwork", "internal/testing/orynetworktest"}
	roof          = []string{"pkg/flagtable", "templates/ui", "templates/ui/server", "pkg/demo", "pkg/doctor/ceremony", "pkg/doctor", "cmd/oly-passkey"}
)

func TestArrowsPointDown(t *testing.T) {
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		below := allowed(name)
		require.NotNil(t, below, "%s has no place in the house: add it to a half in this test", name)
		for _, imported := range p.Imports {
			if dep, ours := strings.CutPrefix(imported, module); ours {
				require.Contains(t, below, dep, "%s imports %s, which does not stand below it", name, dep)
			}
		}
	}
}

// allowed lists what a package may import; nil for an unknown package.
func allowed(name string) []string {
	if slices.Contains(leaves, name) {
		return []string{}
	}
	for _, half := range [][]string{configuration, directory} {
		if i := slices.Index(half, name); i >= 0 {
			return slices.Concat(leaves, half[:i])
		}
	}
	if i := slices.Index(roof, name); i >= 0 {
		return slices.Concat(leaves, configuration, directory, roof[:i])
	}
	return nil
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
