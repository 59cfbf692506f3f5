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

// The import paths of the pages: here, and in a copy, which is a separate module
// without dependencies.
const (
	pagesHere = "github.com/olympusoss/oly-passkey/templates/ui"
	pagesCopy = "example.com/ui"
)

// Pages returns the files of templates/ui as they are copied into a project, by
// slash-separated path: the pages, passkey.js, and a small server. Tests are left
// out, and the module is named example.com/ui.
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
		case name == "go.mod.txt": // embedding skips folders with a go.mod
			name = "go.mod"
		case path.Ext(name) == ".go":
			content = bytes.ReplaceAll(content, []byte(pagesHere), []byte(pagesCopy))
		}
		files[name] = content
		return nil
	})
	return files, err
}
