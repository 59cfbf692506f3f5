package userhandle

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// maxText limits the length of texts for Read, in bytes. A handle of 64 bytes that
// was encoded in base64 twice and in hex is shorter.
const maxText = 512

const hexDigits = "0123456789abcdefABCDEF"

// Reading is a possible interpretation of a text as a user handle.
type Reading struct {
	Forms  []Form // from the outside in: [base64url hex] is hex inside base64url
	Handle []byte
}

// Form describes the reading, such as "base64url" or "hex in base64url".
func (r Reading) Form() string {
	names := make([]string, len(r.Forms))
	for i, f := range r.Forms {
		names[len(r.Forms)-1-i] = string(f)
	}
	return strings.Join(names, " in ")
}

// Read returns all distinct user handles that a text can represent: base64url and
// base64 with or without padding, hex, a UUID, the characters themselves, and a text
// form that was encoded a second time, which happens in pages that treat the handle
// as a string. It returns at least one reading or an error.
//
// Several readings are normal (64 letters and digits are a handle and also
// base64 of 48 bytes); callers must look up each of them instead of guessing. The
// error is a *LengthError if the text is well-formed but not a user handle.
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
		// Without these characters, base64 has the same result as base64url.
		case form == Base64 && !has(text, '+') && !has(text, '/'):
			continue
		// Avoid the allocation of hex decoding for most texts.
		case form == Hex && strings.Trim(text, hexDigits) != "":
			continue
		// A text that is too long only matters if there is no other reading.
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

// addInner decodes a decoded text again. It only adds handles in a form that Kratos
// generates, because other texts may be decodable by chance.
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

// Best returns the only reading, or the only one whose handle has a form that Kratos
// generates. It returns false if the text is ambiguous. Use it to display a handle;
// to find an identity, look up all readings.
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

// maxCredentialID is the maximum length of a credential id in bytes
// (WebAuthn §4, "credential ID").
const maxCredentialID = 1023

// ReadCredentialID decodes a credential id in the forms of browsers and Kratos:
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
