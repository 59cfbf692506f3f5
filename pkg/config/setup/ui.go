package setup

import (
	"maps"
	"slices"

	"github.com/olympusoss/oly-passkey/templates"
)

// pageFiles are the pages with their server, a Go module of its own below ui/.
func pageFiles() ([]File, error) {
	all, err := templates.Pages()
	if err != nil {
		return nil, err
	}
	var files []File
	for _, name := range slices.Sorted(maps.Keys(all)) {
		files = append(files, File{Path: "ui/" + name, Mode: public, Content: all[name]})
	}
	return files, nil
}
