package setup

import (
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// variable is one line of kratos.env. An existing value is kept if ok accepts it.
type variable struct {
	name  string
	value func() (string, error)
	ok    func(string) bool
}

// envFile is kratos.env for `env $(cat kratos.env) kratos …`: one word a line
// and no comments, because the shell splits at spaces and env would take a
// comment for a command.
func (s site) envFile(have []byte, hookKeys []string, random io.Reader) (File, error) {
	return envWith(have, s.variables(hookKeys, random))
}

// envWith is a kratos.env with the variables that are wanted, and all others
// that it had, except those of hooks that are not there.
func envWith(have []byte, wanted []variable) (File, error) {
	present := parseEnv(have)
	var wrong []string
	for name := range present {
		if hookVariable.MatchString(name) && !slices.ContainsFunc(wanted, func(v variable) bool { return v.name == name }) {
			wrong = append(wrong, name) // Kratos would read it as an incomplete hook and not start
		}
	}
	var missing []string
	for _, v := range wanted {
		old, there := present[v.name]
		if there && v.ok(old) {
			continue
		}
		if there {
			wrong = append(wrong, v.name)
		}
		value, err := v.value()
		if err != nil {
			return File{}, err
		}
		missing = append(missing, v.name+"="+value)
	}
	return File{
		Path:    KratosEnv,
		Mode:    private,
		Content: appendLines(without(have, wrong), missing),
		Extends: len(wrong) == 0,
	}, nil
}

// variables of kratos.env, in order. Kratos generates secrets at random when it
// has none, so sessions and encrypted data would not survive a restart.
func (s site) variables(hookKeys []string, random io.Reader) []variable {
	keep := func(string) bool { return true }
	fresh := func() (string, error) { return secret(random, 24) } // 32 characters, as the cipher demands
	all := []variable{
		{"DSN", fixed(s.DSN), keep},
		{"SECRETS_DEFAULT", fresh, keep},
		{"SECRETS_COOKIE", fresh, keep},
		{"SECRETS_CIPHER", fresh, keep},
	}
	if s.CourierURL == "" {
		all = append(all, variable{"COURIER_SMTP_CONNECTION_URI", fixed("smtp://127.0.0.1:25/?disable_starttls=true"), keep})
	}
	return append(all, s.hookVariables(hookKeys)...)
}

func (s site) hookVariables(hookKeys []string) []variable {
	var lists []string
	for _, flow := range []string{"login", "registration", "settings"} {
		for _, method := range s.Methods {
			if flow != "registration" || !s.Closed {
				lists = append(lists, flow+"."+method)
			}
		}
	}
	if s.RefuseAddressChange {
		lists = append(lists, "settings.profile")
	}
	all := hookVariables(lists, 0, hookKeys)
	if s.PasskeyFirst && !s.Closed {
		for _, method := range s.Methods {
			all = append(all, hookVariables([]string{"registration." + method}, 1, hookKeys)...)
		}
	}
	return all
}

// hookVariables returns variables that set the key of one hook of each list, such as
// "login.passkey". Kratos applies them only if there are variables for every hook
// before it.
func hookVariables(lists []string, index int, hookKeys []string) []variable {
	var all []variable
	for _, list := range lists {
		flow, method, _ := strings.Cut(strings.ToUpper(list), ".")
		all = append(all, variable{
			name:  "SELFSERVICE_FLOWS_" + flow + "_AFTER_" + method + "_HOOKS_" + strconv.Itoa(index) + "_CONFIG_AUTH_CONFIG_VALUE",
			value: fixed(hookKeys[0]),
			ok:    func(old string) bool { return slices.Contains(hookKeys, old) },
		})
	}
	return all
}

func fixed(value string) func() (string, error) {
	return func() (string, error) { return value, nil }
}

var hookVariable = regexp.MustCompile(`^SELFSERVICE_FLOWS_(LOGIN|REGISTRATION|SETTINGS)_AFTER_(PASSKEY|WEBAUTHN|PROFILE)_HOOKS_[01]_CONFIG_AUTH_CONFIG_VALUE$`)

// hookKeyIn returns the key that a kratos.env sets for the hooks, "" if there is none.
func hookKeyIn(env []byte) string {
	for line := range strings.Lines(string(env)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && hookVariable.MatchString(name) {
			return value
		}
	}
	return ""
}

// parseEnv reads NAME=value lines; like env, the last one of a name wins.
func parseEnv(content []byte) map[string]string {
	all := make(map[string]string)
	for line := range strings.Lines(string(content)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			all[name] = value
		}
	}
	return all
}

// without drops the lines of some variables.
func without(content []byte, names []string) []byte {
	var kept strings.Builder
	for line := range strings.Lines(string(content)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), "=")
		if !slices.Contains(names, name) {
			kept.WriteString(line)
		}
	}
	return []byte(kept.String())
}

// Environ returns the NAME=value lines of a kratos.env, for a process that is
// started without a shell.
func Environ(kratosEnv []byte) []string {
	var all []string
	for line := range strings.Lines(string(kratosEnv)) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
