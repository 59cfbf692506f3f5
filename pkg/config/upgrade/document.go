package upgrade

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
)

// Versions returns the versions that differ, oldest first. The last one
// represents what is merged but not in a release up to v26.2.0.
func Versions() []kratosconf.Version {
	return []kratosconf.Version{
		{Major: 1},
		kratosconf.VersionOrigins, kratosconf.VersionPasskey,
		{Major: 1, Minor: 3, Patch: 1},
		kratosconf.VersionTriggerID, v26_2, later,
	}
}

// name returns the display name of a version.
func name(v kratosconf.Version) string {
	if v == later {
		return "after v26.2.0"
	}
	return v.String()
}

// WriteDocument writes what each version of Kratos supports for passkeys, as
// Markdown.
func WriteDocument(w io.Writer) error {
	b := &strings.Builder{}
	line := func(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }
	line("# What each version of Kratos supports for passkeys")
	line("")
	line("<!-- Generated from pkg/config/upgrade: go test ./pkg/config/upgrade -run Document -update -->")
	line("")
	line("v1.3.1 and v26.2.0 were tested; the other columns are read from the source. What was merged after v26.2.0 is not in a")
	line("release yet. For the effect on your configuration, run `oly-passkey upgrade-check --from VERSION --to VERSION -c kratos.yml`.")
	line("")
	head, rule := "| |", "|---|"
	for _, v := range Versions() {
		head += " " + name(v) + " |"
		rule += ":-:|"
	}
	line("%s", head)
	line("%s", rule)
	all := changes()
	slices.SortStableFunc(all, func(x, y change) int {
		return cmp.Or(cmp.Compare(x.since.Major, y.since.Major), cmp.Compare(x.since.Minor, y.since.Minor), cmp.Compare(x.since.Patch, y.since.Patch))
	})
	for _, c := range all {
		row := "| " + c.what + " |"
		for _, v := range Versions() {
			mark := " – |"
			if v.AtLeast(c.since) {
				mark = " ✓ |"
			}
			row += mark
		}
		line("%s", row)
	}
	for _, v := range Versions()[1:] {
		line("\n## %s\n", strings.Replace(name(v), "after", "After", 1))
		for _, c := range all {
			if c.since == v {
				c.write(line)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c change) write(line func(string, ...any)) {
	line("- **%s** (%s)", capital(c.what), c.source)
	for _, n := range []note{c.gained, c.lost} {
		if n.message == "" {
			continue
		}
		line("  - %s: %s", n.severity, n.message)
		if n.help != "" {
			line("    *%s*", n.help)
		}
	}
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
