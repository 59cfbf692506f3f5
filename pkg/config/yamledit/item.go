package yamledit

import (
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// ItemLines returns the text of a list's element as lines of a block list, starting
// at the dash. It returns nil if the element has or contains an anchor or comes
// from the environment.
func ItemLines(item *kratosconf.Value) []string {
	if item == nil || item.Shared || item.Env != "" || item.Span.File == nil {
		return nil
	}
	if text, span := flowText(item); text != "" && !strings.Contains(span.Text(), "&") {
		return []string{"- " + text}
	}
	whole, dash := blockItem(item)
	if dash < 0 {
		return nil
	}
	var lines []string
	for line := range strings.Lines(whole.Text()) {
		line = strings.TrimRight(line, "\r\n")
		if strings.Contains(line, ": &") || strings.Contains(line, "- &") {
			return nil
		}
		lines = append(lines, strings.TrimPrefix(line, strings.Repeat(" ", dash)))
	}
	return lines
}

// flowText returns the text of a map in braces that is on one line.
func flowText(v *kratosconf.Value) (string, source.Span) {
	line, whole := lineOf(v.Span)
	text := line[min(v.Span.Start-whole.Start, len(line)):]
	if !strings.HasPrefix(text, "{") {
		return "", source.Span{}
	}
	depth, quote := 0, byte(0)
	for i := range len(text) {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return text[:i+1], source.Span{File: v.Span.File, Start: v.Span.Start, End: v.Span.Start + i + 1}
			}
		}
	}
	return "", source.Span{}
}

// blockItem returns the lines of an element of a block list and the column of
// its dash, -1 when it is none.
func blockItem(item *kratosconf.Value) (source.Span, int) {
	f := item.Span.File
	line, whole := lineOf(item.Span)
	dash := len(line) - len(strings.TrimLeft(line, " "))
	if !strings.HasPrefix(line[dash:], "- ") {
		return source.Span{}, -1
	}
	for n := item.Span.Position().Line + 1; n <= f.Lines(); n++ {
		next := f.Line(n)
		indent := len(next) - len(strings.TrimLeft(next, " "))
		bare := strings.TrimSpace(next)
		if bare != "" && indent <= dash {
			break
		}
		if bare != "" && bare[0] != '#' {
			whole.End = len(f.Data)
			if n < f.Lines() {
				whole.End = f.LineStart(n + 1)
			}
		}
	}
	return whole, dash
}

// DeleteItem returns the edit that removes one element of a list, when others
// stay.
func DeleteItem(list, item *kratosconf.Value) []source.Edit {
	items := list.Items()
	at := slices.Index(items, item)
	if len(items) < 2 || at < 0 || list.Shared || item.Shared || item.Env != "" || item.Span.File == nil {
		return nil
	}
	if whole, dash := blockItem(item); dash >= 0 {
		return []source.Edit{{Span: whole}}
	}
	own, ok := flowItem(item)
	if !ok {
		return nil
	}
	if at > 0 {
		before, ok := flowItem(items[at-1])
		own.Start = before.End
		return removal(own, ok && before.File == own.File && sameLine(before, own))
	}
	after, ok := flowItem(items[1])
	own.End = after.Start
	return removal(own, ok && after.File == own.File && sameLine(after, own))
}

func removal(span source.Span, ok bool) []source.Edit {
	if !ok {
		return nil
	}
	return []source.Edit{{Span: span}}
}

// flowItem is the text of an element of a list in brackets, quotes included. Of
// one that the environment sets it is what the file has.
func flowItem(v *kratosconf.Value) (source.Span, bool) {
	if v.Env != "" && v.Overrode != nil {
		v = v.Overrode
	}
	if v.Is(kratosconf.Map) {
		_, span := flowText(v)
		return span, span.File != nil
	}
	span := v.Span
	if v.Env != "" || span.End <= span.Start {
		return span, false
	}
	data := span.File.Data
	if c := data[max(span.Start-1, 0)]; (c == '"' || c == '\'') && span.End < len(data) && data[span.End] == c {
		span.Start--
		span.End++
	}
	return span, true
}

// DeleteList returns the edit that removes a key with a block list of one
// element.
func DeleteList(list *kratosconf.Value) []source.Edit {
	items := list.Items()
	if len(items) != 1 || list.Shared || list.Key.File == nil || items[0].Span.File == nil {
		return nil
	}
	whole, dash := blockItem(items[0])
	line, key := lineOf(list.Key)
	if dash < 0 || strings.TrimSpace(line) != list.Key.Text()+":" {
		return nil
	}
	key.End = whole.End
	return []source.Edit{{Span: key}}
}

// AppendLines returns the edit that adds elements, as ItemLines gives them,
// behind the last one of a list, in the style of that list.
func AppendLines(list *kratosconf.Value, lines []string) []source.Edit {
	items := list.Items()
	if len(items) == 0 || len(lines) == 0 || list.Shared {
		return nil
	}
	last := items[len(items)-1]
	if last.Shared || last.Env != "" || last.Span.File == nil {
		return nil
	}
	f := last.Span.File
	if whole, dash := blockItem(last); dash >= 0 {
		var b strings.Builder
		if !strings.HasSuffix(whole.Text(), "\n") {
			b.WriteString("\n")
		}
		for _, line := range lines {
			b.WriteString(strings.Repeat(" ", dash) + line + "\n")
		}
		return []source.Edit{{Span: source.Span{File: f, Start: whole.End, End: whole.End}, New: withLineEnds(f, b.String())}}
	}
	item, ok := strings.CutPrefix(lines[0], "- ")
	if _, span := flowText(last); ok && len(lines) == 1 && span.File != nil {
		if item[0] != '{' {
			item = "{" + item + "}"
		}
		return []source.Edit{{Span: source.Span{File: f, Start: span.End, End: span.End}, New: ", " + item}}
	}
	return nil
}

// CopyItems returns the edit that adds copies of elements to a list at a path,
// which is created if it is missing.
func CopyItems(c *kratosconf.Config, path string, items ...*kratosconf.Value) []source.Edit {
	var lines []string
	for _, item := range items {
		own := ItemLines(item)
		if own == nil {
			return nil
		}
		lines = append(lines, own...)
	}
	if list := c.Get(path); list != nil {
		return AppendLines(list, lines)
	}
	return Insert(c, path, lines...)
}
