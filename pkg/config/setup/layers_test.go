package setup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// flags returns the merged options as a command line, each with its source.
func flags(l setup.Layer) string {
	var b strings.Builder
	for _, words := range l.Flags(func(string, setup.Source) bool { return true }) {
		b.WriteString(strings.Join(words, " ") + " (" + string(l.From[strings.TrimPrefix(words[0], "--")]) + ")\n")
	}
	return b.String()
}

func TestInputs(t *testing.T) {
	given := func(o setup.Options, names ...string) setup.Layer {
		return setup.NewLayer(o, setup.FromFlags, names)
	}
	answered := func(o setup.Options, names ...string) setup.Layer { return setup.NewLayer(o, "answers.yml", names) }
	recalled := func(o setup.Options, names ...string) setup.Layer { return setup.NewLayer(o, "kratos.yml", names) }
	fact := func(value string) patch.Fact {
		f := source.New("compose.yml", []byte("x\n"))
		return patch.Fact{Value: value, From: source.Span{File: f}}
	}
	for name, c := range map[string]struct {
		in            setup.Inputs
		version, host string // found around the folder
		want          string
	}{
		"nothing": {want: ""},
		"flags over answers over an earlier run over files": {
			in: setup.Inputs{
				Flags:    given(setup.Options{AppName: "flag"}, "app-name"),
				Answers:  answered(setup.Options{AppName: "answer", Origins: []string{"https://a.example.com"}}, "app-name", "origin"),
				Recalled: recalled(setup.Options{AppName: "earlier", Domain: "example.com", Origins: []string{"https://b.example.com", "https://c.example.com"}}, "app-name", "domain", "origin"),
			},
			version: "v1.3.1", host: "found.example.com",
			want: "--domain example.com (kratos.yml)\n--app-name flag (the command line)\n--origin https://a.example.com (answers.yml)\n--kratos-version v1.3.1 (compose.yml:1)\n",
		},
		"an option that is set to nothing": {
			in: setup.Inputs{
				Flags:    given(setup.Options{SignUp: setup.CodeFirst}, "ui", "webauthn", "sign-up"),
				Recalled: recalled(setup.Options{Domain: "example.com", UI: true, WebAuthn: setup.Passwordless, SignUp: setup.PasskeyFirst}, "domain", "ui", "webauthn", "sign-up"),
			},
			want: "--domain example.com (kratos.yml)\n",
		},
		"what is not set does not count": {
			in:   setup.Inputs{Flags: given(setup.Options{Domain: "example.com", UI: true, SignUp: setup.PasskeyFirst}, "domain")},
			want: "--domain example.com (the command line)\n",
		},
		"a preset sets the RP ID": {
			in:   setup.Inputs{Flags: given(setup.Options{Domain: "Auth.example.com", Preset: setup.Subdomains}, "domain", "preset")},
			want: "--domain Auth.example.com (the command line)\n--preset subdomains (the command line)\n--rp-id example.com (the preset)\n",
		},
		"a preset does not replace the RP ID of an earlier run": {
			in: setup.Inputs{
				Flags:    given(setup.Options{Preset: setup.Subdomains}, "preset"),
				Recalled: recalled(setup.Options{Domain: "login.auth.example.com", RPID: "auth.example.com"}, "domain", "rp-id"),
			},
			want: "--domain login.auth.example.com (kratos.yml)\n--preset subdomains (the command line)\n--rp-id auth.example.com (kratos.yml)\n",
		},
		"nor one that is given": {
			in:   setup.Inputs{Flags: given(setup.Options{Domain: "a.b.example.com", RPID: "b.example.com", Preset: setup.Subdomains}, "domain", "preset", "rp-id")},
			want: "--domain a.b.example.com (the command line)\n--preset subdomains (the command line)\n--rp-id b.example.com (the command line)\n",
		},
		"localhost over what is found": {
			in:   setup.Inputs{Flags: given(setup.Options{Preset: setup.Localhost}, "preset")},
			host: "found.example.com",
			want: "--domain localhost (the preset)\n--preset localhost (the command line)\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.version != "", c.in.Find("kratos-version", fact(c.version)))
			c.in.Find("domain", fact(c.host))
			merged := c.in.Merge()
			require.Equal(t, c.want, flags(merged))
			if name == "an option that is set to nothing" {
				require.Equal(t, setup.Options{Domain: "example.com", SignUp: setup.CodeFirst}, merged.Options)
			}
		})
	}
}

