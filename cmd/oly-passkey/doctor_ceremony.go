package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/doctor"
	"github.com/olympusoss/oly-passkey/pkg/doctor/ceremony"
)

// ceremonyFlags say whether and how `doctor` walks ceremonies.
type ceremonyFlags struct {
	on      bool
	traits  string
	yes     bool
	browser string
}

func (c *ceremonyFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&c.on, "ceremony", false, "walk real ceremonies as well; needs --admin-url and --traits")
	f.StringVar(&c.traits, "traits", "", "JSON `FILE` with the throw-away identity's traits, {random} in one of them")
	f.BoolVar(&c.yes, "yes", false, "yes, trigger the hooks and mails of ceremonies on this deployment")
	f.StringVar(&c.browser, "browser", "", "Chromium's `PATH` or name (default chromium or google-chrome in PATH)")
}

// plan reads what ceremonies need, and says what they will do; nil where none
// are asked for.
func (d *doctorCommand) plan(o doctor.Options) (*doctor.Ceremony, error) {
	c := d.ceremony
	switch {
	case !c.on && (c.traits != "" || c.yes || c.browser != ""):
		return nil, cli.Usagef("--traits, --yes and --browser go with --ceremony")
	case !c.on:
		return nil, nil //nolint:nilnil // none is an answer
	case c.traits == "" || o.AdminURL == "":
		return nil, cli.Usagef("--ceremony needs --traits FILE, for the throw-away identity, and --admin-url, to delete it again")
	}
	text, err := os.ReadFile(c.traits)
	if err != nil {
		return nil, err
	}
	traits, err := ceremony.ReadTraits(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.traits, err)
	}
	browser, err := ceremony.Find(c.browser)
	if err != nil {
		return nil, err
	}
	plan, err := o.Plan()
	if err != nil {
		return nil, err
	}
	d.announce(plan, traits)
	if !plan.Local && !c.yes {
		return nil, cli.Usagef("--ceremony on anything but localhost needs --yes")
	}
	return &doctor.Ceremony{Browser: browser, Traits: traits, Progress: d.progress, Anywhere: c.yes}, nil
}

// announce says what will happen; that it cannot be written changes nothing.
func (d *doctorCommand) announce(p doctor.Plan, traits ceremony.Traits) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(d.app.stderr, format+"\n", args...) }
	say("--ceremony signs an identity up, and deletes it again:\n  %s", traits)
	switch {
	case !p.Known:
		say("which hooks and mails that triggers is not known without -c kratos.yml")
	case len(p.Triggers) == 0:
		say("it triggers no web hooks and no mails")
	default:
		say("it triggers:")
		for _, t := range p.Triggers {
			say("  %s", t)
		}
	}
}

// progress shows each step when it ends.
func (d *doctorCommand) progress(s ceremony.Step) {
	switch {
	case s.Status == "":
		return
	case s.Refused != nil:
		s.Text = s.Refused.Text
	}
	label := map[ceremony.Status]string{ceremony.Passed: "ok", ceremony.Failed: "failed", ceremony.Skipped: "n/a", ceremony.NotRun: "not run"}[s.Status]
	_, _ = fmt.Fprintf(d.app.stderr, "%-9s%-9s%4.1f s  %s\n", label, s.Name, s.Took.Round(100*time.Millisecond).Seconds(), s.Text)
}
