package pages

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// fetchFlow is what a single-page application does before it calls passkey.js.
const fetchFlow = `const kratos = async (path, body) => {
	const response = await fetch(path.startsWith("http") ? path : base + path, {
		method: body ? "POST" : "GET", credentials: "include",
		headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
		body: body && JSON.stringify(body),
	});
	return response.json();
};
const value = (flow, name) => flow.ui.nodes.find((node) => node.attributes.name === name).attributes.value;`

// singlePage uses the JSON of Kratos' flows, without any form: sign-up, sign-in,
// a second passkey and its removal.
func singlePage(t *testing.T, s *stack) {
	p := s.newTab(t, withoutAutofill)
	device := p.plugIn("internal")
	key := p.plugIn("usb")
	key.touch(false)
	p.do(chromedp.Navigate(s.URL + "/mail.json")) // a page of the right origin, without scripts of its own
	run := func(script string) string {
		return p.eval(`(async () => {
			const base = "` + s.KratosURL + `";
			` + fetchFlow + `
			const { addPasskey, register, removePasskey, signIn } = await import("/static/passkey.js");
			` + script + `
		})()`)
	}
	require.Equal(t, "registered true spa", run(`
		const first = await kratos("/self-service/registration/browser");
		const flow = await kratos(first.ui.action, { method: "profile", csrf_token: value(first, "csrf_token"), traits: { username: "spa" } });
		const { kind, response } = await register(flow);
		const { session, identity } = await response.json();
		return [kind, session.active, identity.traits.username].join(" ")`))
	created := p.last("create")
	require.Equal(t, "spa", created.UserName)
	require.Empty(t, created.Attachment)
	identity := p.whoami()

	device.touch(false)
	key.touch(true)
	require.Equal(t, "registered 2", run(`
		const { kind, response } = await addPasskey(await kratos("/self-service/settings/browser"));
		const flow = await response.json();
		return kind + " " + flow.ui.nodes.filter((node) => node.attributes.name === "passkey_remove").length`))
	require.Equal(t, 1, p.last("create").Excluded)

	// A new sign-in, which is young enough to remove a passkey.
	require.Equal(t, "signed-in passkey", run(`
		const { kind, response } = await signIn(await kratos("/self-service/login/browser?refresh=true"));
		const { session } = await response.json();
		return kind + " " + session.authentication_methods.at(-1).method`))
	got := p.last("get")
	require.Equal(t, identity, p.whoami())
	p.resolvesTo(got.UserHandle, identity, "passkey", "active")
	require.Equal(t, "removed 1", run(`
		const flow = await kratos("/self-service/settings/browser");
		const { kind, response } = await removePasskey(flow, "`+hexText(key.credentials()[0].CredentialID)+`");
		const after = await response.json();
		return kind + " " + after.ui.nodes.filter((node) => node.attributes.name === "passkey_remove").length`))

	// A rejection by Kratos is not a success.
	device.touch(true)
	key.touch(false)
	require.Equal(t, "failed 403", run(`
		const flow = await kratos("/self-service/login/browser?refresh=true");
		flow.ui.nodes.find((node) => node.attributes.name === "csrf_token").attributes.value = "none";
		const { kind, response } = await signIn(flow);
		return kind + " " + response.status`))
}
