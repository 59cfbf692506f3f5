package lint

import (
	"encoding/base64"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Sent is what a hook sends on a sample context.
type Sent struct {
	Known bool   // the body was found
	Body  string // its text
	JSON  string // what it makes of the sample
	Err   error  // why it makes nothing
}

// situation is what the answer to a body depends on within one configuration.
type situation struct {
	body, flow     string
	before, parsed bool
}

// SidecarPath is in the address of every hook to the sidecar.
const SidecarPath = "/v1/hooks/kratos/"

// ToSidecar tells whether the hook reports to the sidecar.
func (h Hook) ToSidecar() bool { return strings.Contains(h.Config().Get("url").Text(), SidecarPath) }

// Sent evaluates the body of a hook, each distinct body and situation once.
func (p *Pass) Sent(h Hook) Sent {
	text, ok := p.bodyText(h.Config().Get("body"))
	if !ok {
		return Sent{}
	}
	sample := hookbody.Sample{Flow: h.List.Flow, Before: !h.List.After, Parsed: h.Parsed()}
	for _, s := range p.Schemas {
		for _, t := range Traits(s.Root) {
			if t.Top {
				sample.Traits = append(sample.Traits, t.Name)
			}
		}
	}
	key := situation{text, sample.Flow, sample.Before, sample.Parsed}
	if sent, ok := p.sent[key]; ok {
		return sent
	}
	sent := Sent{Known: true, Body: text}
	sent.JSON, sent.Err = hookbody.Evaluate(text, sample)
	p.sent[key] = sent
	return sent
}

// bodyText finds the Jsonnet of a body: base64:// holds it, a file is looked for
// where an identity schema would be.
func (p *Pass) bodyText(v *kratosconf.Value) (string, bool) {
	if !v.Is(kratosconf.String) || v.Unknown() || v.Str == "" {
		return "", false
	}
	if data, ok := strings.CutPrefix(v.Str, "base64://"); ok {
		text, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			text, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(data, "="))
		}
		return string(text), err == nil
	}
	f := p.bodyFile(v)
	if f == nil {
		return "", false
	}
	return string(f.Data), true
}

// bodyFile is the file that a body names, nil when it is not here.
func (p *Pass) bodyFile(v *kratosconf.Value) *source.File {
	if strings.Contains(v.Str, "://") && !strings.HasPrefix(v.Str, "file://") {
		return nil
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
		if f, err := p.read(candidate); err == nil {
			return f
		}
	}
	return nil
}
