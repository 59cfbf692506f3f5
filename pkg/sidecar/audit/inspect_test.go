package audit

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLooksPersonal(t *testing.T) {
	for text, want := range map[string]bool{
		"ada@example.com": true, "ada+key@mail.example.co.uk": true, "+49 30 1234567": true, "030/1234567": true, "00493012345678": true,
		"": false, "ada": false, "@example.com": false, "ada@localhost": false, "ada@.com": false, "a@b@c.de": false, "ada @example.com": false,
		"1234567": false, "1234567890": false, "+123456": false, "3fa85f64-5717-4562-b3fc-2c963f66afa6": false, strings.Repeat("1", 64): false,
		"sY6NOda7WGXT2Bsl4muMt4g4YBJzHttJi0wOr7f9QJVUPnOVD6K7j4eqz3vNAFTj": false, "\x00\x01": false,
		"\x8f\x01a@\x17b.\xc3\x90\x42\x42\x42\x42\x42\x42\x42": false, "a\x01@example.com": false, "andr\u00e9@example.com": true,
	} {
		require.Equal(t, want, looksPersonal(text), "%q", text)
	}
}
