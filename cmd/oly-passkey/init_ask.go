package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"charm.land/huh/v2"
	"golang.org/x/term"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

// interactive reports whether the user can be asked: questions go to stderr, answers
// come from stdin.
func (a *app) interactive() bool {
	return cli.IsTerminal(a.stdin) && cli.IsTerminal(a.stderr)
}

// terminalWidth returns the width of a terminal in columns, 0 if it is unknown.
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

// prompt is a question on the terminal, and its answer.
type prompt struct {
	title, help string
	choices     []setup.Choice // none for a text
	hidden      func() bool    // because of earlier answers
	fallback    func() string  // for an empty answer
	check       func(answer string) error
	answer      string
}

// asker shows prompts, each once the earlier ones are answered.
type asker interface {
	ask(prompts []*prompt) error
}

// interview asks the prompts of one run.
type interview struct {
	// asker asks for the options of a new deployment in one form: a second form in the
	// same process may lose the first key that is pressed.
	asker asker
	lines *lineAsker // asks everything else
}

// newInterview asks in a form, or in plain lines if the terminal cannot move its
// cursor or a screen reader is used.
func newInterview(ctx context.Context, a *app) *interview {
	lines := &lineAsker{ctx: ctx, in: bufio.NewReader(a.stdin), out: a.stderr}
	i := &interview{asker: lines, lines: lines}
	width := terminalWidth(a.stderr)
	if plain := a.getenv("TERM"); plain != "" && plain != "dumb" && a.getenv("ACCESSIBLE") == "" && width >= minWidth {
		i.asker = &formAsker{ctx: ctx, in: a.stdin, out: a.stderr, width: min(width, 100)}
	}
	return i
}

// options asks the questions, and a last one whose answer is yes or no unless it is
// "". It returns the inputs with the answers, and whether the last answer is yes.
func (i *interview) options(in setup.Inputs, questions []setup.Question, last string) (setup.Inputs, bool, error) {
	prompts := make([]*prompt, 0, len(questions)+1)
	first := func(n int) []string {
		answers := make([]string, n)
		for k, p := range prompts[:n] {
			answers[k] = p.complete(p.answer)
		}
		return answers
	}
	for k, q := range questions {
		known := func(answers ...string) setup.Options {
			return in.Answered(questions, append(first(k), answers...)).Merge().Options
		}
		p := &prompt{title: q.Text, help: q.Help, choices: q.Choices}
		if q.Skip != nil {
			p.hidden = func() bool { return q.Skip(known()) }
		}
		if q.Default != nil {
			p.fallback = func() string { return q.Default(known()) }
		}
		if q.Check != nil {
			p.check = func(answer string) error { return q.Check(known(answer)) }
		}
		prompts = append(prompts, p)
	}
	confirmation := yesOrNo(last)
	all, ask := prompts, i.asker
	if last != "" {
		all = append(all, confirmation)
	} else {
		ask = i.lines
	}
	if err := ask.ask(all); err != nil {
		return in, false, err
	}
	return in.Answered(questions, first(len(questions))), confirmation.answer == "yes" || last == "", nil
}

func yesOrNo(title string) *prompt {
	return &prompt{title: title, choices: []setup.Choice{{Value: "yes"}, {Value: "no"}}}
}

// confirm asks a question whose answer is yes or no.
func (i *interview) confirm(title string) (bool, error) {
	p := yesOrNo(title)
	err := i.lines.ask([]*prompt{p})
	return p.answer == "yes", err
}

// config offers to patch one of several configurations.
func (i *interview) config(names []string) (string, error) {
	p := &prompt{title: "There is a Kratos configuration already."}
	for _, name := range names {
		p.choices = append(p.choices, setup.Choice{Value: name, Text: "patch it"})
	}
	p.choices = append(p.choices, setup.Choice{Text: "write a new one"})
	err := i.lines.ask([]*prompt{p})
	return p.answer, err
}

var errStopped = errors.New("cancelled; nothing was written")

// formAsker asks in one form. Shift and tab go back; the answers stay on the screen.
type formAsker struct {
	ctx context.Context //nolint:containedctx // the prompts of one run
	in  io.Reader
	out io.Writer
	// width of the form in columns, at least minWidth: the library cannot draw
	// a form without a width.
	width int
}

const minWidth = 30

