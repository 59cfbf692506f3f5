package kratosconf

import (
	"encoding/base64"
	"errors"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// IdentitySchema is an entry of identity.schemas with its schema.
type IdentitySchema struct {
	ID      string
	URL     *Value // the configuration's url of it, nil if there is none
	Default bool   // identities get this schema unless they ask for another
	// Root is the schema; nil if it was not found (Err is nil) or could not be read.
	Root *Value
	Err  error
	// Outside reports whether the URL names a file that must not be read and no other
	// file was found.
	Outside bool
	// Inside is the value that holds the text of the schema encoded, so that
	// positions in the schema are not positions of the file; nil otherwise.
	Inside *Value
}

// SchemaOptions are the options for finding identity schemas.
type SchemaOptions struct {
	// Named maps schema ids to files; "" is the default schema.
	Named map[string]string
	// Read reads a file. It returns an error if the file does not exist.
	Read func(name string) (*source.File, error)
	// Fetch reads a schema at an http or https URL. If it is nil, such schemas are
	// not fetched.
	Fetch func(url string) (*source.File, error)
}

// IdentitySchemas finds all identity schemas: in the file named by the user, then at
// a base64:// URL, then under the URL's base name in the same manifest or Helm values,
// then at the URL (file://, relative to the kratos.yml), then under its base name
// beside the kratos.yml, and for the default schema in <kratos.yml without
// extension>.schema.json.
func (c *Config) IdentitySchemas(opts SchemaOptions) []IdentitySchema {
	var out []IdentitySchema
	defaultID := c.Get("identity.default_schema_id").Text()
	entries := c.Get("identity.schemas").Items()
	for _, entry := range entries {
		s := IdentitySchema{ID: entry.Get("id").Text(), URL: entry.Get("url")}
		s.Default = s.ID == defaultID || len(entries) == 1
		c.find(&s, opts)
		out = append(out, s)
	}
	if len(entries) == 0 && opts.Named[""] != "" {
		s := IdentitySchema{Default: true}
		c.find(&s, opts)
		out = append(out, s)
	}
	return out
}

func (c *Config) find(s *IdentitySchema, opts SchemaOptions) {
	name, named := opts.Named[s.ID]
	if !named && s.Default {
		name, named = opts.Named[""]
	}
	if named {
		f, err := opts.Read(name)
		s.read(f, err)
		return
	}
	if data, ok := strings.CutPrefix(s.URL.Text(), "base64://"); ok && !s.URL.Unknown() {
		s.Inside = s.URL
		s.decode(data)
		return
	}
	if opts.Fetch != nil && isRemote(s.URL) {
		f, err := opts.Fetch(s.URL.Str)
		s.read(f, err)
		return
	}
	for _, d := range c.Documents {
		name := path.Base(s.URL.Text())
		f := d.EmbeddedSchema(name)
		if f == nil {
			f, s.Inside = d.heldSchema(name)
		}
		if f != nil {
			s.read(f, nil)
			return
		}
	}
	for _, candidate := range c.candidates(s) {
		f, err := opts.Read(candidate)
		if err == nil {
			s.Outside = false
			s.read(f, nil)
			return
		}
		s.Outside = s.Outside || errors.Is(err, source.ErrOutside)
	}
}

func (s *IdentitySchema) read(f *source.File, err error) {
	if err == nil {
		s.Root, err = ParseJSON(f)
	}
	s.Err = err
}

func (s *IdentitySchema) decode(data string) {
	text, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		text, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(data, "="))
	}
	s.read(source.New("identity schema "+s.ID, text), err)
}

func isRemote(v *Value) bool {
	return !v.Unknown() && (strings.HasPrefix(v.Text(), "http://") || strings.HasPrefix(v.Text(), "https://"))
}

// candidates returns the files that may contain a schema.
func (c *Config) candidates(s *IdentitySchema) []string {
	var names []string
	file, isFile := strings.CutPrefix(s.URL.Text(), "file://")
	remote := isRemote(s.URL)
	if s.URL.Unknown() {
		isFile = false
	}
	if isFile {
		if u, err := url.PathUnescape(file); err == nil {
			file = u
		}
		if filepath.IsAbs(file) {
			names = append(names, file)
		}
	}
	for _, d := range slices.Backward(c.Documents) {
		dir := filepath.Dir(d.File.Name)
		if isFile {
			names = append(names, filepath.Join(dir, file), filepath.Join(dir, path.Base(file)))
		} else if remote {
			names = append(names, filepath.Join(dir, path.Base(s.URL.Text())))
		}
		if s.Default {
			names = append(names, strings.TrimSuffix(d.File.Name, filepath.Ext(d.File.Name))+".schema.json")
		}
	}
	return names
}
