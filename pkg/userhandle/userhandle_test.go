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

const (
	passkey   = "sY6NOda7WGXT2Bsl4muMt4g4YBJzHttJi0wOr7f9QJVUPnOVD6K7j4eqz3vNAFTj"
	uuidText  = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
	uuidBytes = "\x3f\xa8\x5f\x64\x57\x17\x45\x62\xb3\xfc\x2c\x96\x3f\x66\xaf\xa6"
)

func TestDigest(t *testing.T) {
	// printf abc | sha256sum
	d := userhandle.DigestOf([]byte("abc"))
	require.Equal(t, "ba7816bf8f01cfea414140de5dae2223", d.String())
	require.False(t, d.IsZero())
	require.True(t, userhandle.Digest{}.IsZero())
}

func TestKindOf(t *testing.T) {
	for handle, want := range map[string]userhandle.Kind{
		passkey:                    userhandle.KindPasskey,
		uuidBytes:                  userhandle.KindUUID,
		"":                         userhandle.KindOther,
		"abc":                      userhandle.KindOther,
		passkey[:63]:               userhandle.KindOther,
		passkey[:63] + "-":         userhandle.KindOther,
		strings.Repeat("\xff", 64): userhandle.KindOther,
	} {
		require.Equal(t, want, userhandle.KindOf([]byte(handle)), "%q", handle)
	}
}

// forms of one handle, every one of which has to lead to it.
func forms(handle string) map[string]string {
	url := base64.RawURLEncoding.EncodeToString([]byte(handle))
	std := base64.StdEncoding.EncodeToString([]byte(handle))
	return map[string]string{
		"base64url":              url,
		"base64url with padding": base64.URLEncoding.EncodeToString([]byte(handle)),
		"base64":                 std,
		"base64 without padding": strings.TrimRight(std, "="),
		"hex":                    hex.EncodeToString([]byte(handle)),
		"HEX":                    strings.ToUpper(hex.EncodeToString([]byte(handle))),
		"blanks around":          " \t" + url + "\n",
		"base64url of base64url": base64.RawURLEncoding.EncodeToString([]byte(url)),
		"base64 of base64url":    base64.StdEncoding.EncodeToString([]byte(url)),
		"base64url of base64":    base64.RawURLEncoding.EncodeToString([]byte(std)),
		"base64url of hex":       base64.RawURLEncoding.EncodeToString([]byte(hex.EncodeToString([]byte(handle)))),
		"hex of base64url":       hex.EncodeToString([]byte(url)),
	}
}

func TestReadFindsEveryForm(t *testing.T) {
	cases := map[string]string{}
	for name, text := range forms(passkey) {
		cases["passkey in "+name] = text
	}
	for name, text := range cases {
		requireReading(t, name, text, passkey)
	}
	requireReading(t, "passkey in raw characters", passkey, passkey)
	for name, text := range forms(uuidBytes) {
		requireReading(t, "uuid in "+name, text, uuidBytes)
	}
	requireReading(t, "uuid text", uuidText, uuidBytes)
	requireReading(t, "UUID text", strings.ToUpper(uuidText), uuidBytes)
	requireReading(t, "uuid text in base64url", base64.RawURLEncoding.EncodeToString([]byte(uuidText)), uuidBytes)
	requireReading(t, "a handle of one byte", "QQ", "A")
	requireReading(t, "a custom handle as text", "user-4711", "user-4711")
}

func requireReading(t *testing.T, name, text, want string) {
	t.Helper()
	readings, err := userhandle.Read(text)
	require.NoError(t, err, name)
	found := 0
	for _, r := range readings {
		if string(r.Handle) == want {
			found++
		}
		require.NotEmpty(t, r.Handle, name)
		require.LessOrEqual(t, len(r.Handle), userhandle.MaxLen, name)
	}
	require.Equal(t, 1, found, "%s: %v", name, readings)
}

