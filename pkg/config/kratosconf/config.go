package kratosconf

import (
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Config is a configuration: its layers merged, later ones overriding earlier ones.
type Config struct {
	Root      *Value      // nil when nothing is configured
	Documents []*Document // in the order in which Kratos is given them
	Env       []Variable  // those that fit a key
}

// Load merges documents in order, and then applies the environment.
func Load(docs []*Document, env []Variable) (*Config, error) {
	c := &Config{Documents: docs}
	for _, d := range docs {
		c.Root = merge(c.Root, d.Root)
	}
	for _, v := range env {
		if _, ok := findKey(v.Name); ok {
			c.Env = append(c.Env, v)
		}
	}
	var err error
	c.Root, err = overlay(c.Root, c.Env)
	return c, err
}

// Get returns the effective value at a path, nil if it is not configured.
func (c *Config) Get(path string) *Value { return c.Root.Get(path) }

// Near returns the position to report for a missing key: that of the nearest
// existing parent key, or else the start of the last file.
func (c *Config) Near(path string) source.Span {
	for path != "" {
		i := strings.LastIndexByte(path, '.')
		path = path[:max(i, 0)]
		if v := c.Get(path); path != "" && v != nil {
			return v.Place()
		}
	}
	if len(c.Documents) == 0 {
		return source.Span{}
	}
	return source.Span{File: c.Documents[len(c.Documents)-1].File}
}

// Incomplete reports whether templates may produce further keys, so that missing
// keys cannot be judged.
func (c *Config) Incomplete() bool {
	for _, d := range c.Documents {
		if d.Incomplete {
			return true
		}
	}
	return false
}
