// Package golden holds files that are generated, documents and expected output,
// against what generates them. It is for tests.
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

// shown is the number of lines of a difference that tell what it is about.
const shown = 20

// File fails the test unless the file at path holds what is generated now. With
// update it writes the file. It says which lines differ first, and the command
// that writes the file: the test by itself, with the flag -update, which the
// test's package has to have.
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
		tb.Fatalf("%s is not there; if it should be:\n  %s", path, command(tb))
	case err != nil:
		tb.Fatal(err)
	case !bytes.Equal(have, generated):
		tb.Fatalf("%s is stale; if what is generated now is right:\n  %s\n%s", path, command(tb), first(diff.Diff("in the file", have, "generated now", generated)))
	}
}

// first are the first lines of a difference, without the words above them.
func first(difference []byte) string {
	lines := bytes.SplitAfter(difference, []byte("\n"))[1:]
	if len(lines) > shown {
		return fmt.Sprintf("%s… and %d lines more", bytes.Join(lines[:shown], nil), len(lines)-shown)
	}
	return string(bytes.Join(lines, nil))
}

// command runs a test by itself, from the root of its module, and has it write
// its files.
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
