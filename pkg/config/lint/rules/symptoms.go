package rules

// Symptom is what users or operators notice, with the ids of the rules that find
// its causes in a configuration.
type Symptom struct {
	Seen  string
	Rules []string
}

// Symptoms returns the index of all rules by symptom, the most frequent symptoms
// first. A rule may cause several of them.
func Symptoms() []Symptom {
	return []Symptom{
		{"Kratos does not start, or exits with a configuration error", []string{
			"schema-invalid", "origin-and-origins", "rp-id-missing", "display-name-misnested", "passkey-identifier-typo", "key-newer-than-kratos",
			"method-newer-than-kratos", "yaml-bool-string", "scalar-for-array", "duplicate-key", "origin-no-scheme", "origin-whitespace", "origins-empty",
			"hook-parse-and-ignore", "env-hooks-string", "env-index-nulls", "schema-unloadable",
		}},
		{"Every registration or sign-in fails with HTTP 500, even with a password", []string{
			"no-display-name", "display-trait-nested", "display-trait-ambiguous", "origins-empty", "rp-id-missing", "rp-display-name", "default-schema-id",
			"identity-schema-not-found",
		}},
		{"The browser shows no passkey dialog, or reports a SecurityError about the relying party ID", []string{
			"rp-id-not-suffix", "rp-id-is-url", "rp-id-ip", "rp-id-bad-label", "rp-id-not-canonical", "rp-id-public-suffix", "rp-id-localhost-prod",
			"localhost-subdomain", "origin-ip", "origin-http", "origin-needs-ror", "ror-label-budget", "template-unrendered", "ui-url-fallback",
		}},
		{"The passkey is accepted on the device, but Kratos responds with \"Error validating origin\"", []string{
			"ui-origin-not-listed", "origins-defaulted", "origin-trailing-slash", "origin-path", "origin-default-port", "origin-port-missing",
			"origin-no-scheme", "origin-wildcard", "origin-whitespace", "origin-idn", "tls-terminated-scheme", "www-apex",
			"origins-differ-between-methods", "rp-unknown-key", "env-csv-space", "template-unrendered", "android-origin-format",
		}},
		{"The passkey button does nothing, or sign-in asks for a username", []string{
			"base-url-internal", "cors-origin-missing", "tls-terminated-scheme", "passkey-method-off", "webauthn-no-identifier", "both-passwordless",
		}},
		{"The dialog does not offer phones or security keys, or rejects a device", []string{"attachment-platform", "uv-required", "attestation-pointless", "downgrade-risk"}},
		{"A passkey was registered but cannot sign in, or passkeys stopped working", []string{
			"rp-id-changed", "origin-removed", "rp-differs-between-methods", "origins-differ-between-methods", "resident-key-weak", "downgrade-risk",
		}},
		{"A flow ends in an error, on a wrong page or on localhost", []string{
			"cookie-domain", "host-drift", "ui-url-fallback", "return-url-missing", "settings-unreachable", "base-url-internal",
		}},
		{"The ceremony or the flow expires too early", []string{"flow-lifespan-short", "ceremony-timeout-range", "privileged-session-window"}},
		{"Users are not signed in after sign-up, or have to do more to sign in", []string{"no-session-hook", "required-aal-trap", "require-verified-trap", "legacy-one-step"}},
		{"Users cannot add a passkey, or only on some pages", []string{"schema-uncovered", "settings-unreachable", "privileged-session-window", "rp-id-too-narrow"}},
		{"Passkeys have a wrong, missing or ambiguous name", []string{
			"display-trait-optional", "display-trait-untitled", "duplicate-title", "display-trait-sensitive", "display-name-not-identifier",
			"rp-display-name", "rp-icon",
		}},
		{"Users who lose a device are locked out", []string{"no-fallback-method", "recovery-off", "no-recovery-address"}},
		{"Passkeys cannot move to another domain later", []string{"rp-id-too-narrow", "rp-on-shared-paas"}},
		{"A hook does not run, or its receiver misses data", []string{
			"generic-hooks-shadowed", "hooks-not-migrated", "hook-generic-parse-dead", "hook-jsonnet-invalid", "hook-private-ip-blocked",
			"hook-credentials-in-body", "hook-header-not-allowed", "hook-nil-identity-id", "hook-nil-session-id", "hook-settings-handle-wrong",
			"hook-trigger-id-off", "session-before-webhook", "hook-legacy-keys",
		}},
		{"Sign-in is slow or fails because of a hook", []string{"hook-blocks-login", "hook-not-ignored"}},
		{"The sidecar does not know a new passkey", []string{"hook-missing-for-sidecar", "generic-hooks-shadowed"}},
		{"A setting seems to have no effect", []string{
			"env-overrides-file", "env-bool", "env-array-tail", "env-csv-space", "rp-unknown-key", "second-document", "require-verified-ignored",
			"template-unrendered", "identity-schema-not-found", "origin-duplicate",
		}},
		{"Nothing yet, but accounts or secrets are at risk", []string{
			"passkey-signup-unverified-address", "uv-discouraged", "settings-aal-lowered", "account-enumeration", "placeholder-secrets",
			"hook-sends-cookies", "hook-inline-secret", "hook-no-auth", "hook-plaintext", "log-leaks-sensitive-values", "kratos-dev-flag",
			"localhost-origin-in-prod", "extension-origin", "origin-unused", "rp-id-too-broad", "env-array-tail",
		}},
	}
}
