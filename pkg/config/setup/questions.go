package setup

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// Question asks for one option. Its functions get the options known so far, with
// the answers to earlier questions.
type Question struct {
	Field      string // the option's flag
	Text, Help string
	Choices    []Choice             // none if any text may be right
	Default    func(Options) string // for an empty answer; nil leaves the option unset
	Skip       func(Options) bool   // because of earlier answers; nil never skips
	Check      func(Options) error  // checks the options with the answer; nil if there are Choices
}

// Choice is one possible answer.
type Choice struct{ Value, Text string }

// Questions returns the questions about a new deployment, in order. Facts are their
// defaults.
func Questions(found *Discovery) []Question {
	return slices.Concat(whereQuestions(found), appQuestions(found), howQuestions(found))
}

func whereQuestions(found *Discovery) []Question {
	help := "such as auth.example.com, or localhost for development"
	if fact := found.Domain; fact.Value != "" {
		help = "press Enter for " + fact.Value + " from " + Place(fact.From)
	}
	return []Question{
		{
			Field: "domain", Text: "On which host name do users sign in?", Help: help,
			Default: func(Options) string { return found.Domain.Value },
			Check:   func(o Options) error { return Options{Domain: o.Domain}.Validate() },
		},
		{
			Field: "preset", Text: "Where should passkeys work? You can't change this later.",
			Skip: func(o Options) bool {
				return registrable(o) == "" || strings.HasSuffix(strings.ToLower(o.Domain), "localhost")
			},
			Choices: []Choice{
				{string(OneDomain), "on that host name and names below it"},
				{string(Subdomains), "on all names of the domain that you list; anyone who controls one of them can ask for passkeys"},
				{string(RelatedOrigins), "also on other sites, such as another brand's"},
				{string(Mobile), "also in mobile apps"},
				{string(TwoKratos), "for customers and staff, each with their own Kratos"},
			},
		},
		{
			Field: "origin", Text: "Which other origins use passkeys?", Help: "such as https://app.example.com; separate several with spaces",
			Skip:  unless(Subdomains, RelatedOrigins),
			Check: Options.Validate,
		},
		{
			Field: "staff-domain", Text: "On which host name does staff sign in?", Skip: unless(TwoKratos),
			Default: func(o Options) string { return "staff." + registrable(o) },
			Check: func(o Options) error {
				_, staff, err := Two(o, o.StaffDomain)
				return cmp.Or(err, staff.Validate())
			},
		},
	}
}

// unless skips a question unless one of the presets was chosen.
func unless(presets ...Preset) func(Options) bool {
	return func(o Options) bool { return !slices.Contains(presets, o.Preset) }
}

func appQuestions(found *Discovery) []Question {
	return []Question{
		{
			Field: "android-app", Text: "Which Android app? PACKAGE=SHA256 of its signing certificate",
			Help: "keytool -list -v prints it; leave empty if there is none", Skip: unless(Mobile), Check: Options.Validate,
		},
		{
			Field: "apple-app", Text: "Which Apple app? TEAMID.bundle.id", Help: "leave empty if there is none", Skip: unless(Mobile),
			Check: func(o Options) error {
				if len(o.AndroidApps)+len(o.AppleApps) == 0 {
					return errors.New("name at least one app")
				}
				return o.Validate()
			},
		},
		{
			Field: "app-name", Text: "What do users call the site?", Help: "devices show this name with the passkey",
			Default: func(o Options) string { return cmp.Or(found.AppName.Value, registrable(o)) },
			Check:   func(o Options) error { return Options{Domain: o.Domain, AppName: o.AppName}.Validate() },
		},
	}
}

func howQuestions(found *Discovery) []Question {
	return []Question{
		{Field: "sign-up", Text: "How do users sign up?", Choices: []Choice{
			{string(CodeFirst), "a code proves the email address, then the passkey is added"},
			{string(PasskeyFirst), "with a passkey and a username; the email address is added later, in settings"},
		}},
		{Field: "webauthn", Text: "Also allow security keys that can't store passkeys?", Choices: []Choice{
			{"", "no"},
			{string(Passwordless), "to sign in, after typing the username"},
			{string(SecondFactor), "as a second factor"},
		}},
		{Field: "target", Text: "How is it deployed?", Choices: first(found.Target.Value, []Choice{
			{"", "in this folder, on this machine"},
			{string(Compose), "containers, with PostgreSQL"},
			{string(Kubernetes), "one pod, with kustomize"},
			{string(Helm), "values for Ory's chart"},
			{string(Systemd), "two units"},
		})},
		{Field: "ci", Text: "Add a CI check?", Choices: first(found.CI.Value, []Choice{
			{"", "not yet"},
			{string(GitHub), "a workflow"},
			{string(GitLab), "a job to include"},
			{string(PreCommit), "a hook"},
		})},
		{Field: "ui", Text: "Generate sign-in pages too?", Choices: []Choice{
			{"", "no, the site has its own"},
			{"true", "with a small Go server, below ui/"},
		}},
	}
}

// first moves the choice with a value to the front, which makes it the default.
func first(value string, choices []Choice) []Choice {
	i := slices.IndexFunc(choices, func(c Choice) bool { return c.Value == value })
	if i > 0 {
		found := choices[i]
		choices = slices.Insert(slices.Delete(choices, i, i+1), 0, found)
	}
	return choices
}
