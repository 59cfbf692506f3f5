package setup

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// Addition is what an existing configuration gets besides its patch.
type Addition struct {
	Page       string   // where users sign in, as lint takes it with --domain
	HookLists  []string // such as "login.passkey": whose first hook wants a key from the environment
	CI         CI
	Config     string // name of the kratos.yml
	Repository string // slash path of its folder below the repository's root; "" at the root
	Version    string // of oly-passkey for CI; default: latest
	UI         bool
}

// Additions returns the files beside a patched configuration: the hooks' keys,
// what CI runs, the pages. They are written as those of Files are.
func Additions(a Addition, have State, random io.Reader) ([]File, error) {
	if path.Base(a.Config) != a.Config {
		return nil, fmt.Errorf("%q is not a file name", a.Config)
	}
	s := site{Page: a.Page}
	if err := (Options{CI: a.CI, ConfigName: a.Config, Repository: a.Repository, Version: a.Version}).continuous(&s); err != nil {
		return nil, err
	}
	var files []File
	for _, src := range s.ci {
		content, err := s.render(src.template)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: src.path, Mode: public, Content: content})
	}
	if a.UI {
		pages, err := pageFiles()
		if err != nil {
			return nil, err
		}
		files = append(files, pages...)
	}
	if len(a.HookLists) == 0 {
		return files, nil
	}
	keys, hookKeys, err := keyFile(have, random)
	if err != nil {
		return nil, err
	}
	wanted := hookVariables(a.HookLists, 0, hookKeys)
	for name, value := range parseEnv(have.KratosEnv) {
		if strings.Contains(name, "_AFTER_PROFILE_") && !slices.Contains(a.HookLists, "settings.profile") { // of a hook that is not init's
			wanted = append(wanted, variable{name: name, value: fixed(value), ok: func(string) bool { return true }})
		}
	}
	env, err := envWith(have.KratosEnv, wanted)
	if err != nil {
		return nil, err
	}
	return append(files, env, keys, ignoreFile(have.GitIgnore, []string{KratosEnv, SidecarKey})), nil
}
