// Package golden compares generated files, such as documents and expected output,
// with what a test generates.
package golden

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
)

// shown is the number of lines of a difference that are shown.
const shown = 20

// File fails the test if the file at path differs from the generated content, or
// writes the file if update is set. The failure shows the first different lines and
// the command that updates the file: the test with the flag -update, which the
// test's package must define.
func File(tb testing.TB, path string, generated []byte, update bool) {
	tb.Helper()
	if update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, generated, 0o600)); err != nil {
			tb.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		tb.Fatalf("%s does not exist; to create it:\n  %s", path, command(tb))
	case err != nil:
		tb.Fatal(err)
	case !bytes.Equal(have, generated):
		tb.Fatalf("%s is stale; to update it:\n  %s\n%s", path, command(tb), first(diff.Diff("in the file", have, "generated now", generated)))
	}
}

// first returns the first lines of a difference, without its header.
func first(difference []byte) string {
	lines := bytes.SplitAfter(difference, []byte("\n"))[1:]
	if len(lines) > shown {
		return fmt.Sprintf("%s… and %d lines more", bytes.Join(lines[:shown], nil), len(lines)-shown)
	}
	return string(bytes.Join(lines, nil))
}

// command returns the command that runs one test with -update, from the root of its
// module.
func command(tb testing.TB) string {
	tb.Helper()
	here, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	root := here
	for !isFile(filepath.Join(root, "go.mod")) && root != filepath.Dir(root) {
		root = filepath.Dir(root)
	}
	below, err := filepath.Rel(root, here)
	if err != nil {
		tb.Fatal(err)
	}
	name, _, _ := strings.Cut(tb.Name(), "/")
	return fmt.Sprintf("go test ./%s -run '^%s$' -update", filepath.ToSlash(below), name)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
