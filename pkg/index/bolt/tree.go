package bolt

import (
	"encoding/binary"

	"go.etcd.io/bbolt"
)

// A page that leads back to one above it lets bbolt go round until memory or
// stack is full, which ends the process. So the pages above the leaves, one in a
// hundred, are looked at before anything else is.

// What stands in a page: its number, its kind and how many others it leads to;
// and the number of each, after position and length of its key.
const (
	pageHead    = 16
	pageBranch  = 1
	pageElement = 16
)

const circle = "a page leads back to one above it"

// checkTrees looks at all trees.
func (f *file) checkTrees(tx *bbolt.Tx) error {
	top := tx.Cursor().Bucket()
	if err := f.checkTree(uint64(top.RootPage())); err != nil {
		return err
	}
	return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error { return f.checkTree(uint64(b.RootPage())) })
}

// checkTree looks at the tree below a page.
func (f *file) checkTree(root uint64) error {
	const inline = 0 // a small tree stands in the leaf of another one
	if root == inline {
		return nil
	}
	branches := map[uint64]bool{}
	var leaves []uint64
	for level := []uint64{root}; len(level) > 0; {
		var next []uint64
		for _, id := range level {
			below := f.below(id)
			switch {
			case len(below) == 0:
				leaves = append(leaves, id)
				continue
			case branches[id]:
				return f.damaged(circle)
			case len(f.below(below[0])) > 0:
				next = append(next, below...)
			default: // all leaves are at the same height
				leaves = append(leaves, below...)
			}
			branches[id] = true
		}
		level = next
	}
	for _, id := range leaves {
		if branches[id] {
			return f.damaged(circle)
		}
	}
	return nil
}

// below answers the pages that a page leads to, none where bbolt would not go on
// from it.
func (f *file) below(id uint64) (pages []uint64) {
	var head [pageHead]byte
	at := int64(id) * int64(f.db.Info().PageSize) //nolint:gosec // there is nothing where that is not in the file
	_, err := f.disk.ReadAt(head[:], at)
	if err != nil || binary.NativeEndian.Uint64(head[:]) != id || binary.NativeEndian.Uint16(head[8:]) != pageBranch {
		return nil
	}
	elements := make([]byte, pageElement*int(binary.NativeEndian.Uint16(head[10:])))
	n, _ := f.disk.ReadAt(elements, at+pageHead) // the file may be cut short
	for elements = elements[:n]; len(elements) >= pageElement; elements = elements[pageElement:] {
		pages = append(pages, binary.NativeEndian.Uint64(elements[8:]))
	}
	return pages
}
