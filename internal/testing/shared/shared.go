// Package shared finds reference data that lies beside the repository, in ../shared,
// such as published configurations that are not ours to copy.
package shared

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// variable names another folder than ../shared.
const variable = "OLY_PASSKEY_SHARED"

var mainModule = regexp.MustCompile(`(?m)^module github\.com/olympusoss/oly-passkey$`)

// Path returns the path of a file or folder of the reference data, such as
// "corpus/index.tsv". If it does not exist, the test is skipped.
func Path(tb testing.TB, name string) string {
	tb.Helper()
	path := filepath.Join(folder(tb), filepath.FromSlash(name))
	switch _, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		tb.Skipf("no reference data at %s; set %s to its folder", path, variable)
	case err != nil:
		tb.Fatal(err)
	}
	return path
}

// folder returns $OLY_PASSKEY_SHARED, or the folder named shared beside the root of
// the main module, which also contains the nested modules.
func folder(tb testing.TB) string {
	tb.Helper()
	if path := os.Getenv(variable); path != "" {
		return path
	}
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		switch {
		case err == nil && mainModule.Match(text):
			return filepath.Join(filepath.Dir(dir), "shared")
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			tb.Fatal(err)
		case dir == filepath.Dir(dir):
			tb.Fatalf("no go.mod of the main module above the test; set %s", variable)
		}
	}
}
