// Package audit counts what passkeys exist in a Kratos and what is wrong with
// them: it reads every identity once, in bounded memory, and can go on where it
// was interrupted. It writes nothing to Kratos, and neither handles, credential
// ids nor traits leave it: a finding names an identity by its id.
package audit

import (
	"slices"

	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Rule is one thing that can be wrong with the credentials of an identity.
type Rule struct {
	ID       string
	Severity finding.Severity
	Title    string // what it is, for somebody who runs no servers
	Why      string // what it leads to, with its source
	Do       string // what to do about it
}

// The ids of the rules.
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

// Rules lists all rules, the worst first.
func Rules() []Rule {
	return []Rule{
		{cloneWarning, finding.Error, "a key may have been copied", "the signature counter of the authenticator went backwards (WebAuthn §7.2 step 22)", "ask the person, and let them remove and enrol the key anew"},
		{duplicateKey, finding.Error, "two people have the same key", "one credential id belongs to two identities, so that one may be taken for the other (WebAuthn §7.1 step 26)", "find out how it was imported, and remove it from one of them"},
		{handleBad, finding.Error, "a user handle is out of range", "WebAuthn allows 1 to 64 bytes of text that survives storage (§5.4.3); a passkey with another one cannot sign in", "let the person enrol anew"},
		{handlePII, finding.Error, "a user handle tells who somebody is", "a user handle must not hold an e-mail address, a telephone number or a name (WebAuthn §14.6.1): authenticators show and sync it", "let the person enrol anew with a random handle, as Kratos makes them"},
		{lockOut, finding.Warning, "one lost device locks the person out", "the identity has a single passkey, no code or social sign-in and no recovery address (ory/kratos#3386)", "ask the person to add a second passkey or a recovery address"},
		{staleHandle, finding.Warning, "user handles of removed passkeys are left", "Kratos keeps the handle of a removed passkey (passkey_settings.go at v1.3.1); a look-up by handle alone takes it for a live one", "resolve handles through the sidecar, which knows which are removed"},
		{unreadable, finding.Warning, "an identity could not be read", "it is larger than 4 MiB, or holds a value that does not decode; nothing else in this report counts it", "look at it with Kratos' admin API: a user may have filled in a huge trait or key name"},
		{handleMissing, finding.Warning, "a key has no user handle", "the passkey method finds webauthn keys by their handle, and cannot find this one (passkey_login.go at v1.3.1)", "let the person enrol a passkey"},
		{flagsMissing, finding.Warning, "a key is from before flags were stored", "Kratos fills them in at the next sign-in; until then nothing is known of its backup state (go-webauthn#335)", "nothing, or ask the person to sign in once"},
		{flipRisk, finding.Warning, "a synced provider's passkey is stored as bound to one device", "when the provider reports it as synced one day, Kratos refuses the sign-in (supabase/auth#2732, keepassxc#13239)", "ask the person to enrol anew"},
		{storageLimit, finding.Warning, "a security key is nearly full", "security keys hold about 25 discoverable credentials, some of them fewer", "ask the person to use a second key"},
		{orphan, finding.Warning, "a changed rp.id locks the person out", "every passkey belongs to the rp.id that it was made for, and this person has no other way in", "keep rp.id, or let the person add another way to sign in first"},
		{multiHandle, finding.Info, "the person shows as several accounts", "Kratos makes a new user handle for every passkey, so that pickers show one account each, and signals have to be sent for each (WebAuthn §5.4.3)", "nothing; send signals once per handle"},
		{legacyKey, finding.Info, "a passwordless key of the older method", "it signs in with a typed name only, without autofill (Kratos' webauthn method)", "invite the person to add a passkey"},
		{unknownMake, finding.Info, "the make of a key is not known", "it told no AAGUID, or one that is not on the list", "nothing"},
	}
}

// RuleOf answers a rule by its id.
func RuleOf(id string) (Rule, bool) {
	rules := Rules()
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}
