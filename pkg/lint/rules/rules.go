// Package rules holds the rules of the linter: one file a rule, with a .txtar
// of the same name that says why the rule exists and shows its cases.
package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// All lists every rule.
func All() []*lint.Rule {
	return []*lint.Rule{
		duplicateKey,
		identitySchemaNotFound,
		noDisplayName,
		noSessionHook,
		originAndOrigins,
		originHTTP,
		originIP,
		originPath,
		originTrailingSlash,
		originsDefaulted,
		passkeyMethodOff,
		rpIDIP,
		rpIDIsURL,
		rpIDMissing,
		rpIDNotCanonical,
		rpIDNotSuffix,
		rpIDPublicSuffix,
		schemaInvalid,
		uiOriginNotListed,
		webauthnNoIdentifier,
	}
}
