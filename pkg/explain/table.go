package explain

import (
	"bytes"
	"embed"
	"fmt"

	"gopkg.in/yaml.v3"
)

// Message is something that people see: a browser's error, a line of Kratos'
// log, a code of a telephone.
type Message struct {
	ID     string   `yaml:"id"`
	Title  string   `yaml:"title"`
	From   string   `yaml:"from"`
	Where  string   `yaml:"where"` // the place of it in the document
	Match  []string `yaml:"match"`
	Causes []string `yaml:"causes"` // ids, likeliest first
	Source string   `yaml:"source"`
}

// Cause is one thing that can be wrong, with how to tell it from the others
// and what to do about it.
type Cause struct {
	ID      string   `yaml:"-" json:"id"`
	Because string   `yaml:"because" json:"because"`
	Tell    string   `yaml:"tell" json:"tell"`
	Fix     string   `yaml:"fix" json:"fix"`
	Rules   []string `yaml:"rules" json:"rules,omitempty"` // that find it in a configuration
	Source  string   `yaml:"source" json:"source"`
}

// Table is everything that is known.
type Table struct {
	Messages []Message
	Causes   map[string]Cause
}

//go:embed table/*.yml
var tableFiles embed.FS

// Load reads the table that is built in.
func Load() (*Table, error) {
	t := &Table{}
	if err := read("table/messages.yml", &t.Messages); err != nil {
		return nil, err
	}
	if err := read("table/causes.yml", &t.Causes); err != nil {
		return nil, err
	}
	for id, c := range t.Causes {
		c.ID = id
		t.Causes[id] = c
	}
	return t, nil
}

func read(name string, into any) error {
	text, err := tableFiles.ReadFile(name)
	if err != nil {
		return err
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
