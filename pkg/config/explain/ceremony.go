package explain

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
)

// ceremony is the decoded content of a credential: CollectedClientData (WebAuthn
// §5.8.1) and, if there is one, the authenticator's response around it (§5.2).
type ceremony struct {
	client     clientData
	credential bool // false if the input was client data only
	id         []byte
	attachment string
	handle     []byte // response.userHandle
	assertion  bool   // a sign-in, so a user handle is expected
	auth       *authData
}

type clientData struct {
	Type        string `json:"type"`
	Challenge   string `json:"challenge"`
	Origin      string `json:"origin"`
	CrossOrigin bool   `json:"crossOrigin"`
	TopOrigin   string `json:"topOrigin"`
}

// authData is authenticator data (WebAuthn §6.1) up to the AAGUID.
type authData struct {
	rpIDHash  [32]byte
	flags     byte
	signCount uint32
	aaguid    []byte // 16 bytes, nil in assertions
}

// The flags of authenticator data (WebAuthn §6.1).
const (
	flagUserPresent    = 0x01
	flagUserVerified   = 0x04
	flagBackupEligible = 0x08
	flagBackedUp       = 0x10
	flagAttested       = 0x40
)

// credentialJSON is the result of PublicKeyCredential.toJSON(), or the body that a
// page posts to Kratos, which contains it as a string.
type credentialJSON struct {
	ID         string `json:"id"`
	Attachment string `json:"authenticatorAttachment"`
	Response   *struct {
		ClientDataJSON    string  `json:"clientDataJSON"`
		AuthenticatorData string  `json:"authenticatorData"`
		AttestationObject string  `json:"attestationObject"`
		UserHandle        *string `json:"userHandle"`
	} `json:"response"`

	PasskeyLogin     string `json:"passkey_login"`
	PasskeyRegister  string `json:"passkey_register"`
	PasskeySettings  string `json:"passkey_settings_register"`
	WebAuthnLogin    string `json:"webauthn_login"`
	WebAuthnRegister string `json:"webauthn_register"`
}

// maxWraps limits how many layers of an input are unwrapped: base64url, a posted
// body, a string within a string.
const maxWraps = 4

// readCeremony parses client data or a credential, as JSON or base64url-encoded
// JSON. It returns nil if the input is neither.
func readCeremony(input []byte) *ceremony { return unwrap(input, maxWraps) }

func unwrap(input []byte, left int) *ceremony {
	input = bytes.TrimSpace(bytes.TrimPrefix(input, []byte("\ufeff")))
	if left == 0 || len(input) == 0 {
		return nil
	}
	if input[0] == '"' {
		var inner string
		if json.Unmarshal(input, &inner) != nil {
			return nil
		}
		return unwrap([]byte(inner), left-1)
	}
	if input[0] != '{' {
		if raw := decodeBase64(string(input)); len(raw) > 0 {
			return unwrap(raw, left-1)
		}
		return nil
	}
	var client clientData
	if json.Unmarshal(input, &client) == nil && strings.HasPrefix(client.Type, "webauthn.") && client.Challenge != "" {
		return &ceremony{client: client}
	}
	var c credentialJSON
	if json.Unmarshal(input, &c) != nil {
		return nil
	}
	for _, posted := range []string{c.PasskeyLogin, c.PasskeyRegister, c.PasskeySettings, c.WebAuthnLogin, c.WebAuthnRegister} {
		if posted != "" {
			return unwrap([]byte(posted), left-1)
		}
	}
	return c.read()
}

func (c *credentialJSON) read() *ceremony {
	if c.Response == nil {
		return nil
	}
	out := &ceremony{credential: true, id: decodeBase64(c.ID), attachment: c.Attachment}
	if json.Unmarshal(decodeBase64(c.Response.ClientDataJSON), &out.client) != nil || out.client.Type == "" {
		return nil
	}
	out.auth = readAuthData(decodeBase64(c.Response.AuthenticatorData))
	if out.auth == nil {
		out.auth = readAuthData(attestedAuthData(decodeBase64(c.Response.AttestationObject)))
	}
	out.assertion = out.client.Type == "webauthn.get"
	if c.Response.UserHandle != nil {
		out.handle = decodeBase64(*c.Response.UserHandle)
	}
	return out
}

// decodeBase64 decodes both alphabets, with or without padding. It returns nil if
// the text is not base64.
func decodeBase64(text string) []byte {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	text = strings.NewReplacer("+", "-", "/", "_").Replace(text)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return raw
}

// readAuthData parses authenticator data. It returns nil if raw is too short.
func readAuthData(raw []byte) *authData {
	const fixed = 37
	if len(raw) < fixed {
		return nil
	}
	a := &authData{rpIDHash: [32]byte(raw), flags: raw[32], signCount: binary.BigEndian.Uint32(raw[33:])}
	if a.flags&flagAttested != 0 && len(raw) >= fixed+16 {
		a.aaguid = raw[fixed : fixed+16]
	}
	return a
}

// attestedAuthData returns the authenticator data of an attestation object
// (WebAuthn §6.5.4): the byte string after the key "authData". CTAP2's canonical
// CBOR has only one encoding of the key and of the string's head, so searching for
// them needs no CBOR parser.
func attestedAuthData(object []byte) []byte {
	_, rest, ok := bytes.Cut(object, []byte("\x68authData"))
	if !ok || len(rest) < 3 {
		return nil
	}
	n, head := 0, 0
	switch rest[0] {
	case 0x58:
		n, head = int(rest[1]), 2
	case 0x59:
		n, head = int(binary.BigEndian.Uint16(rest[1:])), 3
	}
	if n == 0 || len(rest) < head+n {
		return nil
	}
	return rest[head : head+n]
}
