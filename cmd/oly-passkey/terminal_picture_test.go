package main

import (
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/golden"
)

// TestTerminalPicture keeps the README's picture what the commands print: a
// published mistake found, mended, and asked about.
func TestTerminalPicture(t *testing.T) {
	dir := t.TempDir()
	files, err := txtar.ParseFile("testdata/terminal.txtar")
	require.NoError(t, err)
	for _, f := range files.Files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600))
	}
	var screen strings.Builder
	for command := range strings.Lines(string(files.Comment)) {
		shown := strings.TrimSuffix(strings.TrimSpace(command), " --color always") // a terminal needs no telling
		screen.WriteString("\x1b[32m$\x1b[0m \x1b[1m" + shown + "\x1b[0m\n")
		c := exec.CommandContext(t.Context(), "bash", "-c", command)
		c.Dir, c.Env = dir, append(os.Environ(), "COLUMNS=80")
		out, err := c.CombinedOutput()
		require.LessOrEqual(t, exitCode(t, err), cli.ExitFindings, "%s: %s", command, out)
		screen.WriteString(strings.TrimRight(string(out), "\n") + "\n\n")
	}
	golden.File(t, "../../docs/images/terminal.svg", []byte(picture(strings.TrimRight(screen.String(), "\n"))), *update)
}

const (
	columns    = 92
	cellWidth  = 8.43 // of 14 px monospace
	lineHeight = 19
	margin     = 18
)

// picture draws a screen as SVG: what terminals do with colours, and a new row
// where a line is too long.
func picture(screen string) string {
	var rows []string
	style := ""
	for _, line := range strings.Split(screen, "\n") {
		var wrapped []string
		wrapped, style = spans(line, style)
		rows = append(rows, wrapped...)
	}
	width, height := float64(columns)*cellWidth+2*margin, len(rows)*lineHeight+2*margin+20
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" width="%.0f" height="%d" role="img" aria-label="oly-passkey lint finds two errors, mends them, and the matrix shows where passkeys work">
<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d6dbe4;white-space:pre}.b{font-weight:700}.r{fill:#ff7b72}.y{fill:#e3b341}.g{fill:#56d364}.c{fill:#79c0ff}.d{fill:#8b949e}</style>
<rect width="100%%" height="100%%" rx="10" fill="#12161d"/>
<circle cx="22" cy="19" r="6" fill="#ff5f57"/><circle cx="42" cy="19" r="6" fill="#febc2e"/><circle cx="62" cy="19" r="6" fill="#28c840"/>
`, width, height, width, height)
	for i, row := range rows {
		_, _ = fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" xml:space=\"preserve\">%s</text>\n", margin, margin+34+i*lineHeight, row)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// spans turns one line with SGR sequences into rows of tspans.
func spans(line, style string) (rows []string, _ string) {
	var row strings.Builder
	column := 0
	for line != "" {
		if sequence, rest, ok := strings.Cut(line, "m"); ok && strings.HasPrefix(line, "\x1b[") {
			style, line = classes(strings.TrimPrefix(sequence, "\x1b[")), rest
			continue
		}
		text := line
		if at := strings.Index(line, "\x1b["); at >= 0 {
			text = line[:at]
		}
		line = line[len(text):]
		for runes := []rune(text); len(runes) > 0; {
			n := min(len(runes), columns-column)
			if n == 0 {
				rows = append(rows, row.String())
				row.Reset()
				column = 0
				continue
			}
			_, _ = fmt.Fprintf(&row, `<tspan class="%s">%s</tspan>`, style, html.EscapeString(string(runes[:n])))
			runes, column = runes[n:], column+n
		}
	}
	return append(rows, row.String()), style
}

// classes are the style's names of an SGR sequence's numbers.
func classes(sequence string) string {
	names := map[string]string{"1": "b", "2": "d", "31": "r", "32": "g", "33": "y", "34": "c", "36": "c"}
	var out []string
	for _, code := range strings.Split(sequence, ";") {
		if name := names[code]; name != "" {
			out = append(out, name)
		}
	}
	return strings.Join(out, " ")
}
