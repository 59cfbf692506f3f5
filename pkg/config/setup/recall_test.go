package scaffold_test

import (
	"maps"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

// reader answers the files of a folder as they were written.
func reader(all []scaffold.File) func(string) []byte {
	return func(name string) []byte {
		for _, f := range all {
			if path.Clean(f.Path) == path.Clean(name) {
				return f.Content
			}
		}
		return nil
	}
}

// TestRecall: whatever the options were, the files tell them well enough to write
// every file again.
func TestRecall(t *testing.T) {
	all := layouts()
	maps.Copy(all, presets())
	all["everything"] = scaffold.Options{
		Domain: "auth.example.com", RPID: "example.com", AppName: `"Ex" & Söhne: #1`, UI: true, CI: scaffold.GitHub, WebAuthn: scaffold.SecondFactor,
		UIURL: "https://login.example.com/ui", KratosURL: "https://kratos.example.com:8443/api/",
		AndroidApps: []string{"com.example.app=" + strings.Repeat("A1", 32), "com.example.app=" + strings.Repeat("B2", 32), "com.example.other=" + strings.Repeat("A1", 32)},
	}
	for _, target := range []scaffold.Target{scaffold.Compose, scaffold.Kubernetes, scaffold.Helm} {
		all["released "+string(target)] = scaffold.Options{Domain: "auth.example.com", Target: target, CI: scaffold.GitLab, Version: "v1.2.3"}
	}
	for name, o := range all {
		t.Run(name, func(t *testing.T) {
			first := files(t, o, scaffold.State{})
			recalled, ok := scaffold.Recall(o.Repository, reader(first))
			require.True(t, ok)
			again, err := scaffold.Files(recalled, state(t, first), broken{})
			require.NoError(t, err)
			require.Equal(t, paths(first), paths(again))
			for i := range first {
				require.Equal(t, string(first[i].Content), string(again[i].Content), first[i].Path)
			}
		})
	}
}

func paths(all []scaffold.File) []string {
	var out []string
	for _, f := range all {
		out = append(out, f.Path)
	}
	return out
}

// TestRecallBriefly: what is the default anyway is left out.
func TestRecallBriefly(t *testing.T) {
	fingerprint := strings.TrimSuffix(strings.Repeat("A1:", 32), ":")
	for name, o := range map[string]scaffold.Options{
		"nothing else":     {Domain: "auth.example.com"},
		"localhost":        {Domain: "localhost"},
		"a target":         {Domain: "auth.example.com", Target: scaffold.Systemd},
		"a version":        {Domain: "auth.example.com", Target: scaffold.Helm, Version: "v1.2.3"},
		"pages":            {Domain: "auth.example.com", UI: true},
		"apps":             {Domain: "auth.example.com", AndroidApps: []string{"com.example.app=" + fingerprint}},
		"subdomains":       {Domain: "auth.example.com", RPID: "example.com", Origins: []string{"https://app.example.com"}},
		"fixed addresses":  {Domain: "auth.example.com", RefuseAddressChange: true},
		"another version":  {Domain: "auth.example.com", Kratos: "v26.2.0"},
		"pages elsewhere":  {Domain: "auth.example.com", RPID: "example.com", UIURL: "https://login.example.com"},
		"a name elsewhere": {Domain: "auth.example.com", AppName: "Example", SidecarURL: "http://127.0.0.1:4487"},
	} {
		t.Run(name, func(t *testing.T) {
			o.SignUp = scaffold.CodeFirst
			recalled, ok := scaffold.Recall("", reader(files(t, o, scaffold.State{})))
			require.True(t, ok)
			require.Equal(t, o, recalled)
		})
	}
}

// TestRecallTwo: two Kratos are told from one.
func TestRecallTwo(t *testing.T) {
	for name, c := range map[string]struct {
		o     scaffold.Options
		staff string
		want  string
	}{
		"default":   {scaffold.Options{Domain: "login.example.com", CI: scaffold.GitHub, UI: true}, "", ""},
		"named":     {scaffold.Options{Domain: "login.example.com", RPID: "example.com", Target: scaffold.Compose}, "team.example.com", "team.example.com"},
		"localhost": {scaffold.Options{Domain: "localhost", AppName: "Trial"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.SignUp = scaffold.CodeFirst
			all, err := scaffold.TwoFiles(c.o, c.staff, [2]scaffold.State{}, new(counter))
			require.NoError(t, err)
			o, staff, ok := scaffold.RecallTwo("", reader(all))
			require.True(t, ok)
			c.o.Version = o.Version // "latest", where a file says so
			require.Equal(t, c.o, o)
			require.Equal(t, c.want, staff)
			_, _, ok = scaffold.RecallTwo("", reader(files(t, c.o, scaffold.State{})))
			require.False(t, ok)
		})
	}
}

// TestRecallNothing: what somebody else wrote, or changed, is not recalled.
func TestRecallNothing(t *testing.T) {
	written := content(t, files(t, scaffold.Options{Domain: "auth.example.com"}, scaffold.State{}), scaffold.KratosYML)
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
			o, ok := scaffold.Recall("", reader([]scaffold.File{{Path: scaffold.KratosYML, Content: []byte(config)}}))
			require.False(t, ok)
			require.Equal(t, scaffold.Options{}, o)
		})
	}
}

// FuzzRecall: whatever has become of the files, what is recalled writes the
// configuration that is there.
func FuzzRecall(f *testing.F) {
	for _, o := range presets() {
		all, err := scaffold.Files(o, scaffold.State{}, new(counter))
		require.NoError(f, err)
		read := reader(all)
		f.Add(read(scaffold.KratosYML), read(".well-known/assetlinks.json"), read(".well-known/apple-app-site-association"))
	}
	f.Fuzz(func(t *testing.T, config, android, apple []byte) {
		o, ok := scaffold.Recall("", reader([]scaffold.File{
			{Path: scaffold.KratosYML, Content: config},
			{Path: ".well-known/assetlinks.json", Content: android},
			{Path: ".well-known/apple-app-site-association", Content: apple},
		}))
		if !ok {
			return
		}
		require.Equal(t, string(config), content(t, files(t, o, scaffold.State{}), scaffold.KratosYML))
	})
}
