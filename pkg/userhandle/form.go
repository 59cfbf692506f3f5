package userhandle

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Form is a text encoding of user handles.
type Form string

// The forms, with their names on the command line.
const (
	Base64URL Form = "base64url" // in WebAuthn's JSON; encoded without padding
	Base64    Form = "base64"    // config.user_handle in Kratos' admin API; encoded with padding
	Hex       Form = "hex"
	UUID      Form = "uuid" // 16 bytes only, 8-4-4-4-12
	Text      Form = "text" // the bytes themselves, if they are printable ASCII
)

// Forms returns all forms, in the order in which Read tries them.
func Forms() []Form { return []Form{UUID, Hex, Base64URL, Base64, Text} }

// ParseForm parses the name of a form.
func ParseForm(name string) (Form, error) {
	if f := Form(name); slices.Contains(Forms(), f) {
		return f, nil
	}
	return "", fmt.Errorf("unknown form %q: use base64url, base64, hex, uuid or text", name)
}

// Encode encodes a handle. It returns an error if the form cannot represent the
// bytes, such as binary ones as text, or if the handle has an invalid length.
func Encode(handle []byte, form Form) (string, error) {
	if err := checkLen(handle); err != nil {
		return "", err
	}
	switch form {
	case Base64URL:
		return base64.RawURLEncoding.EncodeToString(handle), nil
	case Base64:
		return base64.StdEncoding.EncodeToString(handle), nil
	case Hex:
		return hex.EncodeToString(handle), nil
	case UUID:
		id, err := uuid.FromBytes(handle)
		if err != nil {
			return "", fmt.Errorf("the user handle has %d bytes, but a UUID has 16", len(handle))
		}
		return id.String(), nil
	case Text:
		if !isPrintable(string(handle)) {
			return "", fmt.Errorf("the user handle contains non-printable characters")
		}
		return string(handle), nil
	}
	return "", fmt.Errorf("unknown form %q", form)
}

// Decode decodes a text in one form. It accepts base64 in both alphabets with or
// without padding.
func Decode(text string, form Form) ([]byte, error) {
	handle, err := decode(text, form)
	if err != nil {
		return nil, fmt.Errorf("not %s: %w", form, err)
	}
	return handle, checkLen(handle)
}

// The errors of decoding. They are not allocated for each text, because most
// attempts of Read fail.
var (
	errForm    = errors.New("unknown form")
	errPadding = errors.New("invalid padding")
	errLineEnd = errors.New("it contains a line break")
	errUUID    = errors.New("a UUID has 36 characters, 8-4-4-4-12")
	errText    = errors.New("it contains characters other than printable ASCII")
)

func decode(text string, form Form) ([]byte, error) {
	switch form {
	case Base64URL:
		return decodeBase64(text, strictURL)
	case Base64:
		return decodeBase64(text, strictStd)
	case Hex:
		return hex.DecodeString(text)
	case UUID:
		return decodeUUID(text)
	case Text:
		if !isPrintable(text) {
			return nil, errText
		}
		return []byte(text), nil
	}
	return nil, errForm
}

// The strict encodings accept only one text for the same bytes. They are variables
// because Strict copies its tables.
var (
	strictURL = base64.RawURLEncoding.Strict()
	strictStd = base64.RawStdEncoding.Strict()
)

func decodeBase64(text string, enc *base64.Encoding) ([]byte, error) {
	bare := strings.TrimRight(text, "=")
	if pad := len(text) - len(bare); pad > 0 && (len(text)%4 != 0 || pad > 2) {
		return nil, errPadding
	}
	// encoding/base64 ignores line breaks, which are invalid here.
	if has(bare, '\r') || has(bare, '\n') {
		return nil, errLineEnd
	}
	return enc.DecodeString(bare)
}

// has reports whether a text contains a byte, four times as fast as
// strings.ContainsRune.
func has(text string, c byte) bool { return strings.IndexByte(text, c) >= 0 }

// decodeUUID only accepts the form with dashes: 32 digits without dashes are hex.
func decodeUUID(text string) ([]byte, error) {
	const dashed = 36
	if len(text) != dashed {
		return nil, errUUID
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return nil, err
	}
	return id[:], nil
}

func isPrintable(text string) bool {
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

func checkLen(handle []byte) error {
	if !fits(handle) {
		return &LengthError{Len: len(handle)}
	}
	return nil
}

func fits(handle []byte) bool { return len(handle) > 0 && len(handle) <= MaxLen }
