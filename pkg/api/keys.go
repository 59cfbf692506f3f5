package api

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// Scope is what a key grants access to.
type Scope string

// The scopes. None includes another: a key for two scopes is listed twice.
const (
	ScopeHooks   Scope = "hooks"   // Kratos' web hooks
	ScopeResolve Scope = "resolve" // user handle to identity
	ScopeRead    Scope = "read"    // what is known about an identity
	ScopeAdmin   Scope = "admin"   // reconcile, erase
)

// Scopes returns all scopes, in the order in which init writes them.
func Scopes() []Scope { return []Scope{ScopeHooks, ScopeResolve, ScopeRead, ScopeAdmin} }

// maxKeys is how many keys a scope may have: one, and its successor during
// rotation.
const maxKeys = 2

// maxKeyFile bounds the key file, in bytes.
const maxKeyFile = 64 << 10

// Keys are the API keys by scope.
type Keys struct {
	byScope map[Scope][]string
	sums    []keySum // of all of them
}

// keySum is what a received key is compared with.
type keySum struct {
	scope Scope
	sum   [sha256.Size]byte
}

// ReadKeyFile reads keys from a file of at most 64 KiB, one `scope:key` per line.
// Empty lines and lines that start with # are ignored. Errors name file and line,
// never a key.
func ReadKeyFile(path string) (*Keys, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("API key file: %w", err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("API key file: %w", err)
	}
	if len(raw) > maxKeyFile { // the last key would be cut short, and still be a key
		return nil, fmt.Errorf("API key file %q is larger than %d KiB", path, maxKeyFile>>10)
	}
	k, err := ReadKeys(bytes.NewReader(raw), path)
	if err != nil {
		return nil, err
	}
	if len(k.byScope) == 0 {
		return nil, fmt.Errorf("API key file %q contains no key; add lines such as %q", path, "resolve:KEY")
	}
	return k, nil
}

// ReadKeys is ReadKeyFile for a reader that errors call by name.
func ReadKeys(r io.Reader, name string) (*Keys, error) {
	k := &Keys{byScope: map[Scope][]string{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := k.add(line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}

func (k *Keys) add(line string) error {
	name, key, ok := strings.Cut(line, ":")
	if !ok {
		return errors.New(`expected "scope:key", such as "hooks:oly_…"`)
	}
	scope := Scope(strings.TrimSpace(name))
	if !slices.Contains(Scopes(), scope) {
		return errors.New("unknown scope: use hooks, resolve, read or admin")
	}
	key = strings.TrimSpace(key)
	if key == "" {
		return fmt.Errorf("scope %q has an empty key", scope)
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("a key of scope %q contains a space or a character that is not allowed in an HTTP header", scope)
	}
	if len(k.byScope[scope]) == maxKeys {
		return fmt.Errorf("scope %q has more than %d keys", scope, maxKeys)
	}
	k.byScope[scope] = append(k.byScope[scope], key)
	k.sums = append(k.sums, keySum{scope, sha256.Sum256([]byte(key))})
	return nil
}

// Key returns the first key of a scope, "" if there is none. Clients use it to
// find theirs in a file that they share with the server.
func (k *Keys) Key(scope Scope) string {
	if keys := k.All(scope); len(keys) > 0 {
		return keys[0]
	}
	return ""
}

// All returns the keys of a scope in the order of the file.
func (k *Keys) All(scope Scope) []string {
	if k == nil {
		return nil
	}
	return k.byScope[scope]
}

// Equal reports whether both hold the same keys in the same order.
func (k *Keys) Equal(other *Keys) bool {
	return maps.EqualFunc(k.byScope, other.byScope, slices.Equal[[]string])
}

// Check reports whether a key is one of the keys, and whether it opens a scope.
// It compares with every key, each in constant time.
func (k *Keys) Check(key string, scope Scope) (known, opens bool) {
	sum := sha256.Sum256([]byte(key))
	for n := range k.sums {
		if subtle.ConstantTimeCompare(sum[:], k.sums[n].sum[:]) == 1 {
			known = true
			opens = opens || k.sums[n].scope == scope
		}
	}
	return known, opens
}
