package patch_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestPatch runs every testdata/*.txtar: the comment has init's options, "diff" is
// the patch, and "said" is the output of init or the error.
func TestPatch(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			require.NoError(t, err)
			c := readCase(t, archive)
			plan, err := patch.New(c.files, c.opts, c.env)
			var patch, said string
			if err != nil {
				said = err.Error() + "\n"
			} else {
				patch, said = show(plan)
				c.again(t, plan)
			}
			if *update {
				archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "diff" || f.Name == "said" })
				archive.Files = append(archive.Files, txtar.File{Name: "diff", Data: []byte(patch)}, txtar.File{Name: "said", Data: []byte(said)})
				require.NoError(t, os.WriteFile(name, txtar.Format(archive), 0o600))
			}
			require.Equal(t, string(c.content["diff"]), patch)
			require.Equal(t, string(c.content["said"]), said)
		})
	}
}

type testCase struct {
	files   []*source.File
	opts    patch.Options
	env     lint.Options
	content map[string][]byte
}

func readCase(t *testing.T, archive *txtar.Archive) *testCase {
	t.Helper()
	c := &testCase{content: make(map[string][]byte)}
	for _, f := range archive.Files {
		c.content[f.Name] = f.Data
	}
	crlf := false
	for line := range strings.Lines(string(archive.Comment)) {
		flag, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok && flag != "--crlf" && flag != "--refuse-address-change" && flag != "--without-schema" || !strings.HasPrefix(flag, "--") {
			continue
		}
		switch flag {
		case "--domain":
			c.opts.Domain = value
		case "--rp-id":
			c.opts.RPID = value
		case "--origin":
			c.opts.Origins = append(c.opts.Origins, value)
		case "--app-name":
			c.opts.AppName = value
		case "--sign-up":
			c.opts.SignUp = patch.SignUp(value)
		case "--sidecar-url":
			c.opts.SidecarURL = value
		case "--kratos-version":
			v, err := kratosconf.ParseVersion(value)
			require.NoError(t, err)
			c.env.Version = v
		case "--refuse-address-change":
			c.opts.RefuseAddressChange = true
		case "--without-schema":
			c.opts.WithoutSchema = true
		case "--crlf":
			crlf = true
		default:
			t.Fatalf("unknown option %q", flag)
		}
	}
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "kratos") {
			data := f.Data
			if crlf { // and no line end at the end
				data = []byte(strings.TrimSuffix(strings.ReplaceAll(string(data), "\n", "\r\n"), "\r\n"))
			}
			c.files = append(c.files, source.New(f.Name, data))
		}
	}
	c.env.Schemas.Read = func(name string) (*source.File, error) {
		data, ok := c.content[filepath.ToSlash(name)]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return source.New(name, data), nil
	}
	return c
}

// again patches the patched files: nothing is left to do.
func (c *testCase) again(t *testing.T, plan *patch.Plan) {
	t.Helper()
	var files []*source.File
	for _, f := range c.files {
		files = append(files, f)
		for _, changed := range plan.Changed {
			if changed.Name == f.Name {
				files[len(files)-1] = source.New(f.Name, changed.After)
			} else {
				c.content[changed.Name] = changed.After
			}
		}
	}
	second, err := patch.New(files, c.opts, c.env)
	require.NoError(t, err)
	require.Empty(t, second.Changed)
}

func show(plan *patch.Plan) (patch, said string) {
	var d, s strings.Builder
	for _, c := range plan.Changed {
		d.Write(diff.Diff("a/"+c.Name, c.Before, "b/"+c.Name, c.After))
	}
	for _, f := range plan.Facts {
		fmt.Fprintf(&s, "%s: %s (%s)\n", f.Name, f.Value, f.From)
	}
	for _, step := range plan.Steps {
		fmt.Fprintf(&s, "%s: %s\n", step.At, step.What)
	}
	for _, f := range plan.Left {
		fmt.Fprintf(&s, "%s: %s [%s]\n", f.Span, f.Severity, f.Rule)
	}
	if lists := plan.HookLists(); len(lists) > 0 {
		fmt.Fprintf(&s, "hooks: %s\n", strings.Join(lists, " "))
	}
	return strings.ReplaceAll(d.String(), "\r", "␍"), s.String()
}
