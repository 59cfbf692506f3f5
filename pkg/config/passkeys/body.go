package passkeys

import (
	"encoding/base64"
	"errors"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Payload is what a hook sends for a sample context.
type Payload struct {
	Known bool // the body was found
	// Outside reports whether the body is a file that must not be read.
	Outside bool
	Body    string // its text
	JSON    string // the result for the sample
	Err     error  // the reason why there is none
}

// ToSidecar reports whether the hook reports to the sidecar.
func (h Hook) ToSidecar() bool { return strings.Contains(h.Config().Get("url").Text(), api.HookPath) }

// Payload returns what a hook of WebHooks sends. The first call evaluates all
// hooks, those with the same body together.
func (c *Config) Payload(h Hook) Payload { return c.payloads()[h.Value] }

func (c *Config) evaluate() map[*kratosconf.Value]Payload {
	out := make(map[*kratosconf.Value]Payload)
	hooks := c.WebHooks()
	var traits []string
	for _, s := range c.Schemas {
		for _, t := range Traits(s.Root) {
			if t.Top {
				traits = append(traits, t.Name)
			}
		}
	}
	same := make(map[string][]Hook) // by the text of the body
	var texts []string              // in the order of their first hooks
	for _, h := range hooks {
		text, ok, outside := c.bodyText(h.Config().Get("body"))
		switch {
		case outside:
			out[h.Value] = Payload{Outside: true}
		case ok:
			if same[text] == nil {
				texts = append(texts, text)
			}
			same[text] = append(same[text], h)
		}
	}
	for _, text := range texts {
		var samples []hookbody.Sample
		for _, h := range same[text] {
			samples = append(samples, hookbody.Sample{Flow: h.List.Flow, Before: !h.List.After, Parsed: h.Parsed(), Traits: traits})
		}
		for i, r := range c.bodies.Evaluate(text, samples) {
			out[same[text][i].Value] = Payload{Known: true, Body: text, JSON: r.JSON, Err: r.Err}
		}
	}
	return out
}

// bodyText returns the Jsonnet of a body: the content of a base64:// URL, or of a
// file that is searched for like an identity schema. outside is that of BodyFile.
func (c *Config) bodyText(v *kratosconf.Value) (text string, ok, outside bool) {
	if !v.Is(kratosconf.String) || v.Unknown() || v.Str == "" {
		return "", false, false
	}
	if data, ok := strings.CutPrefix(v.Str, "base64://"); ok {
		text, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			text, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(data, "="))
		}
		return string(text), err == nil, false
	}
	f, outside := c.BodyFile(v)
	if f == nil {
		return "", false, outside
	}
	return string(f.Data), true, false
}

// BodyFile returns the file that a body names, nil if it was not found; outside
// reports whether the file must not be read.
func (c *Config) BodyFile(v *kratosconf.Value) (f *source.File, outside bool) {
	if strings.Contains(v.Str, "://") && !strings.HasPrefix(v.Str, "file://") {
		return nil, false
	}
	name := strings.TrimPrefix(v.Str, "file://")
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	names := []string{}
	if filepath.IsAbs(name) {
		names = append(names, name)
	}
	for _, d := range slices.Backward(c.Documents) {
		dir := filepath.Dir(d.File.Name)
		names = append(names, filepath.Join(dir, name), filepath.Join(dir, path.Base(name)), filepath.Join(dir, "hooks", path.Base(name)))
	}
	for _, candidate := range names {
		f, err := c.read(candidate)
		if err == nil {
			return f, false
		}
		outside = outside || errors.Is(err, source.ErrOutside)
	}
	return nil, outside
}
