package lint

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

// Sent is what a hook sends on a sample context.
type Sent struct {
	Known bool // the body was found
	// Outside says that the body is a file that may not be read.
	Outside bool
	Body    string // its text
	JSON    string // what it makes of the sample
	Err     error  // why it makes nothing
}

// ToSidecar tells whether the hook reports to the sidecar.
func (h Hook) ToSidecar() bool { return strings.Contains(h.Config().Get("url").Text(), api.HookPath) }

// Sent answers what a hook of WebHooks sends. All are evaluated when the first is
// asked for, those with the same body together.
func (p *Pass) Sent(h Hook) Sent {
	if p.sent == nil {
		p.sent = make(map[*kratosconf.Value]Sent)
		p.evaluate(p.WebHooks())
	}
	return p.sent[h.Value]
}

func (p *Pass) evaluate(hooks []Hook) {
	var traits []string
	for _, s := range p.Schemas {
		for _, t := range Traits(s.Root) {
			if t.Top {
				traits = append(traits, t.Name)
			}
		}
	}
	same := make(map[string][]Hook) // by the text of the body
	var texts []string              // in the order of their first hooks
	for _, h := range hooks {
		text, ok, outside := p.bodyText(h.Config().Get("body"))
		switch {
		case outside:
			p.sent[h.Value] = Sent{Outside: true}
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
		for i, r := range p.bodies.EvaluateAll(text, samples) {
			p.sent[same[text][i].Value] = Sent{Known: true, Body: text, JSON: r.JSON, Err: r.Err}
		}
	}
}

// bodyText finds the Jsonnet of a body: base64:// holds it, a file is looked for
// where an identity schema would be. outside is that of bodyFile.
func (p *Pass) bodyText(v *kratosconf.Value) (text string, ok, outside bool) {
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
	f, outside := p.bodyFile(v)
	if f == nil {
		return "", false, outside
	}
	return string(f.Data), true, false
}

// bodyFile is the file that a body names, nil when it is not here; outside says
// that it is named and may not be read.
func (p *Pass) bodyFile(v *kratosconf.Value) (f *source.File, outside bool) {
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
	for _, d := range slices.Backward(p.Config.Documents) {
		dir := filepath.Dir(d.File.Name)
		names = append(names, filepath.Join(dir, name), filepath.Join(dir, path.Base(name)), filepath.Join(dir, "hooks", path.Base(name)))
	}
	for _, candidate := range names {
		f, err := p.read(candidate)
		if err == nil {
			return f, false
		}
		outside = outside || errors.Is(err, source.ErrOutside)
	}
	return nil, outside
}
