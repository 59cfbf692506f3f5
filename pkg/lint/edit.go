package lint

import (
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// RemoveField answers the edit that removes a key and its value, when they have
// a line of a block map for themselves.
func RemoveField(v *kratosconf.Value) []source.Edit {
	if v == nil || v.Shared || v.Env != "" || v.Kind == kratosconf.Map || v.Kind == kratosconf.List || v.Key.File == nil {
		return nil
	}
	line, whole := lineOf(v.Key)
	rest, ok := strings.CutPrefix(strings.TrimLeft(line, ` '"`), v.Key.Text())
	if !ok || !strings.HasPrefix(strings.TrimLeft(rest, `'" `), ":") || !sameLine(v.Key, v.Span) {
		return nil
	}
	return []source.Edit{{Span: whole}}
}

// RemoveItem answers the edit that removes one element of a list, when it has a
// line for itself and is not the last one.
func RemoveItem(list, item *kratosconf.Value) []source.Edit {
	if len(list.Items()) < 2 || !item.Editable() || list.Shared {
		return nil
	}
	line, whole := lineOf(item.Span)
	if !strings.HasPrefix(strings.TrimLeft(line, " "), "- ") {
		return nil
	}
	return []source.Edit{{Span: whole}}
}

// AppendItem answers the edit that adds a scalar behind the last element of a
// list, in the style of that element.
func AppendItem(list *kratosconf.Value, text string) []source.Edit {
	items := list.Items()
	if len(items) == 0 || list.Shared {
		return nil
	}
	last := items[len(items)-1]
	if !last.Editable() {
		return nil
	}
	f := last.Span.File
	line, whole := lineOf(last.Span)
	if dash := strings.Index(line, "- "); dash >= 0 && strings.TrimSpace(line[:dash]) == "" {
		end := whole.End
		item := line[:dash] + "- " + quoteLike(last, text) + "\n"
		if end == len(f.Data) && !strings.HasSuffix(string(f.Data), "\n") {
			item = "\n" + strings.TrimSuffix(item, "\n")
		}
		return []source.Edit{{Span: source.Span{File: f, Start: end, End: end}, New: item}}
	}
	end := last.Span.End
	if end < len(f.Data) && (f.Data[end] == '"' || f.Data[end] == '\'') {
		end++
	}
	return []source.Edit{{Span: source.Span{File: f, Start: end, End: end}, New: ", " + quoteLike(last, text)}}
}

// quoteLike quotes a text as another value is quoted.
func quoteLike(v *kratosconf.Value, text string) string {
	if v.Span.Start > 0 {
		if q := v.Span.File.Data[v.Span.Start-1]; q == '"' || q == '\'' {
			return string(q) + text + string(q)
		}
	}
	return text
}

// lineOf answers the line on which a span starts, and its bytes with the line
// break.
func lineOf(s source.Span) (string, source.Span) {
	n := s.Position().Line
	start := s.File.LineStart(n)
	end := len(s.File.Data)
	if n < s.File.Lines() {
		end = s.File.LineStart(n + 1)
	}
	return s.File.Line(n), source.Span{File: s.File, Start: start, End: end}
}

func sameLine(a, b source.Span) bool {
	return a.File == b.File && a.Position().Line == b.Position().Line
}

// InsertPath answers the edit that writes a path of keys and, at its end, a line
// (such as "- hook: session") into a block map, before the map's first key. It
// takes up the part of the path that the configuration has already.
func (p *Pass) InsertPath(path, line string) []source.Edit {
	parts := strings.Split(path, ".")
	at := len(parts)
	var parent *kratosconf.Value
	for ; at > 0 && parent == nil; at-- {
		parent = p.Config.Get(strings.Join(parts[:at], "."))
	}
	at++ // the loop went one too far
	if parent == nil || at > len(parts) || !parent.Is(kratosconf.Map) || parent.Shared || len(parent.Fields()) == 0 {
		return nil
	}
	key := parent.Fields()[0].Value.Key
	if key.File == nil || parent.Fields()[0].Value.Env != "" || parent.Overrode != nil {
		return nil
	}
	text, whole := lineOf(key)
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	if !strings.HasPrefix(strings.TrimLeft(text, ` '"`), key.Text()+":") && !strings.HasPrefix(strings.TrimLeft(text, ` '"`), key.Text()+`"`) {
		return nil // a flow map, or the first key of a list's element
	}
	var b strings.Builder
	for _, part := range parts[at:] {
		b.WriteString(indent + part + ":\n")
		indent += "  "
	}
	b.WriteString(indent + line + "\n")
	return []source.Edit{{Span: source.Span{File: key.File, Start: whole.Start, End: whole.Start}, New: b.String()}}
}

// InsertMember answers the edit that writes a member, such as `"title": "Name"`,
// in front of the others of a JSON object.
func InsertMember(object *kratosconf.Value, member string) []source.Edit {
	if !object.Is(kratosconf.Map) || object.Env != "" || object.Shared {
		return nil
	}
	f, at := object.Span.File, object.Span.Start+1
	if f == nil || at > len(f.Data) || f.Data[at-1] != '{' {
		return nil
	}
	rest := f.Data[at:]
	text := strings.TrimLeft(string(rest), " \t\r\n")
	gap := string(rest[:len(rest)-len(text)])
	switch {
	case len(object.Fields()) == 0:
		gap = ""
	case !strings.Contains(gap, "\n"):
		gap, member = "", member+", "
	default:
		member += ","
	}
	return []source.Edit{{Span: source.Span{File: f, Start: at, End: at}, New: gap + member}}
}
