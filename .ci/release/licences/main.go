// Command licences lists the modules that are linked into oly-passkey on any
// platform, with their licences, as Markdown. It fails where it finds none, or one
// that is not on the list of those that go together with Apache-2.0.
//
//	licences ROOT > docs/licences.md
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// allowed are the licences (SPDX) under which the program may hold other people's
// work.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unlicense"}

// platforms are those that releases are made for.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: licences ROOT")
		os.Exit(2)
	}
	page, err := document(context.Background(), os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(3)
	}
	fmt.Print(page)
}

// document is the page about the module at root.
func document(ctx context.Context, root string) (string, error) {
	linked := make(map[string]map[string]bool) // licences by module
	for _, platform := range platforms {
		if err := link(ctx, root, platform, linked); err != nil {
			return "", fmt.Errorf("%s: %w", platform, err)
		}
	}
	var b strings.Builder
	b.WriteString(`# Licences of what the program holds

oly-passkey is Apache-2.0. These modules are linked into it on at least one platform. The list is generated (` + "`make licences`" + `)
and a test fails when it is stale, or when a licence is not one of ` + strings.Join(allowed, ", ") + `.
The SBOM of a release names their versions.

| module | licence |
|---|---|
| the Go standard library | BSD-3-Clause |
`)
	names := make([]string, 0, len(linked))
	for name := range linked {
		names = append(names, name)
	}
	slices.Sort(names)
	var wrong []error
	for _, name := range names {
		var ids []string
		for id := range linked[name] {
			ids = append(ids, id)
			if !slices.Contains(allowed, id) {
				wrong = append(wrong, fmt.Errorf("module %s is under %q, which is not on the list", name, id))
			}
		}
		slices.Sort(ids)
		fmt.Fprintf(&b, "| %s | %s |\n", name, strings.Join(ids, ", "))
	}
	return b.String(), errors.Join(wrong...)
}

// link adds what is linked on one platform.
func link(ctx context.Context, root, platform string, linked map[string]map[string]bool) error {
	goos, goarch, _ := strings.Cut(platform, "/")
	list := exec.CommandContext(ctx, "go", "list", "-deps", "-json=Dir,Module", "./cmd/oly-passkey")
	list.Dir, list.Stderr = root, os.Stderr
	list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	out, err := list.Output()
	if err != nil {
		return err
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir    string
			Module *struct {
				Path, Dir string
				Main      bool
			}
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if p.Module == nil || p.Module.Main {
			continue
		}
		if linked[p.Module.Path] == nil {
			linked[p.Module.Path] = make(map[string]bool)
		}
		ids, err := nearest(p.Dir, p.Module.Dir)
		if err != nil {
			return fmt.Errorf("module %s: %w", p.Module.Path, err)
		}
		for _, id := range ids {
			linked[p.Module.Path][id] = true
		}
	}
}

// nearest reads the licences in the folder of a package, or in the next one above
// it that has any.
func nearest(dir, top string) ([]string, error) {
	for {
		files, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, f := range files {
			name := strings.ToUpper(f.Name())
			if !f.IsDir() && (strings.HasPrefix(name, "LICEN") || strings.HasPrefix(name, "COPYING") || strings.HasPrefix(name, "UNLICENSE")) {
				text, err := os.ReadFile(filepath.Join(dir, f.Name()))
				if err != nil {
					return nil, err
				}
				for _, m := range licensecheck.Scan(text).Match {
					if !m.IsURL {
						ids = append(ids, m.ID)
					}
				}
			}
		}
		if len(ids) > 0 {
			return ids, nil
		}
		if dir == top {
			return nil, fmt.Errorf("no licence that is known in %q or above", dir)
		}
		dir = filepath.Dir(dir)
	}
}
