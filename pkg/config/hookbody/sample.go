package hookbody

// Values in a sample context, which can be recognised in the result of a body.
const (
	SampleSession  = "sample-of-the-session-cookie"
	SampleIdentity = "6f1c8f0e-5d54-4a5c-9c1e-0a7f6f3d2b11"
	SampleHandle   = "sample-of-the-user-handle-in-the-node"
	SampleHeader   = "sample-of-a-header"
	// NilUUID is identity.id before the identity is saved, and session.id in
	// login hooks.
	NilUUID = "00000000-0000-0000-0000-000000000000"
)

// Sample describes the situation in which a hook runs.
type Sample struct {
	Flow   string // registration, login, settings, recovery, verification
	Before bool   // a hook of before.hooks
	Parsed bool   // response.parse: it runs before the identity is saved
	// Traits are the names of the identities' traits.
	Traits []string
}

// context returns the context that Kratos passes to the body, as recorded on v1.3.1
// and v26.2.0. It never contains credentials or metadata_admin.
func (s Sample) context() map[string]any {
	traits := make(map[string]any)
	for _, name := range s.Traits {
		traits[name] = "sample"
	}
	identity := map[string]any{
		"id": SampleIdentity, "schema_id": "default", "schema_url": "https://auth.example.com/schemas/ZGVmYXVsdA",
		"state": "active", "state_changed_at": sampleTime, "traits": traits, "metadata_public": nil,
		"organization_id": nil, "created_at": sampleTime, "updated_at": sampleTime,
	}
	if s.Flow == "registration" && s.Parsed {
		identity["id"] = NilUUID
	}
	flow := map[string]any{
		"id": "3b1f9a52-9a0e-4c5e-8a4f-2f6f1f4f7d10", "type": "browser", "state": "choose_method",
		"request_url": "https://auth.example.com/self-service/" + s.Flow + "/browser", "issued_at": sampleTime, "expires_at": sampleTime,
		"organization_id": nil, "transient_payload": map[string]any{}, "ui": map[string]any{
			"action": "https://auth.example.com/self-service/" + s.Flow, "method": "POST", "nodes": nodes(),
		},
	}
	switch s.Flow {
	case "login":
		flow["active"], flow["refresh"], flow["requested_aal"], flow["created_at"], flow["updated_at"] = "passkey", false, "aal1", sampleTime, sampleTime
	case "settings":
		flow["identity"] = identity
	}
	ctx := map[string]any{
		"flow": flow, "request_method": "POST", "request_url": flow["request_url"],
		"request_headers": map[string]any{
			"Accept": []any{SampleHeader}, "Content-Type": []any{"application/json"}, "Origin": []any{"https://auth.example.com"},
			"Referer": []any{"https://auth.example.com/"}, "User-Agent": []any{SampleHeader},
		},
		"request_cookies": map[string]any{"ory_kratos_session": SampleSession, "csrf_token": SampleSession},
	}
	if !s.Before {
		ctx["identity"] = identity
		if s.Flow == "login" {
			ctx["session"] = map[string]any{
				"id": NilUUID, "active": true, "authenticated_at": sampleTime, "authenticator_assurance_level": "aal1",
				"authentication_methods": []any{}, "issued_at": sampleTime, "expires_at": sampleTime, "identity": identity, "devices": []any{},
			}
		}
	}
	return ctx
}

const sampleTime = "2026-01-02T03:04:05Z"

func nodes() []any {
	node := func(name, value string) map[string]any {
		return map[string]any{"type": "input", "group": "passkey", "messages": []any{}, "meta": map[string]any{}, "attributes": map[string]any{
			"name": name, "type": "hidden", "value": value, "disabled": false, "node_type": "input",
		}}
	}
	options := `{"user":{"id":"` + SampleHandle + `","name":"sample","displayName":"sample"},"rp":{"id":"example.com","name":"Example"},"challenge":"AAAA"}`
	return []any{
		node("csrf_token", "sample"),
		node("traits.email", "sample"),
		node("passkey_create_data", `{"credentialOptions":{"publicKey":`+options+`},"publicKey":`+options+`,"displayNameFieldName":"traits.email"}`),
		node("webauthn_register_trigger", `{"publicKey":`+options+`}`),
	}
}
