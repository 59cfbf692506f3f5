// Package source holds the texts that were read: their bytes, positions in
// them, and edits to them. It knows nothing of what the texts mean.
package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"unicode/utf8"
)

// MaxSize is the size in bytes up to which a file is read. The largest
// published kratos.yml has a few hundred kilobytes.
const MaxSize = 16 << 20

// File is one text with a name. It does not change.
type File struct {
	Name string // as the user named it
	Data []byte
	// Foreign reports whether the file is outside of the repository that is checked:
	// reports do not quote it, and fixes do not change it.
	Foreign bool

	text  string // Data as a string, so that lines need not be copied
	lines []int  // byte offset of the first byte of each line
	marks []mark // within long lines, in order
}

// mark is a place within a long line whose column is known, so that a position
// is found without counting from the start of the line.
type mark struct{ offset, column int }

// markEvery is the distance of marks in characters.
const markEvery = 1024

// New returns a File with the given content.
func New(name string, data []byte) *File {
	f := &File{Name: name, Data: data, text: string(data), lines: []int{0}}
	for i, c := range data {
		if c == '\n' {
			f.mark(f.lines[len(f.lines)-1], i)
			f.lines = append(f.lines, i+1)
		}
	}
	f.mark(f.lines[len(f.lines)-1], len(data))
	return f
}

// mark sets the marks of a line.
func (f *File) mark(start, end int) {
	if end-start < 2*markEvery {
		return
	}
	column := 0
	for at := start; at < end; column++ {
		if column > 0 && column%markEvery == 0 {
			f.marks = append(f.marks, mark{at, column})
		}
		_, size := utf8.DecodeRune(f.Data[at:end])
		at += size
	}
}

// ErrDirectory is the error for a directory.
var ErrDirectory = errors.New("it is a directory")

// Open reads a file of at most MaxSize bytes, which may be a pipe or a device.
// The error names the file.
func Open(name string) (*File, error) { return open(name, true) }

func open(name string, pipes bool) (*File, error) {
	info, err := os.Stat(name)
	if err == nil {
		err = readable(info, pipes)
	}
	if err != nil {
		return nil, readError(name, err)
	}
	r, err := os.Open(name)
	if err != nil {
		return nil, readError(name, err)
	}
	defer func() { _ = r.Close() }() // only read from
	return Read(name, r)
}

// Read reads at most MaxSize bytes of text under a name.
func Read(name string, r io.Reader) (*File, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, readError(name, err)
	}
	if len(data) > MaxSize {
		return nil, fmt.Errorf("read %q: it has more than %d MiB, which no configuration has", name, MaxSize>>20)
	}
	if i := bytes.IndexByte(data[:min(len(data), 8000)], 0); i >= 0 {
		return nil, fmt.Errorf("read %q: it is no UTF-8 text (byte 0 at offset %d)", name, i)
	}
	return New(name, data), nil
}

func readError(name string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("read %q: %w", name, err)
}

// Position is a place as editors show it: line and column start at 1, and a column
// is one character (rune).
type Position struct{ Line, Column int }

// Position names the place of a byte offset; an offset outside of the file is
// moved to its nearer end, one inside of a character to its start.
func (f *File) Position(offset int) Position {
	offset = max(0, min(offset, len(f.Data)))
	line := sort.SearchInts(f.lines, offset+1) - 1
	for back := 1; back < utf8.UTFMax && offset-back >= f.lines[line]; back++ {
		if _, size := utf8.DecodeRune(f.Data[offset-back:]); size > back {
			offset -= back
			break
		}
	}
	from := mark{offset: f.lines[line]}
	if i := sort.Search(len(f.marks), func(i int) bool { return f.marks[i].offset > offset }); i > 0 && f.marks[i-1].offset > from.offset {
		from = f.marks[i-1]
	}
	return Position{Line: line + 1, Column: from.column + utf8.RuneCount(f.Data[from.offset:offset]) + 1}
}

// Offset returns the byte offset of a line and a column in runes, both from 1 and
// clamped to the file.
func (f *File) Offset(line, column int) int {
	line = max(1, min(line, len(f.lines)))
	offset := f.lines[line-1]
	end := f.lineEnd(line)
	for ; column > 1 && offset < end; column-- {
		_, size := utf8.DecodeRune(f.Data[offset:end])
		offset += size
	}
	return offset
}

// Line returns the text of a line (from 1) without its line break.
func (f *File) Line(line int) string {
	if line < 1 || line > len(f.lines) {
		return ""
	}
	return strings.TrimSuffix(f.text[f.lines[line-1]:f.lineEnd(line)], "\r")
}

// Around returns the line in which the span starts, or the part of a very long line
// around the span, and the number of characters before the span.
func (s Span) Around() (text string, before int) {
	if s.File == nil {
		return "", 0
	}
	f, line := s.File, s.Position().Line
	from, to := f.lines[line-1], f.lineEnd(line)
	at := max(from, min(s.Start, to))
	if to-from > 2*markEvery {
		from, to = max(from, at-markEvery/2), min(to, at+markEvery)
		for from < at && !utf8.RuneStart(f.Data[from]) {
			from++
		}
		for to > at && to < len(f.Data) && !utf8.RuneStart(f.Data[to]) {
			to--
		}
	}
	return strings.TrimSuffix(f.text[from:to], "\r"), utf8.RuneCount(f.Data[from:at])
}

// Lines returns the number of lines in the file.
func (f *File) Lines() int { return len(f.lines) }

// LineStart returns the byte offset at which a line (from 1) starts.
func (f *File) LineStart(line int) int { return f.lines[max(1, min(line, len(f.lines)))-1] }

func (f *File) lineEnd(line int) int {
	if line < len(f.lines) {
		return f.lines[line] - 1
	}
	return len(f.Data)
}
