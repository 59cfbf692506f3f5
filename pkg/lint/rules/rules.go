// Package rules holds the rules of the linter: one file a rule, with a .txtar
// of the same name that says why the rule exists and shows its cases.
package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/lint"
)

// All lists every rule.
func All() []*lint.Rule {
	return []*lint.Rule{
		androidOriginFormat,
		displayNameMisnested,
		duplicateKey,
		extensionOrigin,
		identitySchemaNotFound,
		localhostOriginInProd,
		localhostSubdomain,
		noDisplayName,
		noSessionHook,
		originAndOrigins,
		originDefaultPort,
		originDuplicate,
		originHTTP,
		originIDN,
		originIP,
		originNeedsRor,
		originNoScheme,
		originPath,
		originPortMissing,
		originTrailingSlash,
		originUnused,
		originWhitespace,
		originWildcard,
		originsDefaulted,
		originsDifferBetweenMethods,
		passkeyMethodOff,
		rorLabelBudget,
		rpDiffersBetweenMethods,
		rpDisplayName,
		rpIcon,
		rpIDBadLabel,
		rpIDIP,
		rpIDIsURL,
		rpIDLocalhostProd,
		rpIDMissing,
		rpIDNotCanonical,
		rpIDNotSuffix,
		rpIDPublicSuffix,
		rpIDTooBroad,
		rpIDTooNarrow,
		rpOnSharedPaas,
		schemaInvalid,
		tlsTerminatedScheme,
		uiOriginNotListed,
		webauthnNoIdentifier,
		wwwApex,
	}
}
