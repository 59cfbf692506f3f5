package patch

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

// addresses makes the sidecar reject changes of the traits to which Kratos sends
// sign-in and recovery codes. Kratos would accept a stranger's address, keep the
// passkeys, and let that stranger sign in.
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
		What: "reject changes of " + strings.Join(names, " or ") + " in settings: a stranger whose address is entered there could sign in with a code",
		At:   p.Near(path + ".0"),
	}
	if len(own.Items()) > 0 {
		step.At = own.Place()
		return w.apply(step, yamledit.Prepend(own, first))
	}
	hooks := list()
	hooks.Content = append([]*yaml.Node{first}, repeated(after.Get("hooks"))...) // which a list for the method disables
	return w.apply(step, yamledit.InsertNode(p.Config, path, hooks))
}

// addressTraits returns the names of all traits to which Kratos sends codes.
func addressTraits(p *passkeys.Config) ([]string, error) {
	var names []string
	for _, s := range p.Schemas {
		for _, t := range passkeys.Traits(s.Root) {
			switch {
			case !t.Code && t.RecoveryVia == "", slices.Contains(names, t.Name):
			case !t.Top:
				return nil, conflictf(t.Value.Place(), "trait %q is nested in another trait, which init does not support; add the refuse-address-change hook by hand", t.Name)
			default:
				names = append(names, t.Name)
			}
		}
	}
	if len(names) == 0 {
		return nil, conflictf(p.Near("identity.schemas.0"), "no identity schema has a trait to which Kratos sends codes, so no change of address needs to be rejected")
	}
	return names, nil
}

// addressBody returns a body that calls the sidecar only if one of the traits differs:
// templates/hooks/refuse-address-change.jsonnet in one line.
func addressBody(names []string) string {
	quoted, _ := json.Marshal(names) // strings always marshal
	return fmt.Sprintf(`function(ctx) local addresses(identity) = [std.get(identity.traits, name, null) for name in %s]; `+
		`if addresses(ctx.identity) != addresses(ctx.flow.identity) then { flow_id: ctx.flow.id } else error "cancel"`, quoted)
}
