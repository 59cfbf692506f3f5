package explain

import (
	"bytes"
	"embed"
	"fmt"

	"gopkg.in/yaml.v3"
)

// Message is a known error message: a browser's error, a line of Kratos' log, an
// error code of Android or iOS.
type Message struct {
	ID     string   `yaml:"id"`
	Title  string   `yaml:"title"`
	From   string   `yaml:"from"`
	Where  string   `yaml:"where"` // its section of the document
	Match  []string `yaml:"match"`
	Causes []string `yaml:"causes"` // ids, likeliest first
	Source string   `yaml:"source"`
}

// Cause is a possible cause of messages, with a way to confirm it and a fix.
type Cause struct {
	ID      string   `yaml:"-" json:"id"`
	Because string   `yaml:"because" json:"because"`
	Tell    string   `yaml:"tell" json:"tell"`
	Fix     string   `yaml:"fix" json:"fix"`
	Rules   []string `yaml:"rules" json:"rules,omitempty"` // lint rules that find it in a configuration
	Source  string   `yaml:"source" json:"source"`
}

// Table holds all known messages and causes.
type Table struct {
	Messages []Message
	Causes   map[string]Cause
}

//go:embed table/*.yml
var tableFiles embed.FS

// Load reads the embedded table.
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
