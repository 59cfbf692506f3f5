package sidecar

import (
	"bufio"
	"bytes"
	"context"
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

// Scope is what a key opens.
type Scope string

// The scopes. None includes another: a key that shall open two is listed twice.
const (
	ScopeHooks   Scope = "hooks"   // Kratos' web hooks
	ScopeResolve Scope = "resolve" // user handle to identity
	ScopeRead    Scope = "read"    // what is known about an identity
	ScopeAdmin   Scope = "admin"   // reconcile, erase
)

// maxKeys is how many keys a scope may have: one, and its successor while it is
// rotated.
const maxKeys = 2

// maxKeyFile bounds the key file, in bytes.
const maxKeyFile = 64 << 10

// Keys are the API keys by scope.
type Keys struct {
	byScope map[Scope][]string
	sums    []keySum // of all of them
}

// keySum is what a key that is sent is compared with.
type keySum struct {
	scope Scope
	sum   [sha256.Size]byte
}

// ReadKeyFile reads keys from a file, one `scope:key` a line. Empty lines and
// lines that start with # do not count. Errors name file and line, never a key.
func ReadKeyFile(path string) (*Keys, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("api key file: %w", err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("api key file: %w", err)
	}
	if len(raw) > maxKeyFile { // a key at its end may be cut short, and be one all the same
		return nil, fmt.Errorf("api key file %q has more than %d KiB", path, maxKeyFile>>10)
	}
	k, err := ReadKeys(bytes.NewReader(raw), path)
	if err != nil {
		return nil, err
	}
	if len(k.byScope) == 0 {
		return nil, fmt.Errorf("api key file %q holds no key; write lines such as %q", path, "resolve:KEY")
	}
	return k, nil
}

// ReadKeys is ReadKeyFile for a reader; name stands in its errors.
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
		return errors.New("line is no scope:key")
	}
	scope := Scope(strings.TrimSpace(name))
	switch scope {
	case ScopeHooks, ScopeResolve, ScopeRead, ScopeAdmin:
	default:
		return errors.New("unknown scope, want hooks, resolve, read or admin")
	}
	key = strings.TrimSpace(key)
	if key == "" {
		return fmt.Errorf("scope %q has an empty key", scope)
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("a key of scope %q holds a blank or a character that no http header carries", scope)
	}
	if len(k.byScope[scope]) == maxKeys {
		return fmt.Errorf("scope %q has more than %d keys", scope, maxKeys)
	}
	k.byScope[scope] = append(k.byScope[scope], key)
	k.sums = append(k.sums, keySum{scope, sha256.Sum256([]byte(key))})
	return nil
}

// Key answers the first key of a scope, "" where it has none. Clients use it to
// find theirs in a file that is shared with the server.
func (k *Keys) Key(scope Scope) string {
	if k == nil || len(k.byScope[scope]) == 0 {
		return ""
	}
	return k.byScope[scope][0]
}

// watchKeys reads the key file again whenever its content changes, so that keys
// are rotated without a restart. A file that cannot be used changes nothing.
func (s *Server) watchKeys(ctx context.Context) error {
	if *s.keyFile.Load() == "" {
		return nil
	}
	return s.watchFiles(ctx, readKeys, func() (changed bool, err error) {
		keys, err := ReadKeyFile(*s.keyFile.Load())
		if err != nil || keys.equal(s.keys.Load()) {
			return false, err
		}
		s.keys.Store(keys)
		return true, nil
	})
}

func (k *Keys) equal(other *Keys) bool {
	return maps.EqualFunc(k.byScope, other.byScope, slices.Equal[[]string])
}

// check tells whether a key is any key at all, and whether it opens a scope. It
// compares with every key, each in constant time.
func (k *Keys) check(key string, scope Scope) (known, opens bool) {
	sum := sha256.Sum256([]byte(key))
	for n := range k.sums {
		if subtle.ConstantTimeCompare(sum[:], k.sums[n].sum[:]) == 1 {
			known = true
			opens = opens || k.sums[n].scope == scope
		}
	}
	return known, opens
}
