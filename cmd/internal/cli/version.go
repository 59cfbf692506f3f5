package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// Build is what the Go toolchain stamped into a binary, so that no version has
// to be kept up to date by hand. What it did not stamp is empty.
type Build struct {
	Version  string `json:"version"` // a tag, or made of the commit; "devel" without either
	Commit   string `json:"commit,omitempty"`
	Date     string `json:"date,omitempty"` // of the commit, RFC 3339
	Modified bool   `json:"modified"`       // there were changes that no commit has
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// NewVersion returns the command that prints the version.
func NewVersion(a *App) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "version",
		Short: "print the version and what it was built from",
		Example: `  oly-passkey version
  oly-passkey version --format json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch format {
			case "text":
				_, err := fmt.Fprintln(a.Stdout, Version())
				return err
			case "json":
				e := json.NewEncoder(a.Stdout)
				e.SetIndent("", "  ")
				return e.Encode(Version())
			}
			return Usagef("invalid --format %q: use text or json", format)
		},
	}
	c.Flags().StringVar(&format, "format", "text", "text or json")
	return c
}

// Version returns the build that is running.
func Version() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return readBuild(info)
}

func readBuild(info *debug.BuildInfo) Build {
	b := Build{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = strings.TrimSuffix(v, "+dirty") // Modified says so
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String is one line, such as "oly-passkey v1.0.0 (commit 4f1c9d2, 2026-11-22T10:00:00Z) go1.26.0 linux/amd64".
func (b Build) String() string {
	var about []string
	if b.Commit != "" {
		about = append(about, "commit "+b.Commit[:min(len(b.Commit), 12)])
	}
	if b.Date != "" {
		about = append(about, b.Date)
	}
	if b.Modified {
		about = append(about, "with changes that are not committed")
	}
	out := "oly-passkey " + b.Version
	if len(about) > 0 {
		out += " (" + strings.Join(about, ", ") + ")"
	}
	return out + " " + b.Go + " " + b.Platform
}
