package bolt

import (
	"bufio"
	"bytes"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"os"
)

// run is a sorted file of handles and the position up to which it was read.
type run struct {
	file *os.File
	r    *bufio.Reader
	next ownerKey
}

func (r *run) advance() (more bool, err error) {
	_, err = io.ReadFull(r.r, r.next[:])
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		// A file truncated by a crash belongs to records that were never stored.
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read %q: %w", r.file.Name(), err)
	}
	return true, nil
}

// openRuns opens the files. The caller must call closeAll, even after an error.
func openRuns(names []string) (runs runHeap, closeAll func(), err error) {
	var files []*os.File
	closeAll = func() {
		for _, f := range files {
			_ = f.Close() // only read
		}
	}
	const buffer = 32 << 10
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return nil, closeAll, err
		}
		files = append(files, f)
		r := &run{file: f, r: bufio.NewReaderSize(f, buffer)}
		more, err := r.advance()
		if err != nil {
			return nil, closeAll, err
		}
		if more {
			runs = append(runs, r)
		}
	}
	heap.Init(&runs)
	return runs, closeAll, nil
}

// runHeap is a min-heap of runs, ordered by their next handles.
type runHeap []*run

// advance skips the smallest handle.
func (h *runHeap) advance() error {
	more, err := (*h)[0].advance()
	switch {
	case err != nil:
		return err
	case more:
		heap.Fix(h, 0)
	default:
		heap.Pop(h)
	}
	return nil
}

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return bytes.Compare(h[i].next[:], h[j].next[:]) < 0 }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *runHeap) Push(v any) { *h = append(*h, v.(*run)) } //nolint:forcetypeassert // only runs are pushed

// Pop implements heap.Interface.
func (h *runHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
