package flagtable

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// Reference returns the table as Markdown, one row per option.
func (t Table) Reference() string {
	var b strings.Builder
	b.WriteString("| flag, and key in the file | environment | type | default | reload | what |\n|---|---|---|---|---|---|\n")
	for _, o := range t.Options {
		value := "`" + o.flag.DefValue + "`"
		if o.flag.DefValue == "" || o.isList() {
			value = ""
		}
		reload := ""
		if o.reload {
			reload = "yes"
		}
		_, doc := pflag.UnquoteUsage(o.flag)
		if o.secret {
			doc += ". **The file is secret.**"
		}
		fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s | %s | %s |\n", o.flag.Name, t.env(o), o.kind(), value, reload, strings.ReplaceAll(doc, "|", `\|`))
	}
	return b.String()
}
