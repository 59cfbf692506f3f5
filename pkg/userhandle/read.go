package userhandle

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// maxText bounds what Read looks at, in bytes: a handle of 64 bytes in base64
// that was encoded in base64 and in hex once more stays under it.
const maxText = 512

const hexDigits = "0123456789abcdefABCDEF"

// Reading is one way to understand a text as a user handle.
type Reading struct {
	Forms  []Form // from the outside in: [base64url hex] is hex inside base64url
	Handle []byte
}

// Form names the reading, such as "base64url" or "hex in base64url".
func (r Reading) Form() string {
	names := make([]string, len(r.Forms))
	for i, f := range r.Forms {
		names[len(r.Forms)-1-i] = string(f)
	}
	return strings.Join(names, " in ")
}

// Read answers every user handle that a text can mean, each once: base64url and
// base64 with or without padding, hex, a UUID, the raw characters, and a text
// form that was encoded a second time, as pages do that take the handle for a
// string. It never answers none without an error.
//
// Several readings are normal (64 letters and digits are a handle and also
// base64 of 48 bytes); the caller looks each of them up, and never guesses.
// Errors are a *LengthError where the text is well formed, but no user handle.
func Read(text string) ([]Reading, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxText {
		return nil, fmt.Errorf("a text of %d characters cannot be a user handle", len(text))
	}
	var readings []Reading
	var wrongLen *LengthError
	forms := Forms()
	for n, form := range forms {
		switch {
		// Without one of these characters base64 says what base64url has said.
		case form == Base64 && !has(text, '+') && !has(text, '/'):
			continue
		// Most texts are none, and decoding makes room for the bytes first.
		case form == Hex && strings.Trim(text, hexDigits) != "":
			continue
		// What is too long for a handle matters where it is nothing else.
		case form == Text && len(text) > MaxLen && len(readings) > 0:
			continue
		}
		raw, err := decode(text, form)
		if err != nil {
			continue
		}
		if fits(raw) {
			readings = add(readings, Reading{Forms: forms[n : n+1 : n+1], Handle: raw})
		} else if wrongLen == nil {
			wrongLen = &LengthError{Len: len(raw)}
		}
		if form != Text {
			readings = addInner(readings, form, raw)
		}
	}
	if len(readings) > 0 {
		return readings, nil
	}
	if wrongLen != nil {
		return nil, wrongLen
	}
	return nil, errors.New("the text is not a user handle as base64url, base64, hex, UUID or printable characters")
}

// addInner reads what one decoding gave as text that was encoded before. Only
// handles of a shape that Kratos makes count: any other text that happens to
// decode again would be noise.
func addInner(readings []Reading, outer Form, decoded []byte) []Reading {
	switch len(decoded) {
	case 22, 24, 32, 36: // 16 bytes in base64, hex, uuid
	case 86, 88, 128: // 64 bytes in base64, hex
	default:
		return readings
	}
	text := string(decoded)
	for _, form := range Forms() {
		raw, err := decode(text, form)
		if err != nil || KindOf(raw) == KindOther {
			continue
		}
		readings = add(readings, Reading{Forms: []Form{outer, form}, Handle: raw})
	}
	return readings
}

func add(readings []Reading, r Reading) []Reading {
	for _, have := range readings {
		if bytes.Equal(have.Handle, r.Handle) {
			return readings
		}
	}
	return append(readings, r)
}

// Best answers the one reading whose handle has a shape that Kratos makes, or
// the only reading there is; false where the text stays ambiguous. It is for
// showing a handle to a person; to find an identity look every reading up.
func Best(readings []Reading) (Reading, bool) {
	if len(readings) == 1 {
		return readings[0], true
	}
	var best []Reading
	for _, r := range readings {
		if KindOf(r.Handle) != KindOther {
			best = append(best, r)
		}
	}
	if len(best) != 1 {
		return Reading{}, false
	}
	return best[0], true
}

// maxCredentialID is the greatest length of a credential id in bytes
// (WebAuthn §4, "credential ID").
const maxCredentialID = 1023

// ReadCredentialID reads a credential id as browsers and Kratos write one:
// base64url or base64, with or without padding.
func ReadCredentialID(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	for _, form := range []Form{Base64URL, Base64} {
		id, err := decode(text, form)
		if err != nil {
			continue
		}
		if len(id) == 0 || len(id) > maxCredentialID {
			return nil, fmt.Errorf("the credential id has %d bytes; WebAuthn allows 1 to %d", len(id), maxCredentialID)
		}
		return id, nil
	}
	return nil, errors.New("the credential id is neither base64url nor base64")
}
