package doctor

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// kratosFlow checks that Kratos starts a sign-in flow.
var kratosFlow = check{"kratos-flow", func(_ context.Context, v *visit) outcome {
	if isCertificate(v.loginErr) {
		return notRun("Kratos' certificate is not trusted")
	}
	if v.loginErr != nil {
		return failed(finding.Error, v.kratos+"/self-service/login/browser", "check Kratos' log, or pass the URL of its public API with --kratos-url", "cannot start a sign-in flow: %s", v.loginErr)
	}
	return verdict(nil)
}}

// flowAction checks the target of the flow's form, which Kratos derives from
// serve.public.base_url.
var flowAction = check{"base-url", func(_ context.Context, v *visit) outcome {
	if v.login == nil {
		return v.noFlow()
	}
	const help = "set serve.public.base_url to the URL that browsers see"
	action, err := parseURL(v.login.UI.Action)
	if err != nil {
		return failed(finding.Error, v.login.UI.Action, help, "the flow's form posts to %q, which is not a URL", v.login.UI.Action)
	}
	kratos, err := parseURL(v.kratos)
	if err != nil || originOf(action) == originOf(kratos) {
		return verdict(nil)
	}
	if action.Scheme == "http" && v.page.Scheme == "https" {
		return failed(finding.Error, action.String(), help, "the flow's form posts to %q, and browsers block posts from an https page to http", originOf(action))
	}
	return failed(finding.Error, action.String(), help, "the flow's form posts to %q, but Kratos is reachable at %q", originOf(action), originOf(kratos))
}}

// passkeyOffered checks that the flow offers the passkey method, unless the
// configuration disables it.
var passkeyOffered = check{"passkey-method", func(_ context.Context, v *visit) outcome {
	if v.login == nil {
		return v.noFlow()
	}
	if v.login.signIn() != nil {
		return verdict(nil)
	}
	if v.config != nil && !v.config.Passkey.On {
		return notApplicable("the passkey method is disabled in the configuration")
	}
	for _, n := range v.login.UI.Nodes {
		if n.Group == "webauthn" && n.Type == "input" {
			return failed(finding.Warning, v.kratos, "enable selfservice.methods.passkey with the same rp", "the sign-in flow only offers keys of the webauthn method, after a username was entered")
		}
	}
	return failed(finding.Error, v.kratos, "enable selfservice.methods.passkey in the configuration of this Kratos", "the sign-in flow does not offer passkeys")
}}

// flowRPDrift compares the deployed rp.id with the configuration.
var flowRPDrift = check{"rp-id-drift", func(_ context.Context, v *visit) outcome {
	switch {
	case v.config == nil:
		return notRun("needs -c kratos.yml")
	case v.login == nil:
		return v.noFlow()
	case v.rpID() == "":
		return notRun("the sign-in flow shows no rp.id")
	case !v.config.Passkey.On || v.config.Passkey.Unsure():
		return notRun("rp.id is not known from the configuration")
	}
	want := v.config.Passkey.ID.Text()
	var problems []Problem
	const help = "deploy this configuration, or check the deployed one; a passkey only works for the rp.id it was created for"
	if got := v.rpID(); got != want {
		problems = append(problems, problem(finding.Error, v.kratos, help, "the sign-in flow has rp.id %q, but the configuration has %q", got, want))
	}
	if v.signUp != nil && v.signUp.signUp() != nil && v.signUp.signUp().RP.ID != want {
		problems = append(problems, problem(finding.Error, v.kratos, help, "the sign-up flow has rp.id %q, but the configuration has %q", v.signUp.signUp().RP.ID, want))
	}
	return verdict(problems)
}}

