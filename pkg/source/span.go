package source

import (
	"fmt"
	"slices"
)

// Span is a piece of a file: the bytes from Start up to End. An empty span is
// a mere position.
type Span struct {
	File       *File
	Start, End int
}

// IsZero reports whether the span has no position.
func (s Span) IsZero() bool { return s.File == nil }

// Position names the span's first character, line 1 column 1 for no place.
func (s Span) Position() Position {
	if s.File == nil {
		return Position{Line: 1, Column: 1}
	}
	return s.File.Position(s.Start)
}

// SamePlace reports whether two spans start at the same offset of files of the
// same name, which may have been read twice.
func (s Span) SamePlace(other Span) bool {
	if s.File == nil || other.File == nil {
		return s.File == other.File
	}
	return s.File.Name == other.File.Name && s.Start == other.Start
}

// Text returns the text of the span.
func (s Span) Text() string {
	if s.File == nil {
		return ""
	}
	return s.File.text[s.Start:s.End]
}

// String writes the span's position as file:line:column.
func (s Span) String() string {
	if s.File == nil {
		return ""
	}
	p := s.Position()
	return fmt.Sprintf("%s:%d:%d", s.File.Name, p.Line, p.Column)
}

// Edit replaces the bytes of a span by New. Edits of one file are independent
// changes of the same text.
type Edit struct {
	Span Span
	New  string
}

// Apply returns the file's text after the edits, whose order does not matter. Edits
// of another file and edits that overlap are an error; duplicates are made once.
func Apply(f *File, edits []Edit) ([]byte, error) {
	var out []byte
	done := 0
	for _, e := range inOrder(edits) {
		if e.Span.File != f {
			return nil, fmt.Errorf("edit at %s is not of %q", e.Span, f.Name)
		}
		if e.Span.Start < done || e.Span.End < e.Span.Start || e.Span.End > len(f.Data) {
			return nil, fmt.Errorf("edits overlap at %s", e.Span)
		}
		out = append(out, f.Data[done:e.Span.Start]...)
		out = append(out, e.New...)
		done = e.Span.End
	}
	return append(out, f.Data[done:]...), nil
}

// Rebase returns edits as edits of another file with the same offsets: the whole
// of which a part was read on its own.
func Rebase(f *File, edits []Edit) []Edit {
	edits = slices.Clone(edits)
	for i := range edits {
		edits[i].Span.File = f
	}
	return edits
}

// Before maps an offset in the result of Apply to the offset in the original file.
// Text that an edit wrote maps to the start of the edit, and added lines map to the
// end of the line above.
func Before(f *File, edits []Edit, offset int) int {
	grown := 0
	for _, e := range inOrder(edits) {
		switch start := e.Span.Start + grown; {
		case offset < start:
			return offset - grown
		case offset >= start+len(e.New):
		case e.Span.Start == e.Span.End && e.Span.Start > 0 && f.Data[e.Span.Start-1] == '\n':
			return e.Span.Start - 1
		default:
			return e.Span.Start
		}
		grown += len(e.New) - (e.Span.End - e.Span.Start)
	}
	return offset - grown
}

func inOrder(edits []Edit) []Edit {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int {
		if a.Span.Start != b.Span.Start {
			return a.Span.Start - b.Span.Start
		}
		return a.Span.End - b.Span.End
	})
	return slices.Compact(edits)
}
