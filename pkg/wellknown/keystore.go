package wellknown

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the format's own digest, no security of ours
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unicode/utf16"

	keystore "github.com/pavlo-v-chernykh/keystore-go/v4"
	"software.sslmate.com/src/go-pkcs12"
)

// DebugPassword is that of every debug.keystore which Android's tools make.
const DebugPassword = "android"

// ErrKeystore says that a file cannot be read as a keystore.
var ErrKeystore = errors.New("no keystore that this password opens")

// ReadKeystore answers the fingerprints of the certificates that a keystore
// signs apps with, JKS or PKCS #12. The private keys stay where they are.
func ReadKeystore(data []byte, password string) ([]Fingerprint, error) {
	if !isKeystore(data) {
		return nil, errors.New("it is neither a Java keystore nor PKCS #12")
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
		return nil, errors.New("the keystore has no private key, so it signs nothing")
	}
	return found, nil
}

// jksMagic begins every Java keystore.
const jksMagic = "\xfe\xed\xfe\xed"

// isWhole checks the digest at a Java keystore's end (sun.security.provider
// JavaKeyStore). What it does not hold for must not be parsed: the lengths in it
// may ask for any amount of memory.
func isWhole(data []byte, password string) bool {
	if len(data) < sha1.Size {
		return false
	}
	h := sha1.New() //nolint:gosec // the format's own digest, no security of ours
	for _, c := range utf16.Encode([]rune(password)) {
		h.Write(binary.BigEndian.AppendUint16(nil, c))
	}
	h.Write([]byte("Mighty Aphrodite"))
	content, digest := data[:len(data)-sha1.Size], data[len(data)-sha1.Size:]
	h.Write(content)
	return bytes.Equal(h.Sum(nil), digest)
}

// javaKeystore answers the first certificate of every private key's chain.
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
