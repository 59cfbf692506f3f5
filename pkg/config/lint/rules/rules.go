// Package rules holds the rules of the linter: one file per rule, with a .txtar
// of the same name that explains the rule and contains its test cases.
package rules

import (
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
)

// All returns every rule, in alphabetical order.
func All() []*lint.Rule {
	return []*lint.Rule{
		accountEnumeration, androidOriginFormat, attachmentPlatform,
		attestationPointless, baseURLInternal, bothPasswordless,
		ceremonyTimeoutRange, cookieDomain, corsOriginMissing,
		defaultSchemaID, displayNameMisnested, displayNameNotIdentifier,
		displayTraitAmbiguous, displayTraitNested, displayTraitOptional,
		displayTraitSensitive, displayTraitUntitled, downgradeRisk, duplicateKey,
		duplicateTitle, envArrayTail, envBool,
		envCSVSpace, envHooksString, envIndexNulls,
		envOverridesFile, extensionOrigin, flowLifespanShort,
		genericHooksShadowed, hookBlocksLogin, hookCredentialsInBody,
		hookGenericParseDead, hookHeaderNotAllowed, hookInlineSecret,
		hookJsonnetInvalid, hookLegacyKeys, hookMissingForSidecar,
		hookNilIdentityID, hookNilSessionID, hookNoAuth,
		hookNotIgnored, hookParseAndIgnore, hookPlaintext,
		hookPrivateIPBlocked, hookSendsCookies, hookSettingsHandleWrong,
		hookTriggerIDOff, hooksNotMigrated, hostDrift,
		identitySchemaNotFound, keyNewerThanKratos, kratosDevFlag,
		legacyOneStep, localhostOriginInProd, localhostSubdomain,
		logLeaksSensitiveValues, methodNewerThanKratos, noDisplayName,
		noFallbackMethod, noRecoveryAddress, noSessionHook,
		originAndOrigins, originDefaultPort, originDuplicate,
		originHTTP, originIDN, originIP,
		originNeedsRor, originNoScheme, originPath,
		originPortMissing, originRemoved, originTrailingSlash,
		originUnused, originWhitespace, originWildcard,
		originsDefaulted, originsDifferBetweenMethods, originsEmpty,
		passkeyIdentifierTypo, passkeyMethodOff, passkeySignupUnverifiedAddress,
		placeholderSecrets, privilegedSessionWindow, recoveryOff,
		requireVerifiedIgnored, requireVerifiedTrap, requiredAALTrap,
		residentKeyWeak, returnURLMissing, rorLabelBudget,
		rpDiffersBetweenMethods, rpDisplayName, rpIcon,
		rpIDBadLabel, rpIDChanged, rpIDIP,
		rpIDIsURL, rpIDLocalhostProd, rpIDMissing,
		rpIDNotCanonical, rpIDNotSuffix, rpIDPublicSuffix,
		rpIDTooBroad, rpIDTooNarrow, rpOnSharedPaas,
		rpUnknownKey, scalarForArray, schemaInvalid,
		schemaUncovered, schemaUnloadable, secondDocument,
		sessionBeforeWebhook, settingsAALLowered, settingsUnreachable, templateUnrendered,
		tlsTerminatedScheme, uiOriginNotListed, uiURLFallback,
		uvDiscouraged, uvRequired, webauthnNoIdentifier,
		wwwApex, yamlBoolString,
	}
}
