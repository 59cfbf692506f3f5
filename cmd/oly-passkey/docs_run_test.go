package main

import (
	"context"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml"
	"github.com/stretchr/testify/require"
	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
)

// TestDocuments runs every code block of the documentation, page by page, in a
// folder of its own; what cannot run here says why, and is parsed.
func TestDocuments(t *testing.T) {
	for _, path := range documents(t) {
		if strings.Contains(path, "/examples/") {
			continue // what init wrote: kratos/e2e starts these
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".md"), func(t *testing.T) {
			t.Parallel()
			r := &reader{t: t, path: path, dir: t.TempDir(), stage: newStage(t)}
			for _, b := range readPage(t, path).blocks {
				r.try(b)
			}
		})
	}
}

// reader follows one page from top to bottom.
type reader struct {
	t         *testing.T
	path, dir string
	stage     *stage
}

func (r *reader) try(b block) {
	r.t.Helper()
	if b.setup != "" {
		out, err := r.shell(b.setup)
		require.NoError(r.t, err, "%s:%d: setup: %s", r.path, b.line, out)
	}
	if b.file != "" {
		name := filepath.Join(r.dir, filepath.FromSlash(b.file))
		require.NoError(r.t, os.MkdirAll(filepath.Dir(name), 0o750))
		require.NoError(r.t, os.WriteFile(name, []byte(b.code), 0o600))
	}
	switch b.language {
	case "sh":
		r.runScript(b)
	case "console":
		r.runConsole(b)
	default:
		r.parse(b)
	}
}

func (r *reader) runScript(b block) {
	r.t.Helper()
	if b.notRun != "" {
		out, err := exec.CommandContext(r.t.Context(), "bash", "-n", "-c", b.code).CombinedOutput()
		require.NoError(r.t, err, "%s:%d: %s", r.path, b.line, out)
		return
	}
	if b.background {
		r.stage.start(r.dir, b.code)
		return
	}
	out, err := r.shell(b.code)
	want := 0
	if b.exits != "" {
		want, _ = strconv.Atoi(b.exits)
	}
	require.Equal(r.t, want, exitCode(r.t, err), "%s:%d: %s\n%s", r.path, b.line, b.code, out)
}

// runConsole requires exactly the shown output; -update rewrites it. The exit code may
// be that for findings.
func (r *reader) runConsole(b block) {
	r.t.Helper()
	require.NotEmpty(r.t, b.shown(), "%s:%d: a console block begins with \"$ \"", r.path, b.line)
	if b.notRun != "" {
		return
	}
	var now strings.Builder
	for _, c := range b.shown() {
		out, err := r.shell(c.command)
		require.LessOrEqual(r.t, exitCode(r.t, err), cli.ExitFindings, "%s:%d: %s", r.path, b.line, out)
		now.WriteString("$ " + c.command + out)
	}
	if *update {
		text, err := os.ReadFile(r.path)
		require.NoError(r.t, err)
		written := strings.Replace(string(text), b.code, now.String(), 1)
		require.NoError(r.t, os.WriteFile(r.path, []byte(written), 0o600))
		return
	}
	require.Equal(r.t, b.code, now.String(), "%s:%d; if it is right: go test ./cmd/oly-passkey -run Documents -update", r.path, b.line)
}

// shell runs lines in the page's folder and returns their output.
func (r *reader) shell(lines string) (string, error) {
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", r.stage.put(lines))
	c.Dir = r.dir
	c.Env = append(os.Environ(), "NO_COLOR=1", "COLUMNS=80", "HOME="+r.dir)
	c.WaitDelay = time.Second
	out, err := c.CombinedOutput()
	return string(out), err
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	require.NoError(t, err)
	return 0
}

// parse parses a block that is not a command.
func (r *reader) parse(b block) {
	r.t.Helper()
	var err error
	switch b.language {
	case "yaml":
		decoder := yaml.NewDecoder(strings.NewReader(b.code))
		for err == nil {
			var any yaml.Node
			err = decoder.Decode(&any)
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
	case "json":
		err = json.Unmarshal([]byte(b.code), new(any))
	case "toml":
		_, err = toml.Load(b.code)
	case "js":
		_, err = js.Parse(parse.NewInputBytes([]byte(b.code)), js.Options{})
	case "go":
		err = parseGo(b.code)
	case "text", "mermaid", "http", "html", "jsonnet", "nginx", "diff", "dockerfile", "promql", "ini", "sql":
		// Shown to be read.
	default:
		require.Fail(r.t, "code block without a known language", "%s:%d: %q", r.path, b.line, b.language)
	}
	require.NoError(r.t, err, "%s:%d", r.path, b.line)
}

// parseGo takes a file, declarations, or statements.
func parseGo(code string) error {
	imports, rest := "", code
	if strings.HasPrefix(code, "import") {
		at := strings.Index(code, "\n\n")
		if at > 0 {
			imports, rest = code[:at], code[at:]
		}
	}
	var first error
	for _, whole := range []string{code, "package p\n" + code, "package p\n" + imports + "\nfunc _() {\n" + rest + "\n}"} {
		_, err := parser.ParseFile(token.NewFileSet(), "", whole, parser.SkipObjectResolution)
		if err == nil {
			return nil
		}
		first = errors.Join(first, err)
	}
	return first
}
