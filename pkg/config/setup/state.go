package setup

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// State is what an earlier run, or its user, left in the folder and a new run
// must keep. The zero State is an empty folder.
type State struct {
	SidecarKey  []byte // scope:key lines
	KratosEnv   []byte // NAME=value lines
	PostgresEnv []byte // the same, only for Compose
	GitIgnore   []byte
}

// ReadState reads the State of a folder; a file that is not there is empty.
func ReadState(dir string) (State, error) {
	var s State
	for name, content := range map[string]*[]byte{
		SidecarKey: &s.SidecarKey, KratosEnv: &s.KratosEnv, PostgresEnv: &s.PostgresEnv, gitIgnore: &s.GitIgnore,
	} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return State{}, fmt.Errorf("read the existing file: %w", err)
		}
		*content = b
	}
	return s, nil
}

// scopes of the sidecar's keys, in the order in which they are written.
func scopes() []string { return []string{"hooks", "resolve", "read", "admin"} }

// keyFile keeps the keys that are there and adds one for each scope without. It
// also returns the hook keys, the first of which is for a new kratos.env.
func keyFile(have State, random io.Reader) (File, []string, error) {
	keys, err := parseKeys(have.SidecarKey)
	if err != nil {
		return File{}, nil, err
	}
	if len(keys["hooks"]) == 0 {
		if key := hookKeyIn(have.KratosEnv); key != "" {
			keys["hooks"] = []string{key}
		}
	}
	var missing []string
	for _, scope := range scopes() {
		switch inFile := strings.Contains("\n"+string(have.SidecarKey), "\n"+scope+":"); {
		case inFile:
			continue
		case len(keys[scope]) == 0:
			key, err := secret(random, 32)
			if err != nil {
				return File{}, nil, err
			}
			keys[scope] = []string{"oly_" + key}
		}
		missing = append(missing, scope+":"+keys[scope][0])
	}
	f := File{Path: SidecarKey, Mode: private, Content: appendLines(have.SidecarKey, missing), Extends: true}
	return f, keys["hooks"], nil
}

func parseKeys(content []byte) (map[string][]string, error) {
	keys := make(map[string][]string)
	n := 0
	for line := range strings.Lines(string(content)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		scope, key, ok := strings.Cut(line, ":")
		if !ok || !slices.Contains(scopes(), scope) || key == "" || strings.ContainsFunc(key, breaksEnvFile) {
			return nil, fmt.Errorf("%s:%d: not a scope:key line; scopes are %s, and a key has no spaces and no quotes", SidecarKey, n, strings.Join(scopes(), ", "))
		}
		keys[scope] = append(keys[scope], key)
	}
	return keys, nil
}

// secret is n random bytes in base64url: one word for a shell, a header and a
// YAML scalar.
func secret(random io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("no randomness for a key: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}