func TestReadNamesReadings(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string
	}{
		{passkey, []string{"base64url", "text"}},
		{"3fa85f6457174562b3fc2c963f66afa6", []string{"hex", "base64url", "text"}},
		{uuidText, []string{"uuid", "base64url", "text"}},
		{base64.RawURLEncoding.EncodeToString([]byte(passkey)), []string{"base64url"}},
		{base64.StdEncoding.EncodeToString([]byte(uuidBytes)), []string{"base64", "text"}},
		{base64.RawURLEncoding.EncodeToString([]byte(uuidText)), []string{"base64url", "uuid in base64url", "text"}},
		{"+AAA", []string{"base64", "text"}},
		{"AA+A", []string{"base64", "text"}},
		{"/AAA", []string{"base64", "text"}},
		{"AA/A", []string{"base64", "text"}},
	} {
		readings, err := userhandle.Read(tc.text)
		require.NoError(t, err)
		var names []string
		for _, r := range readings {
			names = append(names, r.Form())
		}
		require.Equal(t, tc.want, names, tc.text)
	}
}

func TestReadErrors(t *testing.T) {
	long := bytes.Repeat([]byte{0xfb}, 65)
	for _, tc := range []struct{ name, text, want string }{
		{"empty", " ", "the user handle is empty; WebAuthn allows 1 to 64 bytes"},
		{"65 bytes in base64url", base64.RawURLEncoding.EncodeToString(long), "the user handle has 65 bytes; WebAuthn allows 1 to 64"},
		{"65 bytes in base64", base64.StdEncoding.EncodeToString(long), "the user handle has 65 bytes; WebAuthn allows 1 to 64"},
		{"65 bytes in hex", hex.EncodeToString(long), "the user handle has 65 bytes; WebAuthn allows 1 to 64"},
		{"65 characters", strings.Repeat("x", 65), "the user handle has 65 bytes; WebAuthn allows 1 to 64"},
		{"a book", strings.Repeat("x", 5000), "a text of 5000 characters cannot be a user handle"},
		{"no text", "é\x00", "the text is not a user handle as base64url, base64, hex, UUID or printable characters"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := userhandle.Read(tc.text)
			require.EqualError(t, err, tc.want)
		})
	}
}

func TestBest(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{passkey, "text"},
		{"3fa85f6457174562b3fc2c963f66afa6", "hex"},
		{uuidText, "uuid"},
		{base64.StdEncoding.EncodeToString([]byte(uuidBytes)), "base64"},
		{"!", "text"},
		{"abcd", ""}, // three bytes of base64, two of hex, or four characters
	} {
		readings, err := userhandle.Read(tc.text)
		require.NoError(t, err)
		best, ok := userhandle.Best(readings)
		require.Equal(t, tc.want != "", ok, tc.text)
		require.Equal(t, tc.want, best.Form(), tc.text)
	}
}

func TestDecodeOneForm(t *testing.T) {
	for _, tc := range []struct {
		text string
		form userhandle.Form
		want string // the handle, or the error
	}{
		{"QUI", userhandle.Base64URL, "AB"},
		{"QUI=", userhandle.Base64URL, "AB"},
		{"-_8", userhandle.Base64URL, "\xfb\xff"},
		{"+/8", userhandle.Base64URL, "not base64url: illegal base64 data at input byte 0"},
		{"+/8=", userhandle.Base64, "\xfb\xff"},
		{"QUI==", userhandle.Base64, "not base64: invalid padding"},
		{"Q===", userhandle.Base64, "not base64: invalid padding"},
		{"QU\nI=", userhandle.Base64, "not base64: invalid padding"},
		{"QU\nI", userhandle.Base64, "not base64: it contains a line break"},
		{"\nQUI", userhandle.Base64, "not base64: it contains a line break"},
		{"QU\rI", userhandle.Base64URL, "not base64url: it contains a line break"},
		{"\rQUI", userhandle.Base64URL, "not base64url: it contains a line break"},
		{"QUJ", userhandle.Base64URL, "not base64url: illegal base64 data at input byte 2"}, // bits left over
		{"4142", userhandle.Hex, "AB"},
		{"414", userhandle.Hex, "not hex: encoding/hex: odd length hex string"},
		{uuidText, userhandle.UUID, uuidBytes},
		{"3fa85f6457174562b3fc2c963f66afa6", userhandle.UUID, "not uuid: a UUID has 36 characters, 8-4-4-4-12"},
		{"3fa85f64-5717-4562-b3fc-2c963f66afaz", userhandle.UUID, "not uuid: invalid UUID format"},
		{"AB", userhandle.Text, "AB"},
		{"A\tB", userhandle.Text, "not text: it contains characters other than printable ASCII"},
		{"", userhandle.Text, "the user handle is empty; WebAuthn allows 1 to 64 bytes"},
		{strings.Repeat("41", 65), userhandle.Hex, "the user handle has 65 bytes; WebAuthn allows 1 to 64"},
		{"AB", "rot13", "not rot13: unknown form"},
	} {
		handle, err := userhandle.Decode(tc.text, tc.form)
		if err != nil {
			require.EqualError(t, err, tc.want, "%s as %s", tc.text, tc.form)
			continue
		}
		require.Equal(t, tc.want, string(handle), "%s as %s", tc.text, tc.form)
	}
}

