package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

func TestPositionAndOffsetAreInverse(t *testing.T) {
	f := source.New("x.yml", []byte("a: ü1\r\nb\n\nlast"))
	for _, c := range []struct {
		offset       int
		line, column int
	}{
		{0, 1, 1}, {3, 1, 4}, {5, 1, 5}, {8, 2, 1}, {9, 2, 2}, {10, 3, 1}, {11, 4, 1}, {15, 4, 5},
	} {
		require.Equal(t, source.Position{Line: c.line, Column: c.column}, f.Position(c.offset), c.offset)
		require.Equal(t, c.offset, f.Offset(c.line, c.column))
	}
	require.Equal(t, source.Position{Line: 4, Column: 5}, f.Position(99), "beyond the end")
	require.Equal(t, source.Position{Line: 1, Column: 1}, f.Position(-1), "before the start")
	require.Equal(t, 15, f.Offset(99, 99))
	require.Equal(t, "a: ü1", f.Line(1))
	require.Empty(t, f.Line(5))
	require.Equal(t, 4, f.Lines())
}

func TestApply(t *testing.T) {
	f := source.New("x", []byte("one two three"))
	edit := func(start, end int, text string) source.Edit {
		return source.Edit{Span: source.Span{File: f, Start: start, End: end}, New: text}
	}
	out, err := source.Apply(f, []source.Edit{edit(8, 13, "3"), edit(0, 3, "1"), edit(0, 3, "1"), edit(4, 4, "and ")})
	require.NoError(t, err)
	require.Equal(t, "1 and two 3", string(out))

	_, err = source.Apply(f, []source.Edit{edit(0, 5, "1"), edit(4, 6, "2")})
	require.EqualError(t, err, "edits overlap at x:1:5")
	_, err = source.Apply(source.New("y", nil), []source.Edit{edit(0, 5, "1")})
	require.EqualError(t, err, `edit at x:1:1 is not of "y"`)
}

func TestBefore(t *testing.T) {
	f := source.New("a", []byte("one\ntwo\nthree\n"))
	edit := func(start, end int, text string) source.Edit {
		return source.Edit{Span: source.Span{File: f, Start: start, End: end}, New: text}
	}
	edits := []source.Edit{edit(8, 13, "3"), edit(4, 4, "new\nlines\n"), edit(0, 1, "O"), edit(8, 13, "3")}
	after, err := source.Apply(f, edits)
	require.NoError(t, err)
	require.Equal(t, "One\nnew\nlines\ntwo\n3\n", string(after))
	for _, c := range []struct {
		now  string
		want int
	}{
		{"One", 0}, {"ne", 1}, {"new", 3}, {"lines", 3}, {"two", 4}, {"wo", 5}, {"3", 8},
	} {
		require.Equal(t, c.want, source.Before(f, edits, strings.Index(string(after), c.now)), c.now)
	}
	require.Equal(t, len(f.Data), source.Before(f, edits, len(after)))
	require.Equal(t, 7, source.Before(f, nil, 7))
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	_, err := source.Open(dir)
	require.EqualError(t, err, `read "`+dir+`": it is a directory`)

	missing := filepath.Join(dir, "missing.yml")
	_, err = source.Open(missing)
	require.EqualError(t, err, `read "`+missing+`": no such file or directory`)

	binary := filepath.Join(dir, "binary")
	require.NoError(t, os.WriteFile(binary, []byte("ab\x00"), 0o600))
	_, err = source.Open(binary)
	require.EqualError(t, err, `read "`+binary+`": it is no UTF-8 text (byte 0 at offset 2)`)

	_, err = source.Read("-", strings.NewReader(strings.Repeat("x", source.MaxSize+1)))
	require.EqualError(t, err, `read "-": it has more than 16 MiB, which no configuration has`)
}

// FuzzPosition: a position lies inside of the file, and leads back to itself.
func FuzzPosition(f *testing.F) {
	f.Add("a: ü1\r\nb\n\nlast", 5)
	f.Add("\xff\xfe\n", 1)
	f.Fuzz(func(t *testing.T, text string, offset int) {
		file := source.New("x", []byte(text))
		p := file.Position(offset)
		require.GreaterOrEqual(t, p.Line, 1)
		require.LessOrEqual(t, p.Line, file.Lines())
		require.GreaterOrEqual(t, p.Column, 1)
		require.Equal(t, p, file.Position(file.Offset(p.Line, p.Column)))
	})
}

// FuzzBefore: every byte that no edit wrote is at the offset that Before returns.
func FuzzBefore(f *testing.F) {
	f.Add([]byte("one\ntwo\nthree\n"), uint8(4), uint8(4), "new\n", uint8(8), uint8(13), "3")
	f.Add([]byte("abc"), uint8(0), uint8(0), "x", uint8(3), uint8(3), "\ny")
	f.Fuzz(func(t *testing.T, data []byte, start1, end1 uint8, new1 string, start2, end2 uint8, new2 string) {
		file := source.New("a", data)
		edits := []source.Edit{
			{Span: source.Span{File: file, Start: int(start1), End: int(end1)}, New: new1},
			{Span: source.Span{File: file, Start: int(start2), End: int(end2)}, New: new2},
		}
		after, err := source.Apply(file, edits)
		if err != nil {
			return
		}
		written := 0
		for at := range after {
			before := source.Before(file, edits, at)
			require.GreaterOrEqual(t, before, 0)
			require.LessOrEqual(t, before, len(data))
			if before == len(data) || data[before] != after[at] {
				written++
			}
		}
		require.LessOrEqual(t, written, len(new1)+len(new2))
		require.Equal(t, len(data), source.Before(file, edits, len(after)))
	})
}
