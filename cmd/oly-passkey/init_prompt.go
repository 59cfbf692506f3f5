package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// interactive says whether somebody can be asked: questions go to stderr,
// answers come from stdin.
func (a *app) interactive() bool {
	return cli.IsTerminal(a.stdin) && cli.IsTerminal(a.stderr)
}

// terminalWidth is in columns, 0 when nobody knows.
func terminalWidth(stream any) int {
	f, ok := stream.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// question is one thing to ask. Its answer is what the flag of its name takes.
type question struct {
	flag, title, help string
	choices           []choice      // none for a text
	hidden            func() bool   // because of earlier answers
	fallback          func() string // for an empty answer
	check             func(answer string) error
	answer            string
}

// choice is one answer of several; value is what the flag takes.
type choice struct{ value, meaning string }

func (c choice) String() string {
	if c.value == "true" {
		return "yes: " + c.meaning
	}
	return strings.Trim(c.value+": "+c.meaning, ": ")
}

// asker puts questions to a person, each once the earlier ones are answered.
type asker interface {
	ask(questions []*question) error
}

// interview fills in the options that no flag, no answers file and nothing
// around the folder says.
type interview struct {
	// asker asks what makes a new configuration, all in one go: a second form in
	// one process may lose the first key that is pressed.
	asker asker
	lines *lineAsker // asks everything else
	s     *scaffolder
	flags *pflag.FlagSet
	all   []*question
}

// newInterview asks in a form, and in plain lines where the terminal cannot move
// its cursor or somebody has it read aloud.
func newInterview(ctx context.Context, s *scaffolder, flags *pflag.FlagSet) *interview {
	lines := &lineAsker{ctx: ctx, in: bufio.NewReader(s.app.stdin), out: s.app.stderr}
	i := &interview{asker: lines, lines: lines, s: s, flags: flags}
	width := terminalWidth(s.app.stderr)
	if plain := s.app.getenv("TERM"); plain != "" && plain != "dumb" && s.app.getenv("ACCESSIBLE") == "" && width >= minWidth {
		i.asker = &formAsker{ctx: ctx, in: s.app.stdin, out: s.app.stderr, width: min(width, 100)}
	}
	return i
}

// run asks for everything and ends with the command line that does the same
// without questions.
func (i *interview) run() error {
	for _, q := range i.questions() {
		if !i.flags.Changed(q.flag) {
			i.all = append(i.all, q)
		}
	}
	write := sure("write the files to " + i.s.dir + "?")
	questions := i.all
	if !i.s.dryRun && !i.s.diff {
		questions = append(slices.Clone(questions), write)
	}
	if err := i.asker.ask(questions); err != nil {
		return err
	}
	for _, q := range i.all {
		if err := i.set(q.flag, q.answer); err != nil {
			return err
		}
	}
	if err := i.s.applyPreset(i.flags); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(i.s.app.stderr, "without questions: %s\n\n", commandLine(i.flags)); err != nil {
		return err
	}
	if write.answer == "no" {
		return errNotWritten
	}
	return nil
}

func sure(title string) *question {
	return &question{title: title, choices: []choice{{"yes", ""}, {"no", ""}}}
}

// set gives a flag its answer, a list element by element; "" leaves the default.
func (i *interview) set(flag, answer string) error {
	if answer == "" {
		return nil
	}
	values := []string{answer}
	if _, list := i.flags.Lookup(flag).Value.(pflag.SliceValue); list {
		values = fields(answer)
	}
	for _, value := range values {
		if err := i.flags.Set(flag, value); err != nil {
			return err
		}
	}
	return nil
}

func fields(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// answer is what was said so far, by flag or answer.
func (i *interview) answer(flag string) string {
	for _, q := range i.all {
		if q.flag == flag {
			return q.answer
		}
	}
	return i.flags.Lookup(flag).Value.String()
}

// options are the flags with the answers so far, one of them replaced.
func (i *interview) options() setup.Options {
	o := i.s.opts
	o.Domain = strings.ToLower(i.answer("domain"))
	switch i.answer("preset") {
	case "subdomains":
		if !i.flags.Changed("rp-id") {
			o.RPID = webauthn.RegistrableDomain(o.Domain)
		}
	case "related-origins":
		o.Related = true
	}
	return o
}

// confirm asks a question whose answer is yes or no.
func (i *interview) confirm(title string) (bool, error) {
	q := sure(title)
	err := i.lines.ask([]*question{q})
	return q.answer == "yes", err
}

// config offers configurations that were found further down.
func (i *interview) config(names []string) (string, error) {
	q := &question{title: "there is a Kratos configuration already"}
	for _, name := range names[:min(len(names), 5)] {
		q.choices = append(q.choices, choice{name, "patch it"})
	}
	q.choices = append(q.choices, choice{"", "write a new one"})
	err := i.lines.ask([]*question{q})
	return q.answer, err
}

// domain asks for it alone, for a configuration that does not say it.
func (i *interview) domain() error {
	q := i.questions()[0]
	if err := i.lines.ask([]*question{q}); err != nil {
		return err
	}
	return i.set("domain", q.answer)
}

// commandLine is init with the flags that are set, in the order of --help, as a
// shell takes it.
func commandLine(flags *pflag.FlagSet) string {
	words := []string{"oly-passkey", "init"}
	flags.VisitAll(func(f *pflag.Flag) {
		switch {
		case !f.Changed || slices.Contains(notAnswers(), f.Name):
		case f.Value.Type() != "bool":
			for _, value := range flagValues(f) {
				if value != f.DefValue {
					words = append(words, "--"+f.Name, shellQuote(value))
				}
			}
		case f.Value.String() == "true":
			words = append(words, "--"+f.Name)
		}
	})
	return strings.Join(words, " ")
}

// flagValues are a flag's values as the command line takes them.
func flagValues(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{f.Value.String()}
}

func shellQuote(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(shellSafe, r) }) && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

const shellSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/:@%+,="
