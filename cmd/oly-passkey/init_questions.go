package main

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// questions are all there are, in order. What was found around the folder is the
// default.
func (i *interview) questions() []*question {
	return slices.Concat(i.whereQuestions(), i.appQuestions(), i.howQuestions())
}

func (i *interview) whereQuestions() []*question {
	only := func(presets ...string) func() bool {
		return func() bool { return !slices.Contains(presets, i.answer("preset")) }
	}
	domain := func() string { return webauthn.RegistrableDomain(i.options().Domain) }
	return []*question{
		{
			flag: "domain", title: "host name where people sign in", help: cmp.Or(i.foundDomain(), "such as auth.example.com, or localhost for development"),
			fallback: func() string { return i.s.found.Domain.Value },
			check:    func(answer string) error { return setup.Options{Domain: answer}.Validate() },
		},
		{
			flag: "preset", title: "where shall passkeys work? This cannot be changed later",
			hidden: func() bool { return domain() == "" || strings.HasSuffix(i.options().Domain, "localhost") },
			choices: []choice{
				{"one-domain", "on that name and names below it"},
				{"subdomains", "on every name of the domain that you list; whoever controls one can ask for passkeys"},
				{"related-origins", "on other sites as well, such as another brand's"},
				{"mobile", "in mobile apps as well"},
				{twoKratos, "for customers and staff, each with a Kratos of their own"},
			},
		},
		{
			flag: "origin", title: "origins of the other pages that use passkeys", help: "such as https://app.example.com; several with spaces between",
			hidden: only("subdomains", "related-origins"),
			check: func(answer string) error {
				o := i.options()
				o.Origins = fields(answer)
				return o.Validate()
			},
		},
		{
			flag: "staff-domain", title: "host name where staff sign in", hidden: only(twoKratos),
			fallback: func() string { return "staff." + domain() },
			check: func(answer string) error {
				_, staff, err := setup.Two(i.options(), answer)
				return cmp.Or(err, staff.Validate())
			},
		},
	}
}

func (i *interview) foundDomain() string {
	fact := i.s.found.Domain
	if fact.Value == "" {
		return ""
	}
	return "empty takes " + fact.Value + " from " + place(fact.From)
}

func (i *interview) appQuestions() []*question {
	mobile := func() bool { return i.answer("preset") != "mobile" }
	return []*question{
		{
			flag: "android-app", title: "Android app: PACKAGE=SHA256 of its signing certificate", help: "keytool -list -v shows it; empty without one", hidden: mobile,
			check: func(answer string) error {
				o := i.options()
				o.AndroidApps = fields(answer)
				return o.Validate()
			},
		},
		{
			flag: "apple-app", title: "Apple app: TEAMID.bundle.id", help: "empty without one", hidden: mobile,
			check: func(answer string) error {
				o := i.options()
				if o.AppleApps = fields(answer); answer == "" && i.answer("android-app") == "" {
					return errors.New("name one app at least")
				}
				return o.Validate()
			},
		},
		{
			flag: "app-name", title: "name that people know the site by", help: "their device shows it with the passkey",
			fallback: func() string {
				return cmp.Or(i.s.found.AppName.Value, webauthn.RegistrableDomain(i.options().Domain))
			},
			check: func(answer string) error {
				o := i.options()
				return setup.Options{Domain: o.Domain, AppName: answer}.Validate()
			},
		},
	}
}

func (i *interview) howQuestions() []*question {
	return []*question{
		{flag: "sign-up", title: "how does an account begin?", choices: []choice{
			{string(setup.CodeFirst), "a code proves the e-mail address, then the passkey is added"},
			{string(setup.PasskeyFirst), "with a passkey under a user name; an email address comes later, in settings"},
		}},
		{flag: "webauthn", title: "also take security keys that cannot hold a passkey?", choices: []choice{
			{"", "no"},
			{string(setup.Passwordless), "to sign in, after a typed name"},
			{string(setup.SecondFactor), "as a second factor"},
		}},
		{flag: "target", title: "how is it deployed?", choices: first(i.s.found.Target.Value, []choice{
			{"", "in this folder, on this machine"},
			{string(setup.Compose), "containers, with PostgreSQL"},
			{string(setup.Kubernetes), "one pod, with kustomize"},
			{string(setup.Helm), "values for Ory's chart"},
			{string(setup.Systemd), "two units"},
		})},
		{flag: "ci", title: "where shall every change be linted?", choices: first(i.s.found.CI.Value, []choice{
			{"", "nowhere yet"},
			{string(setup.GitHub), "a workflow"},
			{string(setup.GitLab), "a job to include"},
			{string(setup.PreCommit), "a hook"},
		})},
		{flag: "ui", title: "write login pages, too?", choices: []choice{
			{"", "no: there are some"},
			{"true", "with a small Go server, below ui/"},
		}},
	}
}

// first moves what was found to the front, where it is the default.
func first(value string, choices []choice) []choice {
	i := slices.IndexFunc(choices, func(c choice) bool { return c.value == value })
	if i > 0 {
		found := choices[i]
		choices = slices.Insert(slices.Delete(choices, i, i+1), 0, found)
	}
	return choices
}
