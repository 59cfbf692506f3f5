package wellknown

// Rule explains a problem: why it matters, and the source.
type Rule struct{ ID, Why, Source string }

// Rules returns the rules for the ids of the problems that Check finds.
func Rules() []Rule {
	return []Rule{
		{"ror-document", "browsers only read related origins over https, as application/json of the form {\"origins\": [\"https://…\"]}", "WebAuthn Level 3 §5.11.1; measured in Chromium 156"},
		{"ror-parity", "an origin outside rp.id only works if it is in the document, which browsers read, and in rp.origins, which Kratos reads", "WebAuthn Level 3 §5.11, go-webauthn v0.11.2 protocol/client.go"},
		{"ror-label-budget", "browsers read the first five registrable labels of the document; origins after them are ignored", "WebAuthn Level 3 §5.11.1 step 4"},
		{"ror-noise", "origins of rp.id's own domain need no entry, and only use up labels", "passkeys.dev, related origins"},
		{"spa-fallback", "a catch-all route returns the index page with status 200, so the document seems to exist but cannot be read", "open-chat#9241"},
		{"passkey-endpoints", "password managers link to the pages on which users add and manage passkeys; the document must not redirect", "W3C passkey-endpoints §3.1"},
		{"assetlinks", "Android only lets an app use the passkeys of rp.id if the host of rp.id lists the app and its signing certificate", "Google Digital Asset Links; Android, Credential Manager prerequisites"},
		{"get-login-creds", "without the relation get_login_creds the statement covers links, but not sign-in", "android/identity-samples#88"},
		{"handle-all-urls", "some versions of Play services also require the relation handle_all_urls for passkeys, as in Google's own sample", "Android, Credential Manager prerequisites"},
		{"fingerprint-parity", "Android reads the fingerprint in assetlinks.json, Kratos the same one as android:apk-key-hash: in rp.origins", "flutter-passkeys#177"},
		{"debug-key", "the private key of this certificate is public, so anyone can sign an app that is accepted", "React Native's template, the Android source tree"},
		{"apple-app-site-association", "Apple's systems only let an app use the passkeys of rp.id if the host of rp.id lists it under webcredentials, without a redirect", "Apple, Supporting associated domains"},
		{"aasa-cdn", "devices read the document from Apple's CDN, which cannot reach hosts without public DNS", "Actual-Chat#4578"},
	}
}