// TestFindWhatIsKnown: a fact is not used for an option that something else sets.
func TestFindWhatIsKnown(t *testing.T) {
	in := setup.Inputs{Answers: setup.NewLayer(setup.Options{Kratos: "v1.3.1"}, "answers.yml", []string{"kratos-version"})}
	require.False(t, in.Find("kratos-version", patch.Fact{Value: "v26.2.0"}))
	require.Equal(t, "v1.3.1", in.Merge().Kratos)
}

// TestRelated: related origins follow from the preset, and end with it.
func TestRelated(t *testing.T) {
	recalled := setup.NewLayer(setup.Options{Preset: setup.RelatedOrigins}, "kratos.yml", []string{"preset"})
	require.True(t, setup.Inputs{Recalled: recalled}.Merge().Related)
	other := setup.NewLayer(setup.Options{Preset: setup.OneDomain}, setup.FromFlags, []string{"preset"})
	require.False(t, setup.Inputs{Recalled: recalled, Flags: other}.Merge().Related)
}

// interview gives the answers in order and returns the questions that were asked.
func interview(t *testing.T, in setup.Inputs, found *setup.Discovery, answers map[string]string) (asked string, merged setup.Layer) {
	t.Helper()
	questions := setup.Questions(found)
	var given []string
	for i, q := range questions {
		known := in.Answered(questions, given).Merge().Options
		if q.Skip != nil && q.Skip(known) {
			given = append(given, "ignored")
			continue
		}
		asked += q.Field + " "
		answer := answers[q.Field]
		if answer == "" && q.Default != nil {
			answer = q.Default(known)
		}
		given = append(given, answer)
		if q.Check != nil {
			require.NoError(t, q.Check(in.Answered(questions[:i+1], given).Merge().Options), q.Field)
		}
	}
	return strings.TrimSpace(asked), in.Answered(questions, given).Merge()
}

func TestQuestions(t *testing.T) {
	fingerprint := strings.TrimSuffix(strings.Repeat("A1:", 32), ":")
	for name, c := range map[string]struct {
		answers     map[string]string
		asked, want string
	}{
		"one domain": {
			map[string]string{"domain": "auth.example.com", "preset": "one-domain", "ui": "true"},
			"domain preset app-name sign-up webauthn target ci ui",
			"--domain auth.example.com (the prompt)\n--preset one-domain (the prompt)\n--app-name example.com (the prompt)\n--ui (the prompt)\n",
		},
		"localhost": {
			map[string]string{"domain": "localhost", "sign-up": "passkey-first"},
			"domain app-name sign-up webauthn target ci ui",
			"--domain localhost (the prompt)\n--sign-up passkey-first (the prompt)\n",
		},
		"subdomains": {
			map[string]string{"domain": "auth.example.com", "preset": "subdomains", "origin": "https://a.example.com,https://b.example.com"},
			"domain preset origin app-name sign-up webauthn target ci ui",
			"--domain auth.example.com (the prompt)\n--preset subdomains (the prompt)\n--app-name example.com (the prompt)\n--rp-id example.com (the preset)\n--origin https://a.example.com (the prompt)\n--origin https://b.example.com (the prompt)\n",
		},
		"two": {
			map[string]string{"domain": "login.example.com", "preset": "two-kratos", "app-name": "Ann's shop"},
			"domain preset staff-domain app-name sign-up webauthn target ci ui",
			"--domain login.example.com (the prompt)\n--preset two-kratos (the prompt)\n--app-name Ann's shop (the prompt)\n--staff-domain staff.example.com (the prompt)\n",
		},
		"mobile": {
			map[string]string{"domain": "auth.example.com", "preset": "mobile", "android-app": "com.example.app=" + fingerprint},
			"domain preset android-app apple-app app-name sign-up webauthn target ci ui",
			"--domain auth.example.com (the prompt)\n--preset mobile (the prompt)\n--app-name example.com (the prompt)\n--android-app com.example.app=" + fingerprint + " (the prompt)\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			asked, merged := interview(t, setup.Inputs{}, new(setup.Discovery), c.answers)
			require.Equal(t, c.asked, asked)
			require.Equal(t, c.want, flags(merged))
		})
	}
}

