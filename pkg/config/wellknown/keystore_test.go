package wellknown_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
)

// The keystores are keytool's, and so are the fingerprints: keytool -list -v.
func TestReadKeystore(t *testing.T) {
	const (
		debug   = "36:E8:48:75:E5:15:F7:E0:5A:B7:28:82:29:53:8D:45:5B:FF:F1:70:A2:59:24:4A:CA:23:6C:0E:21:BA:F1:B8"
		first   = "3A:9E:A6:35:37:55:5F:C3:B2:9C:5B:88:21:59:D6:7D:37:BD:8E:F9:62:E8:17:C5:97:BD:45:19:D5:54:56:3D"
		second  = "B0:D6:CD:B0:5F:0C:79:1B:EA:83:E1:43:00:C1:0B:A7:5C:B6:01:98:58:0C:27:08:AC:C5:02:6D:87:FB:87:F5"
		release = "14:5B:AB:DE:6C:55:B7:B0:2A:D0:C2:4C:01:4B:CF:92:02:D0:60:22:C1:E6:7B:69:0C:0B:BD:F6:CA:B3:84:DA"
	)
	for _, c := range []struct {
		file, password string
		want           []string
		err            string
	}{
		{"debug.jks", wellknown.DebugPassword, []string{debug}, ""},
		{"two.jks", "two keys", []string{first, second}, ""},
		{"release.p12", "correct horse", []string{release}, ""},
		{"two.jks", "android", nil, "not a keystore, or not its password"},
		{"release.p12", "android", nil, "not a keystore, or not its password: pkcs12: decryption password incorrect"},
		{"../keystore_test.go", "android", nil, "not a Java or PKCS #12 keystore"},
	} {
		data, err := os.ReadFile("testdata/" + c.file)
		require.NoError(t, err)
		keys, err := wellknown.ReadKeystore(data, c.password)
		if c.err != "" {
			require.EqualError(t, err, c.err)
			continue
		}
		require.NoError(t, err)
		var got []string
		for _, k := range keys {
			got = append(got, k.String())
		}
		require.Equal(t, c.want, got)
	}
}

// FuzzReadKeystore: no bytes make it panic.
func FuzzReadKeystore(f *testing.F) {
	for _, name := range []string{"debug.jks", "two.jks", "release.p12"} {
		data, err := os.ReadFile("testdata/" + name)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := wellknown.ReadKeystore(data, wellknown.DebugPassword)
		require.Equal(t, err == nil, len(keys) > 0)
	})
}
