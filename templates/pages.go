package templates

import (
	"bytes"
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed ui/*.go ui/*.js ui/*.svg ui/*.css ui/go.mod.txt ui/README.md ui/pages ui/texts ui/server/main.go
var pages embed.FS

// The import path of the pages here, and the one of a copy: a module of its own
// that needs nothing but the standard library.
const (
	pagesHere = "github.com/olympusoss/oly-passkey/templates/ui"
	pagesCopy = "example.com/ui"
)

// Pages answers the files of templates/ui as they are copied into a project, by
// their path with slashes: the pages, passkey.js, and a small server. Tests stay
// behind, and the module is called example.com/ui.
func Pages() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(pages, "ui", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		content, err := pages.ReadFile(name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "ui/")
		switch {
		case name == "go.mod.txt": // a folder with a go.mod could not be embedded
			name = "go.mod"
		case path.Ext(name) == ".go":
			content = bytes.ReplaceAll(content, []byte(pagesHere), []byte(pagesCopy))
		}
		files[name] = content
		return nil
	})
	return files, err
}
