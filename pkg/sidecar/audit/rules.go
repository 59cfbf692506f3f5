// Package audit counts the passkeys of all identities in Kratos and reports
// problems with them. It reads every identity once, in bounded memory, and can
// resume after an interruption. It never writes to Kratos. Reports contain identity
// IDs, but no user handles, credential IDs or traits.
package audit

import (
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Rule is a kind of problem with the credentials of an identity.
type Rule struct {
	ID       string
	Severity finding.Severity
	Title    string // the problem, for readers who do not operate servers
	Why      string // its consequences, with a source
	Do       string // what to do about it
}

// The rule ids.
const (
	cloneWarning  = "clone-warning"
	duplicateKey  = "duplicate-credential-id"
	handleBad     = "handle-bad"
	handlePII     = "handle-pii"
	lockOut       = "lock-out-risk"
	staleHandle   = "stale-handle"
	handleMissing = "handle-missing"
	unreadable    = "identity-unread"
	flagsMissing  = "flags-missing"
	flipRisk      = "be-flip-risk"
	storageLimit  = "storage-limit"
	orphan        = "orphan-forecast"
	multiHandle   = "multi-handle"
	legacyKey     = "legacy-passwordless"
	unknownMake   = "unknown-aaguid"
)

// Rules returns all rules, most severe first.
func Rules() []Rule {
	return []Rule{
		{cloneWarning, finding.Error, "a key may have been copied", "the signature counter of the authenticator went backwards (WebAuthn §7.2 step 22)", "ask the user; they should remove the key and register it again"},
		{duplicateKey, finding.Error, "two identities have the same credential", "one credential ID belongs to two identities, so one user can be mistaken for the other (WebAuthn §7.1 step 26)", "find out how it was imported, and remove it from one of the identities"},
		{handleBad, finding.Error, "invalid user handle", "a user handle has 1 to 64 bytes (WebAuthn §5.4.3), and Kratos stores it as text; a passkey with another user handle cannot be used to sign in", "ask the user to register a new passkey"},
		{handlePII, finding.Error, "a user handle contains personal data", "a user handle must not contain an email address, a phone number or a name (WebAuthn §14.6.1): authenticators display and sync it", "ask the user to register a new passkey; Kratos generates random user handles"},
		{lockOut, finding.Warning, "losing one device locks the user out", "the identity has a single passkey, no code or social sign-in and no recovery address (ory/kratos#3386)", "ask the user to add a second passkey or a recovery address"},
		{staleHandle, finding.Warning, "user handles of removed passkeys are still listed", "Kratos keeps the user handle of a removed passkey (passkey_settings.go at v1.3.1), so a lookup by user handle alone treats it as live", "resolve user handles through the sidecar, which knows which ones were removed"},
		{unreadable, finding.Warning, "an identity could not be read", "it is larger than 4 MiB or contains a value that cannot be decoded; no other number in this report includes it", "check it with Kratos' admin API: a user may have entered a huge trait or key name"},
		{handleMissing, finding.Warning, "a key has no user handle", "the passkey method finds webauthn keys by their user handle, so it cannot find this key (passkey_login.go at v1.3.1)", "ask the user to register a passkey"},
		{flagsMissing, finding.Warning, "a key was registered before Kratos stored flags", "Kratos fills them in at the next sign-in; until then the backup state of the key is unknown (go-webauthn#335)", "nothing, or ask the user to sign in once"},
		{flipRisk, finding.Warning, "a passkey of a syncing provider is stored as device-bound", "once the provider reports it as synced, Kratos rejects the sign-in (supabase/auth#2732, keepassxc#13239)", "ask the user to register the passkey again"},
		{storageLimit, finding.Warning, "a security key is nearly full", "security keys store about 25 discoverable credentials, some fewer", "ask the user to use a second security key"},
		{orphan, finding.Warning, "changing rp.id locks the user out", "every passkey belongs to the rp.id that it was created for, and this user has no other way to sign in", "keep rp.id, or ask the user to add another way to sign in first"},
		{multiHandle, finding.Info, "the account appears several times in pickers", "Kratos generates a new user handle for every passkey, so pickers show an account for each, and signals must be sent for each (WebAuthn §5.4.3)", "nothing; send signals for each user handle"},
		{legacyKey, finding.Info, "a passwordless key of the older method", "it requires a typed username and does not support autofill (Kratos' webauthn method)", "ask the user to add a passkey"},
		{unknownMake, finding.Info, "unknown authenticator model", "no AAGUID was reported, or one that is not in the list", "nothing"},
	}
}

// RuleOf returns the rule with the given id.
func RuleOf(id string) (Rule, bool) {
	rules := Rules()
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}
