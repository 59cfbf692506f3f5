package upgrade

import (
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// change is one difference between a version of Kratos and those before it.
type change struct {
	id     string
	what   string // since is the first version that has it; for the table of versions
	since  kratosconf.Version
	source string
	// where returns the places that it affects, or none if it does not affect
	// the configuration.
	where        func(*passkeys.Config) []source.Span
	gained, lost note // upgrading to since, or downgrading to before it
}

// note explains a change. It is skipped if its message is empty.
type note struct {
	severity      finding.Severity
	message, help string
}

var (
	v26_2 = kratosconf.Version{Major: 26, Minor: 2}
	// later is a version for what is merged but not in a release up to v26.2.0.
	later = kratosconf.Version{Major: 26, Minor: 2, Patch: 1}
)

// changes returns Kratos' history as far as it affects passkeys, oldest first,
// without what lint reports.
func changes() []change {
	return slices.Concat(early(), released(), unreleased())
}

// early returns the changes that lint rules cover.
func early() []change {
	return []change{
		{id: "several-origins", what: "several origins (`rp.origins`)", since: kratosconf.VersionOrigins, source: "ory/kratos#3380"},
		{id: "passkey-method", what: "the `passkey` method", since: kratosconf.VersionPasskey, source: "ory/kratos#3748"},
		{id: "session-last", what: "`session` runs last, wherever it is listed", since: kratosconf.VersionPasskey, source: "e94250705"},
		{id: "backup-flags", what: "keys whose backup-eligible flag has changed are rejected", since: kratosconf.Version{Major: 1, Minor: 3, Patch: 1}, source: "go-webauthn v0.11.2 webauthn/login.go"},
		{id: "external-id", what: "`external_id` of an identity, with a lookup", since: kratosconf.VersionTriggerID, source: "measured on v26.2.0; read from the source of v25.4.0"},
		// key-newer-than-kratos reports both keys.
		{id: "hook-id", what: "`id` in a hook's config", since: kratosconf.VersionTriggerID, source: "embedx/config.schema.json at v25.4.0"},
		{id: "courier-sms", what: "only `courier.channels`; Kratos does not start with `courier.sms`", since: kratosconf.VersionTriggerID, source: "embedx/config.schema.json at v25.4.0"},
		{id: "header-allowlist", what: "`clients.web_hook.header_allowlist`", since: kratosconf.VersionTriggerID, source: "measured on v25.4.0 and v26.2.0"},
	}
}

func released() []change {
	return []change{
		{
			"android-origins", "origins of Android apps in `rp.origins`", kratosconf.VersionTriggerID, "a82d28801", androidOrigins,
			note{finding.Info, "Kratos accepts the origins of Android apps since v25.4.0", ""},
			note{finding.Error, "before v25.4.0 Kratos rejects ceremonies of Android apps, whatever is in rp.origins", "use v25.4.0 or later"},
		},
		{
			"hook-trigger-id", "hooks send `Ory-Webhook-Trigger-Id`", kratosconf.VersionTriggerID, "Ory-Webhook-Trigger-Id", webHooks,
			note{finding.Info, "since v25.4.0 hooks send Ory-Webhook-Trigger-Id, which is the same in all tries of an event", ""},
			note{finding.Info, "before v25.4.0 hooks send no Ory-Webhook-Trigger-Id, so receivers cannot distinguish retries from new events", "make receivers idempotent"},
		},
		{
			"verified-address-counts", "`require_verified_address` applies to passkeys", kratosconf.VersionTriggerID, "selfservice/hook/address_verifier.go", verifiedAddress,
			note{finding.Warning, "since v25.4.0 require_verified_address applies to passkeys: users whose address is not verified can no longer sign in", "count these users before you upgrade, and enable verification"},
			note{}, // lint reports it
		},
		{
			"api-flows", "passkeys in API flows (native apps)", v26_2, "39c341b92", passkey,
			note{finding.Info, "since v26.2.0 API flows have the passkey method, so native apps can sign in with passkeys", ""},
			note{finding.Warning, "before v26.2.0 only browser flows have the passkey method, so native apps lose it", "let apps sign in through the system browser"},
		},
		{
			"webauthn-without-rp", "`webauthn` without `rp` is silently omitted", v26_2, "measured on v1.3.1 and v26.2.0", webauthnWithoutRP,
			note{finding.Warning, "v26.2.0 silently omits webauthn if it has no rp; in v1.3.1 every sign-up fails with HTTP 500", "configure rp, or disable the method"},
			note{finding.Error, "in v1.3.1 every sign-up fails with HTTP 500 if webauthn has no rp", "configure rp, or disable the method"},
		},
		{
			"admin-page-size", "lists of identities have at most 500 per page", v26_2, "measured on v1.3.1 and v26.2.0", passkey,
			note{finding.Info, "since v26.2.0 lists of identities have at most 500 per page, whatever page_size is: scripts that expect 1000 miss identities", "follow the Link header until it has no rel=\"next\""},
			note{},
		},
	}
}

func unreleased() []change {
	return []change{
		{
			"ceremony-policy", "`authenticator_selection`, `attestation`, `timeouts`; phones and security keys at sign-up", later, "f2b149799", passkey,
			note{finding.Warning, "after v26.2.0 registration does not request authenticatorAttachment \"platform\" unless it is configured, so browsers also offer phones and security keys", "set authenticator_selection if you do not want that"},
			note{finding.Warning, "up to v26.2.0 registration always requests authenticatorAttachment \"platform\": desktop browsers show no QR code and reject security keys", "remove that member in the page, as passkey.js does"},
		},
		{
			"display-name-by-flag", "the trait that labels passkeys is found by its annotation", later, "d560762ed", passkey,
			note{finding.Info, "after v26.2.0 Kratos finds the trait that labels passkeys by its annotation, not by its title; without one it hides passkeys instead of failing with HTTP 500", ""},
			note{finding.Info, "up to v26.2.0 Kratos finds the trait that labels passkeys by its title, which must be unique", "run oly-passkey lint with --kratos-version"},
		},
		{
			"exclude-credentials", "`excludeCredentials` in settings", later, "937706d6c", passkey,
			note{finding.Info, "after v26.2.0 settings send excludeCredentials, so the same authenticator cannot be added twice", ""},
			note{finding.Info, "up to v26.2.0 settings send no excludeCredentials, so the same authenticator can be added twice", ""},
		},
		{
			"sign-count", "the signature counter is stored", later, "57dc77574", passkey,
			note{finding.Info, "after v26.2.0 Kratos stores the signature counter, so cloned security keys can be detected", ""},
			note{finding.Info, "up to v26.2.0 Kratos does not store the signature counter, so cloned security keys are not detected", ""},
		},
		{
			"passkey-import", "identities can be imported with their passkeys", later, "d651fadee, 3a5664d20", passkey,
			note{finding.Info, "after v26.2.0 identities can be imported with their passkeys, each with its user_handle", ""},
			note{finding.Info, "up to v26.2.0 passkeys cannot be imported", ""},
		},
	}
}

// The places that changes affect.

func passkey(p *passkeys.Config) []source.Span {
	if !p.Passkey.On {
		return nil
	}
	return []source.Span{p.Get(p.Passkey.Path).Place()}
}

func androidOrigins(p *passkeys.Config) []source.Span {
	var out []source.Span
	p.EachOrigin(func(_ *passkeys.Method, o passkeys.Origin) {
		if strings.HasPrefix(o.Text, "android:") {
			out = append(out, o.Value.Place())
		}
	})
	return out
}

func webauthnWithoutRP(p *passkeys.Config) []source.Span {
	if !p.WebAuthn.On || p.WebAuthn.RP != nil || p.Incomplete() {
		return nil
	}
	return []source.Span{p.Get(p.WebAuthn.Path).Place()}
}

func webHooks(p *passkeys.Config) []source.Span {
	hooks := p.WebHooks()
	if len(hooks) == 0 {
		return nil
	}
	return []source.Span{hooks[0].Value.Place()} // all alike
}

// verifiedAddress returns the require_verified_address hooks that run after a
// passkey sign-in.
func verifiedAddress(p *passkeys.Config) []source.Span {
	if !p.Passkey.On {
		return nil
	}
	var out []source.Span
	for _, h := range p.Effective("login", "passkey").Items() {
		if h.Get("hook").Text() == "require_verified_address" {
			out = append(out, h.Get("hook").Place())
		}
	}
	return out
}
