package wellknown

// Rule says why a problem matters, and where that is written.
type Rule struct{ ID, Why, Source string }

// Rules lists the problems that Check finds, by their ids.
func Rules() []Rule {
	return []Rule{
		{"ror-document", "browsers read related origins only over https, as application/json, of the form {\"origins\": [\"https://…\"]}", "WebAuthn Level 3 §5.11.1; measured in Chromium 156"},
		{"ror-parity", "an origin outside of rp.id works only where the document and rp.origins both have it: browsers read the one, Kratos the other", "WebAuthn Level 3 §5.11, go-webauthn v0.11.2 protocol/client.go"},
		{"ror-label-budget", "browsers look at the first five registrable labels of the document; origins behind them do not count", "WebAuthn Level 3 §5.11.1 step 4"},
		{"ror-noise", "origins of rp.id's own domain need no permission, and only use up labels", "passkeys.dev, related origins"},
		{"spa-fallback", "a catch-all route answers with the index page and status 200, so that the document seems to be there and says nothing", "open-chat#9241"},
		{"passkey-endpoints", "password managers link to where people add and manage passkeys; the document must not redirect", "W3C passkey-endpoints §3.1"},
		{"assetlinks", "Android gives an app the passkeys of rp.id only if the host of rp.id itself lists the app and its signing certificate", "Google Digital Asset Links; Android, Credential Manager prerequisites"},
		{"get-login-creds", "without the relation get_login_creds the statement is about links, not about sign-in", "android/identity-samples#88"},
		{"handle-all-urls", "some versions of Play services want the relation handle_all_urls for passkeys as well, as Google's own sample has it", "Android, Credential Manager prerequisites"},
		{"fingerprint-parity", "Android reads the fingerprint in assetlinks.json, Kratos the same one as android:apk-key-hash: in rp.origins", "flutter-passkeys#177"},
		{"debug-key", "everybody has the private key of this certificate, and can sign an app that is let in", "React Native's template, the Android source tree"},
		{"apple-app-site-association", "Apple's systems give an app the passkeys of rp.id only if the host of rp.id lists it under webcredentials, without a redirect", "Apple, Supporting associated domains"},
		{"aasa-cdn", "devices ask Apple's CDN for the document, and the CDN cannot reach names that are not public", "Actual-Chat#4578"},
	}
}
