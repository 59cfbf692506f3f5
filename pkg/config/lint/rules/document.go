package rules

import (
	"embed"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

//go:embed *.txtar
var documents embed.FS

// Document is the part of a rule's .txtar that users read: why the rule exists,
// and its first case.
type Document struct {
	Prose   string
	Example []ExampleFile // the files of the first case, and the expected output as "want"
}

// ExampleFile is one file of a case.
type ExampleFile struct{ Name, Text string }

// DocumentOf returns the document of a rule, or false if there is no such rule.
func DocumentOf(id string) (Document, bool) {
	raw, err := documents.ReadFile(strings.ReplaceAll(id, "-", "_") + ".txtar")
	if err != nil || strings.Contains(id, "_") {
		return Document{}, false
	}
	archive := txtar.Parse(raw)
	d := Document{Prose: strings.TrimSpace(string(archive.Comment))}
	first := ""
	for _, f := range archive.Files {
		folder, name, _ := strings.Cut(f.Name, "/")
		if first == "" {
			first = folder
		}
		if folder == first {
			d.Example = append(d.Example, ExampleFile{Name: name, Text: string(f.Data)})
		}
	}
	return d, true
}
