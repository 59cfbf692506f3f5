package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"charm.land/huh/v2"
)

var errStopped = errors.New("stopped, so nothing was written")

// formAsker asks in one form that the arrow keys move through; shift and tab go
// back. The answers stay on the screen when it ends.
type formAsker struct {
	ctx context.Context //nolint:containedctx // the questions of one run
	in  io.Reader
	out io.Writer
	// width in columns of the form, at least minWidth: the library cannot draw
	// one that has none.
	width int
}

const minWidth = 30

func (a *formAsker) ask(questions []*question) error {
	var groups []*huh.Group
	for _, q := range questions {
		group := huh.NewGroup(field(q))
		if q.hidden != nil {
			group.WithHideFunc(q.hidden)
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
	for _, q := range questions {
		if q.hidden != nil && q.hidden() {
			q.answer = ""
			continue
		}
		q.answer = q.complete(q.answer)
		if _, err := fmt.Fprintf(a.out, "%s: %s\n", q.title, q.said()); err != nil {
			return err
		}
	}
	return nil
}

func field(q *question) huh.Field {
	if len(q.choices) == 0 {
		input := huh.NewInput().Title(q.title).Description(q.help).Value(&q.answer).
			Validate(func(answer string) error { return q.check(q.complete(answer)) })
		if q.fallback != nil {
			input.PlaceholderFunc(q.fallback, &q.flag)
		}
		return input
	}
	q.answer = q.choices[0].value
	var options []huh.Option[string]
	for _, c := range q.choices {
		options = append(options, huh.NewOption(c.String(), c.value))
	}
	return huh.NewSelect[string]().Title(q.title).Description(q.help).Options(options...).Value(&q.answer)
}

// complete is an answer without blanks around it, or the fallback.
func (q *question) complete(answer string) string {
	answer = strings.TrimSpace(answer)
	if answer == "" && q.fallback != nil {
		return q.fallback()
	}
	return answer
}

// said is the answer for people.
func (q *question) said() string {
	for _, c := range q.choices {
		if c.value == q.answer && q.answer == "" {
			return c.meaning
		}
	}
	return q.answer
}

// lineAsker asks in plain lines: that works in every terminal and with a screen
// reader.
type lineAsker struct {
	ctx context.Context //nolint:containedctx // the questions of one run
	in  *bufio.Reader
	out io.Writer
}

func (a *lineAsker) ask(questions []*question) error {
	for _, q := range questions {
		if q.hidden != nil && q.hidden() {
			continue
		}
		one := a.text
		if len(q.choices) > 0 {
			one = a.choose
		}
		if err := one(q); err != nil {
			return err
		}
	}
	return nil
}

// text asks until the answer is right.
func (a *lineAsker) text(q *question) error {
	prompt := q.title
	if q.help != "" {
		prompt += " (" + q.help + ")"
	}
	if fallback := q.complete(""); fallback != "" {
		prompt += " [" + fallback + "]"
	}
	return a.until(prompt+": ", func(answer string) error {
		q.answer = q.complete(answer)
		return q.check(q.answer)
	})
}

// choose takes the number of a choice; an empty line takes the first.
func (a *lineAsker) choose(q *question) error {
	prompt := q.title
	for i, c := range q.choices {
		prompt += fmt.Sprintf("\n  %d  %s", i+1, c)
	}
	return a.until(prompt+"\nnumber [1]: ", func(answer string) error {
		if answer == "" {
			answer = "1"
		}
		n, err := strconv.Atoi(answer)
		if err != nil || n < 1 || n > len(q.choices) {
			return fmt.Errorf("%q is none of 1 to %d", answer, len(q.choices))
		}
		q.answer = q.choices[n-1].value
		return nil
	})
}

// until reads lines until one is right, and says what is wrong with the others.
func (a *lineAsker) until(prompt string, take func(string) error) error {
	for {
		if _, err := fmt.Fprint(a.out, prompt); err != nil {
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
	case <-a.ctx.Done(): // the reader is left waiting: nothing else reads any more
		return "", errStopped
	case err := <-read:
		if errors.Is(err, io.EOF) {
			return "", errors.New("the answers ended too early, so nothing was written")
		}
		return strings.TrimSpace(answer), err
	}
}
