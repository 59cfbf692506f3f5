package audit

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/aaguid"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// Finding is a violation of a rule by an identity.
type Finding struct {
	Rule     string    `json:"rule"`
	Identity uuid.UUID `json:"identity_id"`
	Detail   string    `json:"detail"` // lower case, no period; no handle, id or trait
}

// identity is an identity with the data that the rules check.
type identity struct {
	*kratosadmin.Inventory
	passkeys, keys []kratosadmin.Key // keys are those of the webauthn method
	passwordless   int               // number of passwordless keys
	handles        []string          // user handles of passkeys, including removed ones
	webauthnHandle []byte
}

func newIdentity(i *kratosadmin.Inventory) *identity {
	p := &identity{Inventory: i}
	if c := i.Passkey; c != nil {
		p.handles = c.Identifiers
		if c.Config != nil {
			p.passkeys = c.Config.Keys
		}
	}
	if c := i.WebAuthn; c != nil && c.Config != nil {
		p.keys, p.webauthnHandle = c.Config.Keys, c.Config.UserHandle
	}
	for _, k := range p.keys {
		if k.Passwordless {
			p.passwordless++
		}
	}
	return p
}

// allKeys returns the keys of both methods.
func (p *identity) allKeys() []kratosadmin.Key { return slices.Concat(p.passkeys, p.keys) }

// firstFactors returns the number of keys that are sufficient to sign in.
func (p *identity) firstFactors() int { return len(p.passkeys) + p.passwordless }

// loginMethod is whether a user can sign in without any key. Kratos lists a
// password for some identities that have none, so a password is uncertain.
type loginMethod int

const (
	noMethod loginMethod = iota
	uncertainMethod
	certainMethod
)

func (p *identity) otherMethod() loginMethod {
	if p.Recovery {
		return certainMethod
	}
	for _, other := range p.Others {
		switch other {
		case "code", "oidc", "saml", "link_recovery", "code_recovery":
			return certainMethod
		}
	}
	if slices.Contains(p.Others, "password") {
		return uncertainMethod
	}
	return noMethod
}

// inspect returns the findings about one identity, except those of rules that
// compare identities.
func (p *identity) inspect() []Finding {
	var out []Finding
	add := func(rule, format string, args ...any) {
		if slices.ContainsFunc(out, func(f Finding) bool { return f.Rule == rule }) {
			return // at most one finding per rule
		}
		out = append(out, Finding{Rule: rule, Identity: p.ID, Detail: fmt.Sprintf(format, args...)})
	}
	p.inspectKeys(add)
	p.inspectHandles(add)
	if p.firstFactors() == 1 {
		switch p.otherMethod() {
		case noMethod:
			add(lockOut, "one passkey and no other way to sign in")
		case uncertainMethod:
			add(lockOut, "one passkey and at most a password, which Kratos also lists if there is none")
		case certainMethod:
		}
	}
	if p.passwordless > 0 && len(p.passkeys) == 0 {
		add(legacyKey, "%s of the webauthn method, no passkey", plural(p.passwordless, "passwordless key"))
	}
	return out
}

func (p *identity) inspectKeys(add func(rule, format string, args ...any)) {
	clones, flagless, flips, unknown := 0, 0, 0, 0
	sameKey := make(map[string]int)
	for _, k := range p.allKeys() {
		made := aaguid.Lookup(k.Authenticator.AAGUID)
		switch {
		case k.Flags == nil:
			flagless++
		case made.Kind == aaguid.Synced && !k.Flags.BackupEligible:
			flips++
		}
		if k.Authenticator.CloneWarning {
			clones++
		}
		if made.Name == "" {
			unknown++
		}
		if made.Kind == aaguid.Key {
			sameKey[made.Name]++
		}
	}
	const nearlyFull = 20 // of about 25
	for name, n := range sameKey {
		if n >= nearlyFull {
			add(storageLimit, "%d credentials on %s", n, name)
		}
	}
	for _, c := range []struct {
		rule string
		n    int
	}{{cloneWarning, clones}, {flagsMissing, flagless}, {flipRisk, flips}, {unknownMake, unknown}} {
		if c.n > 0 {
			add(c.rule, "%s", plural(c.n, "key"))
		}
	}
}

func (p *identity) inspectHandles(add func(rule, format string, args ...any)) {
	for _, h := range p.handles {
		switch {
		case h == "" || len(h) > userhandle.MaxLen:
			add(handleBad, "a passkey's user handle has %d bytes", len(h))
		case strings.ContainsRune(h, utf8.RuneError):
			add(handleBad, "a passkey's user handle is not valid text: its bytes were lost when it was stored")
		case looksPersonal(h):
			add(handlePII, "a passkey's user handle looks like an address or a phone number")
		}
	}
	if n := len(p.webauthnHandle); n > userhandle.MaxLen {
		add(handleBad, "the webauthn user handle has %d bytes", n)
	} else if looksPersonal(string(p.webauthnHandle)) {
		add(handlePII, "the webauthn user handle looks like an address or a phone number")
	}
	if len(p.keys) > 0 && len(p.webauthnHandle) == 0 {
		add(handleMissing, "%s of the webauthn method", plural(len(p.keys), "key"))
	}
	if n := len(p.handles) - len(p.passkeys); n > 0 {
		add(staleHandle, "%s, %s", plural(len(p.handles), "handle"), plural(len(p.passkeys), "passkey"))
	}
	if n := p.handleCount(); n > 1 {
		add(multiHandle, "%s", plural(n, "handle"))
	}
}

// handleCount returns how many user handles of the identity Kratos knows.
func (p *identity) handleCount() int {
	n := len(p.handles)
	if len(p.webauthnHandle) > 0 {
		n++
	}
	return n
}

// looksPersonal reports whether a user handle looks like an email address or a
// phone number. Random bytes may contain an "@" and a dot, but are rarely printable
// text.
func looksPersonal(handle string) bool {
	if !utf8.ValidString(handle) || strings.ContainsFunc(handle, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return false
	}
	if strings.ContainsAny(handle, " \t\r\n") {
		return isTelephone(handle)
	}
	user, domain, ok := strings.Cut(handle, "@")
	if ok {
		return user != "" && !strings.Contains(domain, "@") && strings.Contains(strings.Trim(domain, "."), ".")
	}
	return isTelephone(handle)
}

// isTelephone reports whether a text is 8 to 20 characters of digits and separators.
// Digits without any prefix or separator are more likely an account number.
func isTelephone(text string) bool {
	if !strings.HasPrefix(text, "+") && !strings.HasPrefix(text, "00") && !strings.ContainsAny(text, " ()/-") {
		return false
	}
	digits := strings.TrimPrefix(text, "+")
	if len(digits) < 8 || len(digits) > 20 || !isDigit(digits[0]) || !isDigit(digits[len(digits)-1]) {
		return false
	}
	for i := range len(digits) {
		if !isDigit(digits[i]) && !strings.ContainsRune(" ()/-", rune(digits[i])) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