func (a *formAsker) ask(prompts []*prompt) error {
	var groups []*huh.Group
	for _, p := range prompts {
		group := huh.NewGroup(field(p, &prompts[0].answer))
		if p.hidden != nil {
			group.WithHideFunc(p.hidden)
		}
		groups = append(groups, group)
	}
	keys := huh.NewDefaultKeyMap()
	keys.Select.Filter.SetEnabled(false) // a few choices need no search
	form := huh.NewForm(groups...).WithKeyMap(keys).WithTheme(huh.ThemeFunc(huh.ThemeBase16)).WithInput(a.in).WithOutput(a.out).WithWidth(a.width)
	err := form.RunWithContext(a.ctx)
	switch {
	case errors.Is(err, huh.ErrUserAborted), a.ctx.Err() != nil:
		return errStopped
	case err != nil:
		return fmt.Errorf("ask: %w", err)
	}
	for _, p := range prompts {
		if p.hidden != nil && p.hidden() {
			p.answer = ""
			continue
		}
		p.answer = p.complete(p.answer)
		if _, err := fmt.Fprintf(a.out, "%s %s\n", p.title, p.shown()); err != nil {
			return err
		}
	}
	return nil
}

// field returns the part of the form for one prompt, whose fallback depends on the
// first answer.
func field(p *prompt, first *string) huh.Field {
	if len(p.choices) == 0 {
		input := huh.NewInput().Title(p.title).Description(p.help).Value(&p.answer).
			Validate(func(answer string) error { return p.check(p.complete(answer)) })
		if p.fallback != nil {
			input.PlaceholderFunc(p.fallback, first)
		}
		return input
	}
	p.answer = p.choices[0].Value
	var options []huh.Option[string]
	for _, c := range p.choices {
		options = append(options, huh.NewOption(label(c), c.Value))
	}
	return huh.NewSelect[string]().Title(p.title).Description(p.help).Options(options...).Value(&p.answer)
}

// label returns a choice as it is offered.
func label(c setup.Choice) string {
	if c.Value == "true" {
		return "yes: " + c.Text
	}
	return strings.Trim(c.Value+": "+c.Text, ": ")
}

// complete returns an answer without surrounding blanks, or the fallback.
func (p *prompt) complete(answer string) string {
	answer = strings.TrimSpace(answer)
	if answer == "" && p.fallback != nil {
		return p.fallback()
	}
	return answer
}

// shown returns the answer as it is shown.
func (p *prompt) shown() string {
	for _, c := range p.choices {
		if c.Value == p.answer && p.answer == "" {
			return c.Text
		}
	}
	return p.answer
}

// lineAsker asks in plain lines, for every terminal and for screen readers.
type lineAsker struct {
	ctx context.Context //nolint:containedctx // the prompts of one run
	in  *bufio.Reader
	out io.Writer
}

func (a *lineAsker) ask(prompts []*prompt) error {
	for _, p := range prompts {
		if p.hidden != nil && p.hidden() {
			continue
		}
		one := a.text
		if len(p.choices) > 0 {
			one = a.choose
		}
		if err := one(p); err != nil {
			return err
		}
	}
	return nil
}

// text asks until the answer passes its check.
func (a *lineAsker) text(p *prompt) error {
	text := p.title
	if p.help != "" {
		text += " (" + p.help + ")"
	}
	if fallback := p.complete(""); fallback != "" {
		text += " [" + fallback + "]"
	}
	return a.until(text+": ", func(answer string) error {
		p.answer = p.complete(answer)
		return p.check(p.answer)
	})
}

// choose reads the number of a choice; an empty line means the first.
func (a *lineAsker) choose(p *prompt) error {
	text := p.title
	for i, c := range p.choices {
		text += fmt.Sprintf("\n  %d  %s", i+1, label(c))
	}
	return a.until(text+"\nNumber [1]: ", func(answer string) error {
		if answer == "" {
			answer = "1"
		}
		n, err := strconv.Atoi(answer)
		if err != nil || n < 1 || n > len(p.choices) {
			return fmt.Errorf("enter a number from 1 to %d", len(p.choices))
		}
		p.answer = p.choices[n-1].Value
		return nil
	})
}

// until reads lines until take accepts one, and prints what is wrong with the others.
func (a *lineAsker) until(text string, take func(string) error) error {
	for {
		if _, err := fmt.Fprint(a.out, text); err != nil {
			return err
		}
		answer, err := a.line()
		if err != nil {
			return err
		}
		problem := take(answer)
		if problem == nil {
			return nil
		}
		if _, err := fmt.Fprintf(a.out, "  %s\n", problem); err != nil {
			return err
		}
	}
}

func (a *lineAsker) line() (string, error) {
	var answer string
	read := make(chan error, 1)
	go func() {
		var err error
		answer, err = a.in.ReadString('\n')
		read <- err
	}()
	select {
	case <-a.ctx.Done(): // the reader keeps waiting; nothing else reads stdin
		return "", errStopped
	case err := <-read:
		if errors.Is(err, io.EOF) {
			return "", errors.New("input ended before every question was answered; nothing was written")
		}
		return strings.TrimSpace(answer), err
	}
}
