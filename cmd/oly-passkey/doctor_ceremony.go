package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/doctor"
	"github.com/olympusoss/oly-passkey/pkg/doctor/ceremony"
)

// ceremonyFlags are the flags of ceremonies.
type ceremonyFlags struct {
	on      bool
	traits  string
	yes     bool
	browser string
}

func (c *ceremonyFlags) flags(f *pflag.FlagSet) {
	f.BoolVar(&c.on, "ceremony", false, "also run real ceremonies; needs --kratos-admin-url and --traits")
	f.StringVar(&c.traits, "traits", "", "JSON `FILE` with the temporary identity's traits, one of which contains {random}")
	f.BoolVar(&c.yes, "yes", false, "allow the ceremonies to trigger hooks and emails of this deployment")
	f.StringVar(&c.browser, "browser", "", "Chromium's `PATH` or name (default: chromium or google-chrome in PATH)")
}

// plan reads what ceremonies need, and announces them. It returns nil without
// --ceremony.
func (d *doctorCommand) plan(o doctor.Options) (*doctor.Ceremony, error) {
	c := d.ceremony
	switch {
	case !c.on && (c.traits != "" || c.yes || c.browser != ""):
		return nil, cli.Usagef("--traits, --yes and --browser need --ceremony")
	case !c.on:
		return nil, nil //nolint:nilnil // no ceremonies are asked for
	case c.traits == "" || o.AdminURL == "":
		return nil, cli.Usagef("--ceremony needs --traits FILE for the temporary identity, and --kratos-admin-url URL to delete it")
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
		return nil, cli.Usagef("--ceremony needs --yes on anything but localhost")
	}
	return &doctor.Ceremony{Browser: browser, Traits: traits, Progress: d.progress, Anywhere: c.yes}, nil
}

// announce prints what the ceremony will do. Write errors are ignored.
func (d *doctorCommand) announce(p doctor.Plan, traits ceremony.Traits) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(d.app.stderr, format+"\n", args...) }
	say("--ceremony signs up an identity and deletes it again:\n  %s", traits)
	switch {
	case !p.Known:
		say("the hooks and emails that this triggers are unknown without -c kratos.yml")
	case len(p.Triggers) == 0:
		say("this triggers no web hooks and no emails")
	default:
		say("this triggers:")
		for _, t := range p.Triggers {
			say("  %s", t)
		}
	}
}

// progress reports each step when it ends.
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
