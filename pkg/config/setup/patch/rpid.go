package patch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Every passkey is bound to the relying party id for which it was created, so only
// Options.RPID changes a configured one.

func methods(p *passkeys.Config) []*passkeys.Method { return []*passkeys.Method{p.Passkey, p.WebAuthn} }

// noteRPIDs records the configured relying party ids. A URL or an IP address is not
// one: no browser creates a passkey for it.
func (w *workshop) noteRPIDs(p *passkeys.Config) {
	w.rpIDs = make(map[string]*kratosconf.Value)
	for _, m := range methods(p) {
		usable := m.IDProblem == passkeys.RPIDOK || m.IDProblem == passkeys.RPIDNotCanonical
		if m.ID.Is(kratosconf.String) && m.ID.Str != "" && usable {
			w.rpIDs[m.Name] = m.ID
		}
	}
}

// moveRPIDs sets the relying party id of both methods to the given one.
func (w *workshop) moveRPIDs(o Options) error {
	for name := range w.rpIDs {
		p, err := w.pass()
		if err != nil {
			return err
		}
		m := p.Passkey
		if name == p.WebAuthn.Name {
			m = p.WebAuthn
		}
		id := strings.ToLower(o.RPID)
		if id == "" || !m.On || m.ID.Str == id {
			continue
		}
		step := Step{What: fmt.Sprintf("change the relying party id of %s from %q to %q: passkeys created for the old one stop working", name, m.ID.Str, id), At: m.ID.Place()}
		if err := w.apply(step, m.ID.Edit(id)); err != nil {
			return err
		}
	}
	return nil
}

// workingRPIDs returns an error if a relying party id does not work on the pages:
// only the user can decide to change it.
func (w *workshop) workingRPIDs(p *passkeys.Config, o Options) error {
	if o.RPID != "" {
		return nil
	}
	for _, m := range methods(p) {
		was, would := w.rpIDs[m.Name], p.Domain(m)
		if was == nil || would == "" || would == m.ID.Text() {
			continue
		}
		for _, f := range w.plan.Left {
			if f.Rule == "rp-id-not-suffix" && f.Severity == finding.Error && f.Span.SamePlace(m.ID.Place()) {
				return &QuestionError{Flag: "--rp-id", Span: was.Place(), Message: fmt.Sprintf("the relying party id %q of %s does not work and would have to be %q; passkeys created for it would stop working", was.Str, m.Name, would)}
			}
		}
	}
	return nil
}

// relyingPartyFact records, as the first fact, the relying party id of the result.
func (w *workshop) relyingPartyFact(p *passkeys.Config) {
	id := p.Passkey.ID
	if !id.Is(kratosconf.String) {
		return
	}
	from := w.rpIDFrom
	if w.rpIDs[p.Passkey.Name] != nil {
		from = w.before(id.Place())
	}
	w.plan.Facts = slices.Insert(w.plan.Facts, 0, Fact{Name: "relying party id", Value: id.Str, From: w.before(from)})
}

// profileFact records how strictly the result is checked, and the page that decides it.
func (w *workshop) profileFact(p *passkeys.Config) {
	name, at := "dev", source.Span{}
	if p.Prod() {
		name = "prod"
	}
	for _, page := range p.Pages {
		if page.Known && passkeys.IsPublic(page.Page) == p.Prod() {
			at = page.Value.Place()
			break
		}
	}
	w.fact("profile", name, at)
}
