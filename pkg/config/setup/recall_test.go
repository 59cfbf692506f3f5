package setup_test

import (
	"maps"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

// reader returns a function that reads the given files.
func reader(all []setup.File) func(string) []byte {
	return func(name string) []byte {
		for _, f := range all {
			if path.Clean(f.Path) == path.Clean(name) {
				return f.Content
			}
		}
		return nil
	}
}

// TestRecall: for any options, those recalled from the files write the same files
// again.
func TestRecall(t *testing.T) {
	all := layouts()
	maps.Copy(all, presets())
	all["everything"] = setup.Options{
		Domain: "auth.example.com", RPID: "example.com", AppName: `"Ex" & Söhne: #1`, UI: true, CI: setup.GitHub, WebAuthn: setup.SecondFactor,
		UIURL: "https://login.example.com/ui", KratosURL: "https://kratos.example.com:8443/api/",
		AndroidApps: []string{"com.example.app=" + strings.Repeat("A1", 32), "com.example.app=" + strings.Repeat("B2", 32), "com.example.other=" + strings.Repeat("A1", 32)},
	}
	for _, target := range []setup.Target{setup.Compose, setup.Kubernetes, setup.Helm} {
		all["released "+string(target)] = setup.Options{Domain: "auth.example.com", Target: target, CI: setup.GitLab, Version: "v1.2.3"}
	}
	for name, o := range all {
		t.Run(name, func(t *testing.T) {
			first := files(t, o, setup.State{})
			recalled, ok := setup.Recall(o.Repository, reader(first))
			require.True(t, ok)
			again, err := setup.Files(recalled, state(t, first), broken{})
			require.NoError(t, err)
			require.Equal(t, paths(first), paths(again))
			for i := range first {
				require.Equal(t, string(first[i].Content), string(again[i].Content), first[i].Path)
			}
		})
	}
}

func paths(all []setup.File) []string {
	var out []string
	for _, f := range all {
		out = append(out, f.Path)
	}
	return out
}

// TestRecallBriefly: what is the default anyway is left out.
func TestRecallBriefly(t *testing.T) {
	fingerprint := strings.TrimSuffix(strings.Repeat("A1:", 32), ":")
	for name, o := range map[string]setup.Options{
		"nothing else":     {Domain: "auth.example.com"},
		"localhost":        {Domain: "localhost"},
		"a target":         {Domain: "auth.example.com", Target: setup.Systemd},
		"a version":        {Domain: "auth.example.com", Target: setup.Helm, Version: "v1.2.3"},
		"pages":            {Domain: "auth.example.com", UI: true},
		"apps":             {Domain: "auth.example.com", AndroidApps: []string{"com.example.app=" + fingerprint}},
		"subdomains":       {Domain: "auth.example.com", RPID: "example.com", Origins: []string{"https://app.example.com"}},
		"fixed addresses":  {Domain: "auth.example.com", RefuseAddressChange: true},
		"another version":  {Domain: "auth.example.com", Kratos: "v1.3.1"},
		"pages elsewhere":  {Domain: "auth.example.com", RPID: "example.com", UIURL: "https://login.example.com"},
		"a name elsewhere": {Domain: "auth.example.com", AppName: "Example", SidecarURL: "http://127.0.0.1:4487"},
	} {
		t.Run(name, func(t *testing.T) {
			o.SignUp = setup.CodeFirst
			recalled, ok := setup.Recall("", reader(files(t, o, setup.State{})))
			require.True(t, ok)
			require.Equal(t, o, recalled)
		})
	}
}

// TestRecallTwo: two Kratos are told from one.
func TestRecallTwo(t *testing.T) {
	for name, c := range map[string]struct {
		o     setup.Options
		staff string
		want  string
	}{
		"default":   {setup.Options{Domain: "login.example.com", CI: setup.GitHub, UI: true}, "", ""},
		"named":     {setup.Options{Domain: "login.example.com", RPID: "example.com", Target: setup.Compose}, "team.example.com", "team.example.com"},
		"localhost": {setup.Options{Domain: "localhost", AppName: "Trial"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.SignUp = setup.CodeFirst
			all, err := setup.TwoFiles(c.o, c.staff, [2]setup.State{}, new(counter))
			require.NoError(t, err)
			o, staff, ok := setup.RecallTwo("", reader(all))
			require.True(t, ok)
			c.o.Version = o.Version // "latest", where a file says so
			require.Equal(t, c.o, o)
			require.Equal(t, c.want, staff)
			_, _, ok = setup.RecallTwo("", reader(files(t, c.o, setup.State{})))
			require.False(t, ok)
		})
	}
}

// TestRecallNothing: a file that init did not write, or that was changed, is not
// recalled.
func TestRecallNothing(t *testing.T) {
	written := content(t, files(t, setup.Options{Domain: "auth.example.com"}, setup.State{}), setup.KratosYML)
	for name, config := range map[string]string{
		"nothing":        "",
		"somebody":       "selfservice: {}\n",
		"a comment":      written + "# mine\n",
		"a value":        strings.Replace(written, "lifespan: 15m", "lifespan: 5m", 1),
		"no page":        strings.Replace(written, "      ui_url: https://auth.example.com/login\n", "", 1),
		"another name":   strings.ReplaceAll(written, "auth.example.com", "com"),
		"broken":         written + "\t",
		"two documents":  written + "---\nversion: v1.3.1\n",
		"another schema": strings.Replace(written, "file://identity.schema.json", "https://example.com/identity.schema.json", 1),
		"header alone":   "# as oly-passkey init wrote it\n",
	} {
		t.Run(name, func(t *testing.T) {
			o, ok := setup.Recall("", reader([]setup.File{{Path: setup.KratosYML, Content: []byte(config)}}))
			require.False(t, ok)
			require.Equal(t, setup.Options{}, o)
		})
	}
}

// FuzzRecall: options recalled from any files write the same configuration again.
func FuzzRecall(f *testing.F) {
	for _, o := range presets() {
		all, err := setup.Files(o, setup.State{}, new(counter))
		require.NoError(f, err)
		read := reader(all)
		f.Add(read(setup.KratosYML), read(".well-known/assetlinks.json"), read(".well-known/apple-app-site-association"))
	}
	f.Fuzz(func(t *testing.T, config, android, apple []byte) {
		o, ok := setup.Recall("", reader([]setup.File{
			{Path: setup.KratosYML, Content: config},
			{Path: ".well-known/assetlinks.json", Content: android},
			{Path: ".well-known/apple-app-site-association", Content: apple},
		}))
		if !ok {
			return
		}
		require.Equal(t, string(config), content(t, files(t, o, setup.State{}), setup.KratosYML))
	})
}
