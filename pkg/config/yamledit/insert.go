package yamledit

import (
	"encoding/json"
	"path/filepath"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Set returns the edits that set a key to a value, given as YAML in one line
// (`true`, `"https://example.com"`). A missing key is added to the nearest map that
// would hold it. There are no edits if an anchor, the environment or a template
// determines the value.
func Set(c *kratosconf.Config, path, text string) []source.Edit {
	v := c.Get(path)
	if v == nil {
		i := strings.LastIndexByte(path, '.')
		return Insert(c, path[:max(i, 0)], path[i+1:]+": "+text)
	}
	if v.Shared || v.Env != "" || v.Unknown() || v.Span.File == nil {
		return nil
	}
	if v.Editable() {
		return v.Replace(text)
	}
	data, at := v.Span.File.Data, v.Span.Start
	switch {
	case v.Is(kratosconf.Null) && v.Key.File != nil:
		return afterColon(v.Key, " "+text)
	case v.Is(kratosconf.List) && len(v.Items()) == 0:
		if rest, ok := strings.CutPrefix(string(data[at:]), "["); ok {
			gap := len(rest) - len(strings.TrimLeft(rest, " "))
			if strings.HasPrefix(rest[gap:], "]") {
				return []source.Edit{{Span: source.Span{File: v.Span.File, Start: at, End: at + gap + 2}, New: text}}
			}
		}
	case v.Is(kratosconf.String) && v.Str == "" && at > 0 && at < len(data) && data[at] == data[at-1] && (data[at] == '"' || data[at] == '\''):
		return []source.Edit{{Span: source.Span{File: v.Span.File, Start: at - 1, End: at + 1}, New: text}}
	}
	return nil
}

// afterColon returns the edit that writes text behind a key without a value.
func afterColon(key source.Span, text string) []source.Edit {
	line, whole := lineOf(key)
	rest := line[key.End-whole.Start:]
	gap := len(rest) - len(strings.TrimLeft(rest, `"' `))
	after, ok := strings.CutPrefix(rest[gap:], ":")
	if bare := strings.TrimSpace(after); !ok || bare != "" && bare[0] != '#' {
		return nil
	}
	at := key.End + gap + 1
	return []source.Edit{{Span: source.Span{File: key.File, Start: at, End: at}, New: text}}
}

// Insert returns the edit that adds a path of keys and, at its end, some lines
// (such as "- hook: session") to a map: after the last key of a block, before the
// first one in braces. It uses the part of the path that already exists.
func Insert(c *kratosconf.Config, path string, lines ...string) []source.Edit {
	var parts []string
	if path != "" {
		parts = strings.Split(path, ".")
	}
	at := len(parts)
	parent := c.Get(path)
	for parent == nil && at > 0 {
		at--
		parent = c.Get(strings.Join(parts[:at], "."))
	}
	if !parent.Is(kratosconf.Map) || parent.Shared || parent.Env != "" {
		return nil
	}
	if parent.Span.File != nil && parent.Span.Start < len(parent.Span.File.Data) && parent.Span.File.Data[parent.Span.Start] == '{' {
		return insertFlow(parent, parts[at:], lines)
	}
	key := ownLine(parent)
	if key.File == nil {
		return nil
	}
	text, _ := lineOf(key)
	column := len(text) - len(strings.TrimLeft(text, " "))
	indent := text[:column]
	var b strings.Builder
	for _, part := range parts[at:] {
		b.WriteString(indent + part + ":\n")
		indent += "  "
	}
	for _, line := range lines {
		b.WriteString(indent + line + "\n")
	}
	return []source.Edit{appendAfter(key.File, blockEnd(key.File, key.Position().Line, column), b.String())}
}

// ownLine finds the first key of a block map that starts its line.
func ownLine(block *kratosconf.Value) source.Span {
	for _, f := range block.Fields() {
		key := f.Value.Key
		if key.File == nil || f.Value.Env != "" {
			continue
		}
		line, _ := lineOf(key)
		rest, ok := strings.CutPrefix(strings.TrimLeft(line, ` "'`), key.Text())
		if ok && strings.HasPrefix(strings.TrimLeft(rest, `"' `), ":") {
			return key
		}
	}
	return source.Span{}
}

// insertFlow is Insert for a map in braces.
func insertFlow(parent *kratosconf.Value, parts, lines []string) []source.Edit {
	var members []string
	for _, line := range lines {
		if item, ok := strings.CutPrefix(line, "- "); ok {
			if len(lines) > 1 {
				return nil
			}
			if !strings.HasPrefix(item, "{") {
				item = "{" + item + "}"
			}
			members = []string{"[" + item + "]"}
			break
		}
		members = append(members, line)
	}
	text := strings.Join(members, ", ")
	for i := len(parts) - 1; i >= 0; i-- {
		if !strings.HasPrefix(text, "[") {
			text = "{" + text + "}"
		}
		text = parts[i] + ": " + text
	}
	f := parent.Span.File
	if strings.EqualFold(filepath.Ext(f.Name), ".json") {
		key, value, _ := strings.Cut(text, ": ")
		text = `"` + key + `": ` + value
		if !json.Valid([]byte("{" + text + "}")) {
			return nil
		}
		return InsertMember(parent, text)
	}
	if len(parent.Fields()) > 0 {
		text += ", "
	}
	at := parent.Span.Start + 1
	return []source.Edit{{Span: source.Span{File: f, Start: at, End: at}, New: text}}
}
