package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// policyKey is a key of the passkey method's ceremony policy. It takes one of
// values, or a duration if there are none.
type policyKey struct {
	block, name string
	values      []string
}

// embedx/config.schema.json at b86338da0; each block has additionalProperties:
// false.
func policySchema() []policyKey {
	return []policyKey{
		{"authenticator_selection", "resident_key", []string{"required", "preferred", "discouraged"}},
		{"authenticator_selection", "attachment", []string{"platform", "cross-platform"}},
		{"authenticator_selection", "user_verification", []string{"required", "preferred", "discouraged"}},
		{"attestation", "preference", []string{"none", "indirect", "direct", "enterprise"}},
		{"timeouts", "registration", nil},
		{"timeouts", "login", nil},
	}
}

var policyDuration = regexp.MustCompile(`^([1-9][0-9]*(ns|us|ms|s|m|h))+$`)

// ceremonyPolicy reports errors that keep a Kratos that supports the policy
// from starting, whether or not the method is enabled.
func ceremonyPolicy(p *lint.Pass) {
	if !policyKeys(p) {
		return // key-newer-than-kratos
	}
	keys := policySchema()
	for _, block := range []string{"authenticator_selection", "attestation", "timeouts"} {
		var names []string
		for _, k := range keys {
			if k.block == block {
				names = append(names, k.name)
			}
		}
		v, path := p.Passkey.Config.Get(block), p.Passkey.Path+".config."+block
		switch {
		case v == nil || v.Unknown():
			continue
		case !v.Is(kratosconf.Map):
			p.ReportAt(v, finding.Finding{
				Message: fmt.Sprintf("%s is of type %s but must be an object with the keys %s, so Kratos does not start", path, v.Kind, strings.Join(names, ", ")),
				Help:    fmt.Sprintf("add a key below it, such as %s", example(keys, block)),
			})
			continue
		}
		unknownKeys(p, v, path, names)
		for _, k := range keys {
			if k.block == block {
				k.check(p, v.Get(k.name), path+"."+k.name)
			}
		}
	}
}

// example returns a key of a block with a valid value.
func example(keys []policyKey, block string) string {
	k := keys[slices.IndexFunc(keys, func(k policyKey) bool { return k.block == block })]
	if k.values == nil {
		return k.name + ": 5m"
	}
	return k.name + ": " + k.values[0]
}

func (k policyKey) check(p *lint.Pass, v *kratosconf.Value, path string) {
	switch {
	case v == nil || v.Unknown() || passkeys.TemplateLeft(v.Text()):
	case k.values == nil && (!v.Is(kratosconf.String) || !policyDuration.MatchString(v.Str)):
		p.ReportAt(v, finding.Finding{
			Message: fmt.Sprintf("%s %q is not a duration that Kratos accepts, so it does not start", path, v.Str),
			Help:    "write whole numbers with a unit, such as 5m or 1m30s",
		})
	case k.values != nil && (!v.Is(kratosconf.String) || !slices.Contains(k.values, v.Str)):
		p.ReportAt(v, finding.Finding{
			Message: fmt.Sprintf("%s %q is not one of %s, so Kratos does not start", path, v.Str, strings.Join(k.values, ", ")),
			Help:    "write one of them, or remove the key to use Kratos' default",
		})
	}
}