// rpIDRejected checks whether browsers accept rp.id on the page.
var rpIDRejected = check{"rp-id", func(ctx context.Context, v *visit) outcome {
	if v.login == nil {
		return v.noFlow()
	}
	id := v.rpID()
	if id == "" {
		return notRun("the sign-in flow shows no rp.id")
	}
	answer := webauthn.Browser(v.page, &id, nil)
	if answer.Class == webauthn.ClassNoRelatedOrigins && v.meansRelated(ctx, id) {
		return notApplicable("covered by related-origins")
	}
	if !answer.OK {
		return failed(finding.Error, v.page.Origin(), "set rp.id to the page's domain or a parent of it while no user has a passkey yet; later, list the page as a related origin", "browsers reject every ceremony on this page: %s", answer.Reason)
	}
	return verdict(nil)
}}

// originNotConfigured checks whether Kratos accepts the page's origin.
var originNotConfigured = check{"origin", func(_ context.Context, v *visit) outcome {
	if v.config == nil {
		return notRun("needs -c kratos.yml")
	}
	m := v.method()
	if m == nil {
		return notRun("the origins are not known from the configuration")
	}
	answer := webauthn.Kratos(v.page.Origin(), m.ID.Text(), texts(m), v.configured("serve.public.base_url"))
	if !answer.OK {
		return failed(finding.Error, v.page.Origin(), "add "+v.page.Origin()+" to rp.origins, exactly as written here", "Kratos rejects every ceremony on this page: %s", answer.Reason)
	}
	return verdict(nil)
}}

// Limits for the options of a flow.
const (
	minChallenge = 16     // bytes, WebAuthn §13.4.3
	minTimeout   = 60_000 // ms, WebAuthn §15.1 recommends 300,000 and more
	maxTimeout   = 600_000
)

// flowOptions checks challenge and timeout.
var flowOptions = check{"flow-options", func(_ context.Context, v *visit) outcome {
	if v.login == nil {
		return v.noFlow()
	}
	if v.login.signIn() == nil {
		return notRun("the sign-in flow shows no options")
	}
	o := v.login.signIn()
	var problems []Problem
	if raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(o.Challenge, "=")); err != nil || len(raw) < minChallenge {
		problems = append(problems, problem(finding.Error, v.kratos, "check for a proxy or script that changes Kratos' flows", "the challenge is %q, but must be at least %d random bytes in base64url", o.Challenge, minChallenge))
	}
	if o.Timeout != nil && (*o.Timeout < minTimeout || *o.Timeout > maxTimeout) {
		problems = append(problems, problem(finding.Warning, v.kratos, "set the method's timeouts to 5 minutes", "ceremonies time out after %.0f s; users need between 60 and 600", *o.Timeout/1000))
	}
	return verdict(problems)
}}

// userHandle checks the user handles of sign-up flows (WebAuthn §5.4.3, §14.6.1).
var userHandle = check{"user-handle", func(ctx context.Context, v *visit) outcome {
	if v.login == nil {
		return v.noFlow()
	}
	if v.signUp == nil {
		return notApplicable("sign-up is closed")
	}
	first := v.signUp.signUp()
	if first == nil {
		// The second step would need a user's traits.
		return notApplicable("sign-up only shows it in its second step; use --ceremony")
	}
	_, again, err := v.flow(ctx, "registration")
	if err != nil || again.signUp() == nil {
		return notRun("a second sign-up flow could not be read")
	}
	const maxHandle = 64
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(first.User.ID, "="))
	const help = "let Kratos generate the user handle, and check for a proxy or script that changes its flows"
	switch {
	case err != nil || len(raw) == 0 || len(raw) > maxHandle:
		return failed(finding.Error, v.kratos, help, "the user handle of a sign-up flow has %d bytes; browsers accept 1 to %d", len(raw), maxHandle)
	case first.User.ID == again.signUp().User.ID:
		return failed(finding.Error, v.kratos, help+", such as a cache", "two sign-up flows have the same user handle, so the passkey of the second account replaces that of the first")
	case strings.Contains(string(raw), "@"):
		return failed(finding.Warning, v.kratos, help, "the user handle looks like an email address, which every authenticator would reveal")
	}
	return verdict(nil)
}}
