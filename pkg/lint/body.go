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

// SidecarPath is in the address of every hook to the sidecar.
const SidecarPath = "/v1/hooks/kratos/"

// ToSidecar tells whether the hook reports to the sidecar.
func (h Hook) ToSidecar() bool { return strings.Contains(h.Config().Get("url").Text(), SidecarPath) }

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
	for _, h := range hooks {
		if text, ok := p.bodyText(h.Config().Get("body")); ok {
			same[text] = append(same[text], h)
		}
	}
	for text, hooks := range same {
		var samples []hookbody.Sample
		for _, h := range hooks {
			samples = append(samples, hookbody.Sample{Flow: h.List.Flow, Before: !h.List.After, Parsed: h.Parsed(), Traits: traits})
		}
		for i, r := range hookbody.EvaluateAll(text, samples) {
			p.sent[hooks[i].Value] = Sent{Known: true, Body: text, JSON: r.JSON, Err: r.Err}
		}
	}
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
