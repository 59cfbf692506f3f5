package rules

import (
	"embed"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

//go:embed *.txtar
var documents embed.FS

// Document is what a rule's .txtar says to people: why the rule exists, and the
// first of its cases.
type Document struct {
	Prose   string
	Example []ExampleFile // of the first case: the files, and what the rule says of them as "want"
}

// ExampleFile is one file of a case.
type ExampleFile struct{ Name, Text string }

// DocumentOf answers the document of a rule, false where there is no such rule.
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
