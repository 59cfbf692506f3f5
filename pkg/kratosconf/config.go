package kratosconf

import (
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Config is a whole configuration: its layers laid over each other.
type Config struct {
	Root      *Value      // nil when nothing is configured
	Documents []*Document // in the order in which Kratos is given them
	Env       []Variable  // those that fit a key
}

// Load lays documents over each other in order and the environment over all.
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

// Get answers the effective value at a path, nil when nothing configures it.
func (c *Config) Get(path string) *Value { return c.Root.Get(path) }

// Near is where to point at for a key that is not there: the nearest enclosing
// key that is, else the start of the last file.
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

// Incomplete tells whether keys may come out of a template that are not seen
// here, so that nothing can be said of a key that is missing.
func (c *Config) Incomplete() bool {
	for _, d := range c.Documents {
		if d.Incomplete {
			return true
		}
	}
	return false
}
