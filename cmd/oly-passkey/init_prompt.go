package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/olympusoss/oly-passkey/pkg/scaffold"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// interactive says whether somebody can be asked: questions go to stderr,
// answers come from stdin.
func (a *app) interactive() bool {
	return isTerminal(a.stdin) && isTerminal(a.stderr)
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// prompter asks one question after the other, as plain lines: that works in
// every terminal, in a pipe of a test and with a screen reader.
type prompter struct {
	in  *bufio.Reader
	out io.Writer
}

// choice is one answer of several; value is what the flag takes.
type choice struct{ value, meaning string }

// ask fills in, by questions, the options that no flag and no answers file gave,
// and ends with the command line that does the same without them. The preset is
// applied as soon as the domain is known.
func ask(a *app, flags *pflag.FlagSet, opts *scaffold.Options, preset func(*pflag.FlagSet) error) error {
	p := &prompter{in: bufio.NewReader(a.stdin), out: a.stderr}
	for _, q := range []struct {
		flag string
		ask  func(*scaffold.Options) (string, error)
	}{
		{"domain", p.domain},
		{"app-name", p.appName},
		{"rp-id", p.rpID},
		{"sign-up", p.signUp},
		{"webauthn", p.webAuthn},
		{"target", p.target},
		{"ci", p.ci},
	} {
		if flags.Changed(q.flag) {
			continue
		}
		answer, err := q.ask(opts)
		if err != nil {
			return err
		}
		if err := flags.Set(q.flag, answer); err != nil {
			return err
		}
		if err := preset(flags); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(p.out, "\nwithout questions: %s\n\n", commandLine(flags))
	return err
}

func (p *prompter) domain(*scaffold.Options) (string, error) {
	answer, err := p.text("host name where people sign in", "", func(answer string) error {
		return scaffold.Options{Domain: answer}.Validate()
	})
	return strings.ToLower(answer), err
}

func (p *prompter) appName(o *scaffold.Options) (string, error) {
	return p.text("name that people know the site by", webauthn.RegistrableDomain(o.Domain), func(answer string) error {
		return scaffold.Options{Domain: o.Domain, AppName: answer}.Validate()
	})
}

func (p *prompter) rpID(o *scaffold.Options) (string, error) {
	parent := webauthn.RegistrableDomain(o.Domain)
	if parent == "" || parent == o.Domain {
		return o.Domain, nil
	}
	return p.choose("where shall passkeys work? This cannot be changed later", []choice{
		{o.Domain, "there and on names below it"},
		{parent, "on every name under it that you list; whoever controls one of them can ask for passkeys"},
	})
}

func (p *prompter) signUp(*scaffold.Options) (string, error) {
	return p.choose("how does an account begin?", []choice{
		{string(scaffold.CodeFirst), "a code proves the e-mail address, then the passkey is added"},
		{string(scaffold.PasskeyFirst), "with a passkey under a user name; an e-mail address is optional and not proven"},
	})
}

func (p *prompter) webAuthn(*scaffold.Options) (string, error) {
	return p.choose("also take security keys that cannot hold a passkey?", []choice{
		{"", "no"},
		{string(scaffold.Passwordless), "to sign in, after a typed name"},
		{string(scaffold.SecondFactor), "as a second factor"},
	})
}

func (p *prompter) target(*scaffold.Options) (string, error) {
	return p.choose("how is it deployed?", []choice{
		{"", "in this folder, on this machine"},
		{string(scaffold.Compose), "containers, with PostgreSQL"},
		{string(scaffold.Kubernetes), "one pod, with kustomize"},
		{string(scaffold.Systemd), "two units"},
	})
}

func (p *prompter) ci(*scaffold.Options) (string, error) {
	return p.choose("where shall every change be linted?", []choice{
		{"", "nowhere yet"},
		{string(scaffold.GitHub), "a workflow"},
		{string(scaffold.GitLab), "a job to include"},
		{string(scaffold.PreCommit), "a hook"},
	})
}

// text asks until check is content; an empty line takes the fallback.
func (p *prompter) text(question, fallback string, check func(string) error) (string, error) {
	if fallback != "" {
		question += " [" + fallback + "]"
	}
	for {
		answer, err := p.line(question + ": ")
		if err != nil {
			return "", err
		}
		if answer == "" {
			answer = fallback
		}
		problem := check(answer)
		if problem == nil {
			return answer, nil
		}
		if _, err := fmt.Fprintf(p.out, "  %s\n", problem); err != nil {
			return "", err
		}
	}
}

// choose takes the number of a choice; an empty line takes the first.
func (p *prompter) choose(question string, choices []choice) (string, error) {
	for i, c := range choices {
		question += fmt.Sprintf("\n  %d  %s", i+1, strings.TrimPrefix(c.value+": "+c.meaning, ": "))
	}
	answer, err := p.text(question+"\nnumber", "1", func(answer string) error {
		if n, err := strconv.Atoi(answer); err != nil || n < 1 || n > len(choices) {
			return fmt.Errorf("%q is none of 1 to %d", answer, len(choices))
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(answer)
	return choices[n-1].value, err
}

func (p *prompter) line(prompt string) (string, error) {
	if _, err := fmt.Fprint(p.out, prompt); err != nil {
		return "", err
	}
	answer, err := p.in.ReadString('\n')
	if errors.Is(err, io.EOF) {
		return "", errors.New("the answers ended too early, so nothing was written")
	}
	return strings.TrimSpace(answer), err
}

// commandLine is init with the flags that are set, as a shell takes it.
func commandLine(flags *pflag.FlagSet) string {
	words := []string{"oly-passkey", "init"}
	flags.Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			if value != f.DefValue && !slices.Contains(notAnswers(), f.Name) {
				words = append(words, "--"+f.Name, shellQuote(value))
			}
		}
	})
	return strings.Join(words, " ")
}

func shellQuote(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(shellSafe, r) }) && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

const shellSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/:@%+,="
