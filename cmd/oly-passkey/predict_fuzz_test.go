package main

import (
	"bufio"
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzReadQuery: the lines of a batch are those that bytes.Lines cuts, whatever
// the size of the buffer.
func FuzzReadQuery(f *testing.F) {
	f.Add([]byte("{}\n\n{\"page\":\"x\"}"), uint8(0))
	f.Add([]byte("no end"), uint8(200))
	f.Add(bytes.Repeat([]byte("x\n"), 100), uint8(3))
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		in := bufio.NewReaderSize(bytes.NewReader(text), 16+int(size))
		for want := range bytes.Lines(text) {
			got, err := readQuery(in)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got))
		}
		_, err := readQuery(in)
		require.ErrorIs(t, err, io.EOF)
	})
}
