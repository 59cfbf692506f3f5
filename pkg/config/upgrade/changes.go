package upgrade

import (
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// change is one difference between a version of Kratos and those before it.
type change struct {
	id     string
	what   string // that a version has from since on, for the table of versions
	since  kratosconf.Version
	source string
	// where names the places that it concerns; none: not this configuration.
	where        func(*lint.Pass) []source.Span
	gained, lost note // going up to since, or down behind it
}

// note says what a change means; an empty message says nothing.
type note struct {
	severity      lint.Severity
	message, help string
}

var (
	v26_2 = kratosconf.Version{Major: 26, Minor: 2}
	// later stands for what is merged and was in no release up to v26.2.0.
	later = kratosconf.Version{Major: 26, Minor: 2, Patch: 1}
)

// changes is Kratos' history as far as passkeys go, oldest first, without what
// the rules of lint know.
func changes() []change {
	return slices.Concat(early(), released(), unreleased())
}

// early are the changes whose absence lint has rules for.
func early() []change {
	return []change{
		{id: "several-origins", what: "several origins (`rp.origins`)", since: kratosconf.VersionOrigins, source: "ory/kratos#3380"},
		{id: "passkey-method", what: "the `passkey` method", since: kratosconf.VersionPasskey, source: "ory/kratos#3748"},
		{id: "session-last", what: "`session` runs last, wherever it is listed", since: kratosconf.VersionPasskey, source: "e94250705"},
		{id: "backup-flags", what: "keys whose backup-eligible flag has changed are refused", since: kratosconf.Version{Major: 1, Minor: 3, Patch: 1}, source: "go-webauthn v0.11.2 webauthn/login.go"},
		{id: "external-id", what: "`external_id` of an identity, with a look-up", since: kratosconf.VersionTriggerID, source: "run on v26.2.0; v25.4.0 by its source"},
		// key-newer-than-kratos reports both keys.
		{id: "hook-id", what: "`id` in a hook's config", since: kratosconf.VersionTriggerID, source: "embedx/config.schema.json at v25.4.0"},
		{id: "courier-sms", what: "`courier.channels` alone; with `courier.sms` Kratos does not start", since: kratosconf.VersionTriggerID, source: "embedx/config.schema.json at v25.4.0"},
		{id: "header-allowlist", what: "`clients.web_hook.header_allowlist`", since: kratosconf.VersionTriggerID, source: "run on v25.4.0 and v26.2.0"},
	}
}

func released() []change {
	return []change{
		{
			"android-origins", "origins of Android apps in `rp.origins`", kratosconf.VersionTriggerID, "a82d28801", androidOrigins,
			note{lint.Info, "Kratos takes the origins of Android apps from v25.4.0 on", ""},
			note{lint.Error, "before v25.4.0 Kratos refuses ceremonies of Android apps, whatever is in rp.origins", "stay at v25.4.0 or later"},
		},
		{
			"hook-trigger-id", "hooks carry `Ory-Webhook-Trigger-Id`", kratosconf.VersionTriggerID, "Ory-Webhook-Trigger-Id", webHooks,
			note{lint.Info, "hooks carry Ory-Webhook-Trigger-Id from v25.4.0 on, the same over all tries of one event", ""},
			note{lint.Info, "before v25.4.0 hooks carry no Ory-Webhook-Trigger-Id, so tries of one event cannot be told from several", "let receivers do the same thing twice without harm"},
		},
		{
			"verified-address-counts", "`require_verified_address` counts for passkeys", kratosconf.VersionTriggerID, "selfservice/hook/address_verifier.go", verifiedAddress,
			note{lint.Warning, "require_verified_address counts for passkeys from v25.4.0 on: people whose address is not verified cannot sign in any more", "see how many that are before you upgrade, and enable verification"},
			note{}, // lint has a rule for it
		},
		{
			"api-flows", "passkeys in API flows, for apps", v26_2, "39c341b92", passkey,
			note{lint.Info, "apps sign in by passkey from v26.2.0 on: API flows have the method", ""},
			note{lint.Warning, "before v26.2.0 only browser flows have the passkey method: apps lose it", "let apps sign in through the system's browser"},
		},
		{
			"webauthn-without-rp", "`webauthn` without `rp` is left out silently", v26_2, "run on v1.3.1 and v26.2.0", webauthnWithoutRP,
			note{lint.Warning, "v26.2.0 offers no key where webauthn has no rp, and says nothing; v1.3.1 answers 500", "configure rp, or disable the method"},
			note{lint.Error, "v1.3.1 answers 500 to every sign-up where webauthn has no rp", "configure rp, or disable the method"},
		},
		{
			"admin-page-size", "lists of identities have 500 a page at most", v26_2, "run on v1.3.1 and v26.2.0", passkey,
			note{lint.Info, "lists of identities have 500 a page at most from v26.2.0 on, whatever page_size asks for: scripts that count on 1000 miss people", "follow the Link header until there is no rel=\"next\""},
			note{},
		},
	}
}

func unreleased() []change {
	return []change{
		{
			"ceremony-policy", "`authenticator_selection`, `attestation`, `timeouts`; phones and security keys at sign-up", later, "f2b149799", passkey,
			note{lint.Warning, "after v26.2.0 registration does not ask for authenticatorAttachment \"platform\" unless it is configured: phones and security keys are offered as well", "set authenticator_selection if that is not wanted"},
			note{lint.Warning, "up to v26.2.0 registration asks for authenticatorAttachment \"platform\", always: desktops show no QR code and refuse security keys", "drop that member in the page, as passkey.js does"},
		},
		{
			"display-name-by-flag", "the trait that names a passkey is found by its flag", later, "d560762ed", passkey,
			note{lint.Info, "after v26.2.0 the trait that names a passkey is found by its flag, not by its title; without one passkeys are hidden in place of a 500", ""},
			note{lint.Info, "up to v26.2.0 the trait that names a passkey is found by its title, which must be its own", "run oly-passkey lint with --kratos-version"},
		},
		{
			"exclude-credentials", "`excludeCredentials` in settings", later, "937706d6c", passkey,
			note{lint.Info, "after v26.2.0 settings send excludeCredentials, so an authenticator refuses to be added twice", ""},
			note{lint.Info, "up to v26.2.0 there is no excludeCredentials, and an authenticator can be added twice", ""},
		},
		{
			"sign-count", "the signature counter is kept", later, "57dc77574", passkey,
			note{lint.Info, "after v26.2.0 Kratos keeps the signature counter, and clones of security keys can be seen", ""},
			note{lint.Info, "up to v26.2.0 Kratos does not keep the signature counter: clones are not seen", ""},
		},
		{
			"passkey-import", "identities are imported with their passkeys", later, "d651fadee, 3a5664d20", passkey,
			note{lint.Info, "after v26.2.0 identities can be imported with their passkeys, each with its user_handle", ""},
			note{lint.Info, "up to v26.2.0 passkeys cannot be imported", ""},
		},
	}
}

// The places that changes concern.

func passkey(p *lint.Pass) []source.Span {
	if !p.Passkey.On {
		return nil
	}
	return []source.Span{p.Config.Get(p.Passkey.Path).Place()}
}

func androidOrigins(p *lint.Pass) []source.Span {
	var out []source.Span
	p.EachOrigin(func(_ *lint.Method, o lint.Origin) {
		if strings.HasPrefix(o.Text, "android:") {
			out = append(out, o.Value.Place())
		}
	})
	return out
}

func webauthnWithoutRP(p *lint.Pass) []source.Span {
	if !p.WebAuthn.On || p.WebAuthn.RP != nil || p.Config.Incomplete() {
		return nil
	}
	return []source.Span{p.Config.Get(p.WebAuthn.Path).Place()}
}

func webHooks(p *lint.Pass) []source.Span {
	hooks := p.WebHooks()
	if len(hooks) == 0 {
		return nil
	}
	return []source.Span{hooks[0].Value.Place()} // all alike
}

// verifiedAddress finds the hook where passkeys sign in.
func verifiedAddress(p *lint.Pass) []source.Span {
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
