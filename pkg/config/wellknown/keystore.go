package wellknown

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the digest is part of the format
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unicode/utf16"

	keystore "github.com/pavlo-v-chernykh/keystore-go/v4"
	"software.sslmate.com/src/go-pkcs12"
)

// DebugPassword is the password of the debug.keystore that Android's tools create.
const DebugPassword = "android"

// ErrKeystore is returned if a keystore cannot be read with a password.
var ErrKeystore = errors.New("not a keystore, or not its password")

// ReadKeystore returns the fingerprints of the signing certificates in a JKS or
// PKCS #12 keystore. It does not decrypt the private keys of a Java keystore.
func ReadKeystore(data []byte, password string) ([]Fingerprint, error) {
	if !isKeystore(data) {
		return nil, errors.New("not a Java or PKCS #12 keystore")
	}
	var found []Fingerprint
	add := func(cert []byte) {
		if f := Fingerprint(sha256.Sum256(cert)); !slices.Contains(found, f) {
			found = append(found, f)
		}
	}
	if bytes.HasPrefix(data, []byte(jksMagic)) {
		certs, err := javaKeystore(data, password)
		if err != nil {
			return nil, err
		}
		for _, cert := range certs {
			add(cert)
		}
	} else {
		_, cert, _, err := pkcs12.DecodeChain(data, password)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKeystore, err)
		}
		add(cert.Raw)
	}
	if len(found) == 0 {
		return nil, errors.New("the keystore has no private key, so it cannot sign apps")
	}
	return found, nil
}

// jksMagic is the prefix of Java keystores.
const jksMagic = "\xfe\xed\xfe\xed"

// isWhole reports whether the digest at the end of a Java keystore is correct
// (sun.security.provider JavaKeyStore). Other data must not be parsed, because its
// lengths could request any amount of memory.
func isWhole(data []byte, password string) bool {
	if len(data) < sha1.Size {
		return false
	}
	h := sha1.New() //nolint:gosec // the digest is part of the format
	for _, c := range utf16.Encode([]rune(password)) {
		h.Write(binary.BigEndian.AppendUint16(nil, c))
	}
	h.Write([]byte("Mighty Aphrodite"))
	content, digest := data[:len(data)-sha1.Size], data[len(data)-sha1.Size:]
	h.Write(content)
	return bytes.Equal(h.Sum(nil), digest)
}

// javaKeystore returns the first certificate of each private key's chain.
func javaKeystore(data []byte, password string) ([][]byte, error) {
	if !isWhole(data, password) {
		return nil, ErrKeystore
	}
	ks := keystore.New(keystore.WithOrderedAliases())
	if err := ks.Load(bytes.NewReader(data), []byte(password)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeystore, err)
	}
	var out [][]byte
	for _, alias := range ks.Aliases() {
		if !ks.IsPrivateKeyEntry(alias) {
			continue
		}
		chain, err := ks.GetPrivateKeyEntryCertificateChain(alias)
		if err != nil {
			return nil, fmt.Errorf("the keystore's entry %q: %w", alias, err)
		}
		if len(chain) > 0 {
			out = append(out, chain[0].Content)
		}
	}
	return out, nil
}