func TestEncode(t *testing.T) {
	for _, tc := range []struct {
		handle string
		form   userhandle.Form
		want   string // the text, or the error
	}{
		{uuidBytes, userhandle.Base64URL, "P6hfZFcXRWKz_CyWP2avpg"},
		{uuidBytes, userhandle.Base64, "P6hfZFcXRWKz/CyWP2avpg=="},
		{uuidBytes, userhandle.Hex, "3fa85f6457174562b3fc2c963f66afa6"},
		{uuidBytes, userhandle.UUID, uuidText},
		{uuidBytes, userhandle.Text, "the user handle contains non-printable characters"},
		{passkey, userhandle.Text, passkey},
		{passkey, userhandle.UUID, "the user handle has 64 bytes, but a UUID has 16"},
		{"", userhandle.Hex, "the user handle is empty; WebAuthn allows 1 to 64 bytes"},
		{passkey + "x", userhandle.Hex, "the user handle has 65 bytes; WebAuthn allows 1 to 64"},
		{"A", "rot13", `unknown form "rot13"`},
	} {
		text, err := userhandle.Encode([]byte(tc.handle), tc.form)
		if err != nil {
			require.EqualError(t, err, tc.want)
			continue
		}
		require.Equal(t, tc.want, text)
	}
}

func TestParseForm(t *testing.T) {
	for _, f := range userhandle.Forms() {
		got, err := userhandle.ParseForm(string(f))
		require.NoError(t, err)
		require.Equal(t, f, got)
	}
	_, err := userhandle.ParseForm("Base64")
	require.EqualError(t, err, `unknown form "Base64": use base64url, base64, hex, uuid or text`)
}

func TestReadCredentialID(t *testing.T) {
	for _, text := range []string{"-_8", "-_8=", "+/8=", " +/8 "} {
		id, err := userhandle.ReadCredentialID(text)
		require.NoError(t, err, text)
		require.Equal(t, "\xfb\xff", string(id), text)
	}
	_, err := userhandle.ReadCredentialID("!")
	require.EqualError(t, err, "the credential id is neither base64url nor base64")
	_, err = userhandle.ReadCredentialID("")
	require.EqualError(t, err, "the credential id has 0 bytes; WebAuthn allows 1 to 1023")
	_, err = userhandle.ReadCredentialID(base64.RawURLEncoding.EncodeToString(make([]byte, 1024)))
	require.EqualError(t, err, "the credential id has 1024 bytes; WebAuthn allows 1 to 1023")
}

// FuzzRead: every reading is a handle, each is there once, and each form of a
// reading leads to it again.
func FuzzRead(f *testing.F) {
	for _, text := range forms(passkey) {
		f.Add(text)
	}
	for _, text := range forms(uuidBytes) {
		f.Add(text)
	}
	f.Add(uuidText)
	f.Fuzz(func(t *testing.T, text string) {
		readings, err := userhandle.Read(text)
		if err != nil {
			require.Empty(t, readings)
			return
		}
		seen := map[string]bool{}
		for _, r := range readings {
			require.NotEmpty(t, r.Handle)
			require.LessOrEqual(t, len(r.Handle), userhandle.MaxLen)
			require.False(t, seen[string(r.Handle)])
			seen[string(r.Handle)] = true
			again, err := userhandle.Encode(r.Handle, userhandle.Base64URL)
			require.NoError(t, err)
			requireReading(t, text, again, string(r.Handle))
		}
	})
}

// FuzzReadCredentialID: what is read can be written and read again.
func FuzzReadCredentialID(f *testing.F) {
	f.Add("-_8")
	f.Add("+/8=")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := userhandle.ReadCredentialID(text)
		if err != nil {
			return
		}
		again, err := userhandle.ReadCredentialID(base64.RawURLEncoding.EncodeToString(id))
		require.NoError(t, err)
		require.Equal(t, id, again)
	})
}
