package adopt

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
)

// addresses has the sidecar refuse that people change in settings what Kratos
// signs them in by code with, or recovers them by: it would take a stranger's,
// keep the passkeys, and let that stranger in.
func (w *workshop) addresses(o Options) error {
	if !o.RefuseAddressChange {
		return nil
	}
	p, err := w.pass()
	if err != nil {
		return err
	}
	names, err := addressTraits(p)
	if err != nil {
		return err
	}
	const path = "selfservice.flows.settings.after.profile.hooks"
	after := p.Get("selfservice.flows.settings.after")
	own := after.Get("profile.hooks")
	refused := func(h *kratosconf.Value) bool {
		return strings.HasSuffix(h.Get("config.url").Text(), "/refuse-address-change")
	}
	if after.Unknown() || after.Get("profile").Unknown() || own.Unknown() || slices.ContainsFunc(own.Items(), refused) {
		return nil
	}
	first := hook(w.sidecar, "refuse-address-change", addressBody(names), "parse")
	step := Step{
		What: "refuse that settings change " + strings.Join(names, " or ") + ": with a stranger's, that stranger gets into the account by code",
		At:   p.Near(path + ".0"),
	}
	if len(own.Items()) > 0 {
		step.At = own.Place()
		return w.apply(step, yamledit.Prepend(own, first))
	}
	hooks := list()
	hooks.Content = append([]*yaml.Node{first}, repeated(after.Get("hooks"))...) // which these switch off
	return w.apply(step, yamledit.InsertNode(p.Config, path, hooks))
}

// addressTraits are the names of all schemas' traits that open an account.
func addressTraits(p *passkeys.Config) ([]string, error) {
	var names []string
	for _, s := range p.Schemas {
		for _, t := range passkeys.Traits(s.Root) {
			switch {
			case !t.Code && t.RecoveryVia == "", slices.Contains(names, t.Name):
			case !t.Top:
				return nil, conflictf(t.Value.Place(), "trait %q stands inside of another, where init does not follow it; write the hook of refuse-address-change by hand", t.Name)
			default:
				names = append(names, t.Name)
			}
		}
	}
	if len(names) == 0 {
		return nil, conflictf(p.Near("identity.schemas.0"), "no identity schema has a trait to which Kratos sends codes, so there is no change of address to refuse")
	}
	return names, nil
}

// addressBody calls the sidecar only where one of the traits differs: what
// templates/hooks/refuse-address-change.jsonnet says in one line.
func addressBody(names []string) string {
	quoted, _ := json.Marshal(names) // texts can always be written
	return fmt.Sprintf(`function(ctx) local addresses(identity) = [std.get(identity.traits, name, null) for name in %s]; `+
		`if addresses(ctx.identity) != addresses(ctx.flow.identity) then { flow_id: ctx.flow.id } else error "cancel"`, quoted)
}
