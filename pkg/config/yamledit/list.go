package yamledit

import (
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Delete returns the edit that removes a key and its value, with every map around it
// that would be left empty. It returns nil unless they are on lines of their own in a
// block map, or in braces with other keys.
func Delete(c *kratosconf.Config, v *kratosconf.Value) []source.Edit {
	if v == nil || v.Shared || v.Env != "" || v.Unknown() || v.Kind == kratosconf.Map || v.Kind == kratosconf.List || v.Key.File == nil {
		return nil
	}
	gone, maps := v, around(c, v)
	if maps == nil {
		return nil
	}
	for len(maps) > 1 && len(maps[len(maps)-1].Fields()) == 1 {
		gone, maps = maps[len(maps)-1], maps[:len(maps)-1]
		if gone.Shared || gone.Env != "" || gone.Key.File != v.Key.File {
			return nil
		}
	}
	if len(maps[len(maps)-1].Fields()) < 2 {
		return nil // the whole file
	}
	line, whole := lineOf(gone.Key)
	rest, ok := strings.CutPrefix(strings.TrimLeft(line, ` '"`), gone.Key.Text())
	if !ok || !strings.HasPrefix(strings.TrimLeft(rest, `'" `), ":") {
		return nil
	}
	_, last := lineOf(v.Span)
	if gone == v && last != whole || v.Span.File != gone.Key.File {
		return nil
	}
	whole.End = last.End
	return []source.Edit{{Span: whole}}
}

// around returns the maps that contain a value, outermost first, or nil if no map
// of the configuration does.
func around(c *kratosconf.Config, v *kratosconf.Value) []*kratosconf.Value {
	var find func(in *kratosconf.Value) []*kratosconf.Value
	find = func(in *kratosconf.Value) []*kratosconf.Value {
		for _, f := range in.Fields() {
			if f.Value == v {
				return []*kratosconf.Value{in}
			}
			if deeper := find(f.Value); deeper != nil {
				return append([]*kratosconf.Value{in}, deeper...)
			}
		}
		for _, item := range in.Items() {
			if deeper := find(item); deeper != nil {
				return deeper
			}
		}
		return nil
	}
	return find(c.Root)
}

// Append returns the edit that adds a scalar behind the last element of a
// list, in the style of that element.
func Append(list *kratosconf.Value, text string) []source.Edit {
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
		return []source.Edit{{Span: source.Span{File: f, Start: end, End: end}, New: withLineEnds(f, item)}}
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

// lineOf returns the line on which a span starts, and its bytes with the line
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

// InsertMember returns the edit that writes a member, such as `"title": "Name"`,
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
	case gap == "":
		member += ", "
	default:
		member += ","
	}
	return []source.Edit{{Span: source.Span{File: f, Start: at, End: at}, New: gap + member}}
}

// DeleteLine returns the edit that removes a key with a scalar of one line.
func DeleteLine(key source.Span) []source.Edit {
	if key.File == nil {
		return nil
	}
	line, whole := lineOf(key)
	indent := len(line) - len(strings.TrimLeft(line, " "))
	if next := key.File.Line(key.Position().Line + 1); len(next)-len(strings.TrimLeft(next, " ")) > indent && strings.TrimSpace(next) != "" {
		return nil
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(line, ` '"`), key.Text())
	_, value, colon := strings.Cut(rest, ":")
	if value = strings.TrimSpace(value); !ok || !colon || value == "" || strings.ContainsAny(value[:1], "|>&") {
		return nil
	}
	return []source.Edit{{Span: whole}}
}
