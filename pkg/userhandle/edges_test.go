package userhandle_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// TestAlphabets checks every single byte against the bytes allowed in a text and in a
// passkey's handle.
func TestAlphabets(t *testing.T) {
	const alphaNum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for c := range 256 {
		b := byte(c)
		_, err := userhandle.Decode(string([]byte{b}), userhandle.Text)
		require.Equal(t, b >= 0x20 && b <= 0x7e, err == nil, "%q as text", b)
		want := userhandle.KindOther
		if strings.IndexByte(alphaNum, b) >= 0 {
			want = userhandle.KindPasskey
		}
		require.Equal(t, want, userhandle.KindOf(bytes.Repeat([]byte{b}, 64)), "%q", b)
	}
}

// TestKindNames: reports and metrics carry these words.
func TestKindNames(t *testing.T) {
	require.Equal(t, "passkey", string(userhandle.KindOf([]byte(passkey))))
	require.Equal(t, "uuid", string(userhandle.KindOf([]byte(uuidBytes))))
	require.Equal(t, "other", string(userhandle.KindOf(nil)))
}

// TestErrorsComeWithNothing: an error comes with a zero result.
func TestErrorsComeWithNothing(t *testing.T) {
	form, err := userhandle.ParseForm("rot13")
	require.Error(t, err)
	require.Empty(t, form)
	for form, handle := range map[userhandle.Form]string{
		userhandle.Hex:  "",
		userhandle.UUID: "not sixteen",
		userhandle.Text: "\x00",
		"rot13":         "A",
	} {
		text, err := userhandle.Encode([]byte(handle), form)
		require.Error(t, err, form)
		require.Empty(t, text, form)
	}
}

func TestLongestText(t *testing.T) {
	longest := hex.EncodeToString([]byte(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xfb}, 192))))
	require.Len(t, longest, 512)
	_, err := userhandle.Read(longest)
	require.EqualError(t, err, "the user handle has 256 bytes; WebAuthn allows 1 to 64", "it is looked at")
	_, err = userhandle.Read(longest + "0")
	require.EqualError(t, err, "a text of 513 characters cannot be a user handle", "it is not")
}

func TestLongestCredentialID(t *testing.T) {
	longest := bytes.Repeat([]byte{7}, 1023)
	id, err := userhandle.ReadCredentialID(base64.RawURLEncoding.EncodeToString(longest))
	require.NoError(t, err)
	require.Equal(t, longest, id)
}

// TestInnerTextIsNoReading: characters inside of a decoding are the handle that
// the outer reading has already, and half a decoding is none.
func TestInnerTextIsNoReading(t *testing.T) {
	readings, err := userhandle.Read(base64.RawURLEncoding.EncodeToString([]byte(passkey)))
	require.NoError(t, err)
	require.Len(t, readings, 1)
	require.Equal(t, "base64url", readings[0].Form())

	// Sixteen bytes of hex, and then something else.
	broken := strings.Repeat("41", 16) + "!!!!"
	readings, err = userhandle.Read(base64.RawURLEncoding.EncodeToString([]byte(broken)))
	require.NoError(t, err)
	require.Equal(t, []string{"base64url", "text"}, names(readings))
	require.Equal(t, broken, string(readings[0].Handle))
}

func names(readings []userhandle.Reading) []string {
	all := make([]string, len(readings))
	for i, r := range readings {
		all[i] = r.Form()
	}
	return all
}

// TestLongTextOfTwoForms: what is too long to be a handle itself can still be one
// in every form that it has.
func TestLongTextOfTwoForms(t *testing.T) {
	readings, err := userhandle.Read(strings.Repeat("4a", 40))
	require.NoError(t, err)
	require.Equal(t, []string{"hex", "base64url"}, names(readings))
	require.Len(t, readings[0].Handle, 40)
	require.Len(t, readings[1].Handle, 60)
}

// TestReadMakesLittle: most texts are one handle in base64url. The tries that
// come to nothing take no memory; the handle, its form and the list do.
func TestReadMakesLittle(t *testing.T) {
	text := base64.RawURLEncoding.EncodeToString([]byte(passkey))
	require.InDelta(t, 3, testing.AllocsPerRun(100, func() {
		if readings, err := userhandle.Read(text); err != nil || len(readings) != 1 {
			t.Error(readings, err)
		}
	}), 0)
}
