package bolt

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"golang.org/x/exp/mmap"

	"github.com/olympusoss/oly-passkey/pkg/index"
	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// A table is a file with a copy of its owner's record for every handle, in the
// order of the handles' digests. Digests are evenly spread, so that the front of
// one tells about where its copies are: the file begins with the offset of the
// first copy of each place, which is 8 bytes, and ends with the copies.
type table struct {
	file   *mmap.ReaderAt
	path   string
	places uint64
}

// A copy is the record's length, the front of the handle's digest, the owner's
// id, and the record.
const (
	frontLen  = 8
	offsetLen = 8
	copyHead  = 4 + frontLen + len(uuid.UUID{})
)

// maxCopy bounds the records that are copied, in bytes: somebody with a thousand
// passkeys has a thousand copies of a record with a thousand handles. In the place
// of a longer one stands nothing that could be decoded, and the trees are asked.
const maxCopy = 4 << 10

// frontOf is the front of a digest.
func frontOf(digest []byte) uint64 { return binary.BigEndian.Uint64(digest) }

// placeOf is where a digest with that front belongs, of so many places.
func placeOf(front, places uint64) uint64 {
	place, _ := bits.Mul64(front, places)
	return place
}

// maxPlace bounds the copies of one place, in bytes. There are a few of them.
const maxPlace = 64 << 10

var errTable = errors.New("look-up table is damaged")

// owners answers what Store.Owners does.
func (t *table) owners(handle userhandle.Digest) (owners []*index.Identity, err error) {
	front := frontOf(handle[:])
	var bounds [2 * offsetLen]byte
	if _, err := t.file.ReadAt(bounds[:], int64(placeOf(front, t.places)*offsetLen)); err != nil { //nolint:gosec // less than the file's size
		return nil, err
	}
	from, to := binary.LittleEndian.Uint64(bounds[:]), binary.LittleEndian.Uint64(bounds[offsetLen:])
	if to-from > maxPlace { // also where it would end before it begins
		return nil, errTable
	}
	var few [1024]byte
	copies := few[:]
	if to-from > uint64(len(few)) {
		copies = make([]byte, to-from)
	}
	copies = copies[:to-from]
	if _, err := t.file.ReadAt(copies, int64(from)); err != nil { //nolint:gosec // as above
		return nil, err
	}
	for len(copies) > 0 {
		if len(copies) < copyHead || len(copies)-copyHead < int(binary.LittleEndian.Uint32(copies)) {
			return nil, errTable
		}
		head, record := copies[:copyHead], copies[copyHead:][:binary.LittleEndian.Uint32(copies)]
		copies = copies[len(head)+len(record):]
		if frontOf(head[4:]) != front {
			continue
		}
		owner, err := decode(uuid.UUID(head[4+frontLen:]), record)
		if err != nil {
			return nil, err
		}
		if has(owner, handle) {
			owners = append(owners, owner)
		}
	}
	return owners, nil
}

func (t *table) close() error {
	if t == nil {
		return nil
	}
	err := t.file.Close()
	// It is gone already, except where a mapped file cannot be removed.
	if gone := os.Remove(t.path); !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// tableFiles are the tables in a data directory.
const tableFiles = "lookup-*.tmp"

// tableWriter writes a table from its front to its end.
type tableWriter struct {
	file            *os.File
	offsets, copies *bufio.Writer
	places          uint64
	place           uint64 // the next one without an offset
	end             uint64 // of the copies so far
}

// newTableWriter makes the file of a table with about so many copies.
func newTableWriter(dir string, about int) (*tableWriter, error) {
	f, err := os.CreateTemp(dir, tableFiles)
	if err != nil {
		return nil, err
	}
	w := &tableWriter{file: f, places: uint64(max(about, 1))}
	w.end = (w.places + 1) * offsetLen
	const buffer = 256 << 10
	w.offsets = bufio.NewWriterSize(io.NewOffsetWriter(f, 0), buffer)
	w.copies = bufio.NewWriterSize(io.NewOffsetWriter(f, int64(w.end)), buffer) //nolint:gosec // as above
	return w, nil
}

// put adds the next copy.
func (w *tableWriter) put(key ownerKey, record []byte) error {
	w.startUntil(placeOf(frontOf(key[:]), w.places))
	if len(record) > maxCopy {
		record = nil
	}
	var head [copyHead]byte
	binary.LittleEndian.PutUint32(head[:], uint32(len(record))) //nolint:gosec // a record is smaller than a file
	copy(head[4:], key[:frontLen])
	copy(head[4+frontLen:], key[len(userhandle.Digest{}):])
	w.end += uint64(len(head) + len(record))
	_, _ = w.copies.Write(head[:]) // what failed fails again
	_, err := w.copies.Write(record)
	return err
}

// startUntil lets every place up to that one start here that has not yet. What
// fails does so again in finish, and before that where the copies are written.
func (w *tableWriter) startUntil(place uint64) {
	var offset [offsetLen]byte
	binary.LittleEndian.PutUint64(offset[:], w.end)
	for ; w.place <= place; w.place++ {
		_, _ = w.offsets.Write(offset[:])
	}
}

// finish answers the table, whose file vanishes with the process.
func (w *tableWriter) finish() (t *table, err error) {
	w.startUntil(w.places) // which is one more: the end of the last one
	path := w.file.Name()
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %q: %w", path, errors.Join(err, os.Remove(path)))
		}
	}()
	if err := errors.Join(w.offsets.Flush(), w.copies.Flush(), w.file.Close()); err != nil {
		return nil, err
	}
	if t, err = openTable(path, w.places); err != nil {
		return nil, err
	}
	_ = os.Remove(path) // where it cannot be, close does
	return t, nil
}

func openTable(path string, places uint64) (*table, error) {
	file, err := mmap.Open(path)
	if err != nil {
		return nil, err
	}
	return &table{file: file, path: path, places: places}, nil
}

// abandon gives up what was written.
func (w *tableWriter) abandon() error {
	return errors.Join(w.file.Close(), os.Remove(w.file.Name()))
}

// removeTables removes what a killed process has left behind.
func removeTables(dir string) {
	names, _ := filepath.Glob(filepath.Join(dir, tableFiles)) // the pattern is a good one
	for _, name := range names {
		_ = os.Remove(name) // it is not in the way, and its name is not used again
	}
}