// TestQuestionsAfterFacts: facts are the defaults, and come first among choices.
func TestQuestionsAfterFacts(t *testing.T) {
	found := &setup.Discovery{Domain: patch.Fact{Value: "id.example.com"}, AppName: patch.Fact{Value: "shop"}, Target: patch.Fact{Value: "compose"}, CI: patch.Fact{Value: "gitlab"}}
	_, merged := interview(t, setup.Inputs{}, found, nil)
	require.Equal(t, "id.example.com", merged.Domain)
	require.Equal(t, "shop", merged.AppName)
	for _, q := range setup.Questions(found) {
		switch q.Field {
		case "target":
			require.Equal(t, "compose", q.Choices[0].Value)
			require.Len(t, q.Choices, 5)
		case "ci":
			require.Equal(t, "gitlab", q.Choices[0].Value)
		}
	}
}

func TestShell(t *testing.T) {
	require.Equal(t, `a 'Ann'\''s shop' '' https://example.com/ '$(x)'`, setup.Shell("a", "Ann's shop", "", "https://example.com/", "$(x)"))
}

// TestRecallFolder: each recalled option has the file that it comes from.
func TestRecallFolder(t *testing.T) {
	root := t.TempDir()
	write := func(dir string, o setup.Options, staff bool) string {
		dir = filepath.Join(root, dir)
		all, err := setup.Files(o, setup.State{}, new(counter))
		if staff {
			all, err = setup.TwoFiles(o, "team.example.com", [2]setup.State{}, new(counter))
		}
		require.NoError(t, err)
		_, err = setup.Write(dir, all, false)
		require.NoError(t, err)
		return dir
	}
	related := write("related", setup.Options{Domain: "auth.example.com", Related: true, Origins: []string{"https://www.example.org"}}, false)
	two := write("two", setup.Options{Domain: "login.example.com"}, true)
	helm := write("helm", setup.Options{Domain: "auth.example.com", Target: setup.Helm}, false)
	for dir, want := range map[string]string{
		related: "--domain auth.example.com (FILE)\n--preset related-origins (FILE)\n--origin https://www.example.org (FILE)\n",
		two:     "--domain login.example.com (FILE)\n--preset two-kratos (FILE)\n--staff-domain team.example.com (FILE)\n",
		helm:    "--domain auth.example.com (FILE)\n--target helm (FILE)\n",
	} {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			layer, err := setup.RecallFolder(dir)
			require.NoError(t, err)
			file := map[string]string{two: "customers/kratos.yml", helm: "values.yaml"}[dir]
			if file == "" {
				file = "kratos.yml"
			}
			require.Equal(t, strings.ReplaceAll(want, "FILE", filepath.Join(dir, file)), flags(layer))
		})
	}
	require.NoError(t, os.WriteFile(filepath.Join(helm, "values.yaml"), []byte("kratos: {}\n"), 0o600))
	layer, err := setup.RecallFolder(helm)
	require.NoError(t, err)
	require.Equal(t, setup.Layer{}, layer)
}
