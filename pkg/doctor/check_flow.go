package doctor

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// kratosFlow: without a flow there is no ceremony.
var kratosFlow = check{"kratos-flow", func(_ context.Context, v *visit) outcome {
	if isCertificate(v.loginErr) {
		return notRun("Kratos' certificate is not trusted")
	}
	if v.loginErr != nil {
		return found(lint.Error, v.kratos+"/self-service/login/browser", "see Kratos' log, or say where its public API is with --kratos-url", "no sign-in flow begins: %s", v.loginErr)
	}
	return verdict(nil)
}}

// flowAction: where Kratos lets forms be sent is made of serve.public.base_url.
var flowAction = check{"base-url", func(_ context.Context, v *visit) outcome {
	if v.login == nil {
		return v.noFlow()
	}
	const help = "set serve.public.base_url to the URL that browsers see"
	action, err := parseURL(v.login.UI.Action)
	if err != nil {
		return found(lint.Error, v.login.UI.Action, help, "the flow's form goes to %q, which is no URL", v.login.UI.Action)
	}
	kratos, err := parseURL(v.kratos)
	if err != nil || originOf(action) == originOf(kratos) {
		return verdict(nil)
	}
	if action.Scheme == "http" && v.page.Scheme == "https" {
		return found(lint.Error, action.String(), help, "the flow's form goes to %q, and browsers send nothing from an https page to http", originOf(action))
	}
	return found(lint.Error, action.String(), help, "the flow's form goes to %q, and Kratos answers at %q", originOf(action), originOf(kratos))
}}

// passkeyOffered: the method is on where it is meant to be.
var passkeyOffered = check{"passkey-method", func(_ context.Context, v *visit) outcome {
	if v.login == nil {
		return v.noFlow()
	}
	if v.login.signIn() != nil {
		return verdict(nil)
	}
	if v.config != nil && !v.config.Passkey.On {
		return na("the configuration has the passkey method off")
	}
	for _, n := range v.login.UI.Nodes {
		if n.Group == "webauthn" && n.Type == "input" {
			return found(lint.Warning, v.kratos, "enable selfservice.methods.passkey with the same rp", "the sign-in flow offers keys by the webauthn method only, after a typed name")
		}
	}
	return found(lint.Error, v.kratos, "enable selfservice.methods.passkey in the configuration that this Kratos runs with", "the sign-in flow offers no passkey")
}}

// flowRPDrift: deployed is what was linted.
var flowRPDrift = check{"rp-id-drift", func(_ context.Context, v *visit) outcome {
	switch {
	case v.config == nil:
		return notRun("needs -c kratos.yml")
	case v.login == nil:
		return v.noFlow()
	case v.rpID() == "":
		return notRun("the sign-in flow shows no rp.id")
	case !v.config.Passkey.On || v.config.Passkey.Unsure():
		return notRun("the configuration does not say what rp.id is")
	}
	want := v.config.Passkey.ID.Text()
	var problems []Problem
	const help = "deploy this configuration, or check the one that is deployed; passkeys work for the rp.id only that they were made for"
	if got := v.rpID(); got != want {
		problems = append(problems, problem(lint.Error, v.kratos, help, "the sign-in flow has rp.id %q, and the configuration has %q", got, want))
	}
	if v.signUp != nil && v.signUp.signUp() != nil && v.signUp.signUp().RP.ID != want {
		problems = append(problems, problem(lint.Error, v.kratos, help, "the sign-up flow has rp.id %q, and the configuration has %q", v.signUp.signUp().RP.ID, want))
	}
	return verdict(problems)
}}

// rpIDRefused asks the browser's gate.
var rpIDRefused = check{"rp-id", func(ctx context.Context, v *visit) outcome {
	if v.login == nil {
		return v.noFlow()
	}
	id := v.rpID()
	if id == "" {
		return notRun("the sign-in flow shows no rp.id")
	}
	answer := webauthn.Browser(v.page, &id, nil)
	if answer.Class == webauthn.ClassNoRelatedOrigins && v.meansRelated(ctx, id) {
		return na("a matter of related-origins")
	}
	if !answer.OK {
		return found(lint.Error, v.page.Origin(), "make rp.id the page's domain or a parent of it, as long as nobody has a passkey, or list the page in related origins", "browsers refuse every ceremony on this page: %s", answer.Reason)
	}
	return verdict(nil)
}}

// originNotConfigured asks Kratos' gate.
var originNotConfigured = check{"origin", func(_ context.Context, v *visit) outcome {
	if v.config == nil {
		return notRun("needs -c kratos.yml")
	}
	m := v.method()
	if m == nil {
		return notRun("the configuration does not say which origins there are")
	}
	answer := webauthn.Kratos(v.page.Origin(), m.ID.Text(), texts(m), v.configured("serve.public.base_url"))
	if !answer.OK {
		return found(lint.Error, v.page.Origin(), "add "+v.page.Origin()+" to rp.origins, letter by letter", "Kratos refuses every ceremony on this page: %s", answer.Reason)
	}
	return verdict(nil)
}}

// Limits of what a flow asks for.
const (
	minChallenge = 16     // bytes, WebAuthn §13.4.3
	minTimeout   = 60_000 // ms, WebAuthn §15.1 recommends 300,000 and more
	maxTimeout   = 600_000
)

// flowOptions: challenge and timeout.
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
		problems = append(problems, problem(lint.Error, v.kratos, "look for what stands between this page and Kratos", "the challenge is %q, not %d random bytes in base64url", o.Challenge, minChallenge))
	}
	if o.Timeout != nil && (*o.Timeout < minTimeout || *o.Timeout > maxTimeout) {
		problems = append(problems, problem(lint.Warning, v.kratos, "set the method's timeouts to 5 minutes", "ceremonies end after %.0f s, and people need between 60 and 600", *o.Timeout/1000))
	}
	return verdict(problems)
}}

// userHandle: WebAuthn §5.4.3 and §14.6.1.
var userHandle = check{"user-handle", func(ctx context.Context, v *visit) outcome {
	if v.login == nil {
		return v.noFlow()
	}
	if v.signUp == nil {
		return na("sign-up is closed")
	}
	first := v.signUp.signUp()
	if first == nil {
		// To go there, somebody's traits would have to be posted.
		return na("sign-up shows it in its second step, which --ceremony takes")
	}
	_, again, err := v.flow(ctx, "registration")
	if err != nil || again.signUp() == nil {
		return notRun("a second sign-up flow could not be read")
	}
	const maxHandle = 64
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(first.User.ID, "="))
	const help = "let Kratos make the user handle, and look for what changes its flows"
	switch {
	case err != nil || len(raw) == 0 || len(raw) > maxHandle:
		return found(lint.Error, v.kratos, help, "the user handle of a sign-up flow has %d bytes, and browsers take 1 to %d", len(raw), maxHandle)
	case first.User.ID == again.signUp().User.ID:
		return found(lint.Error, v.kratos, help+", such as a cache", "two sign-up flows have the same user handle, so the second account's passkey replaces the first one's")
	case strings.Contains(string(raw), "@"):
		return found(lint.Warning, v.kratos, help, "the user handle looks like an e-mail address, which every authenticator then tells")
	}
	return verdict(nil)
}}
