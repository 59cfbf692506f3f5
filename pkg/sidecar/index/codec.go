package index

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/userhandle"
)

// recordVersion is the first byte of an encoded identity. Version 1 has no
// extensions; a program that reads no other cannot change records of this one.
const recordVersion = 2

// digestLen is the length of an encoded digest in bytes.
const digestLen = len(userhandle.Digest{})

// Encode writes the record without its id, which is its key in every store:
// version, three times, then the handles and the credentials, each list with
// its length in front, then extensions, each with its number and its length in
// front. Integers are unsigned varints, times are Unix microseconds.
//
// A field that a later version adds is an extension with a number that was never
// used before. A program that does not know it keeps it as it is.
func (i *Identity) Encode() []byte {
	b := make([]byte, 0, 32+len(i.Handles)*(digestLen+8)+len(i.Credentials)*(2*digestLen+2))
	b = append(b, recordVersion)
	for _, t := range []time.Time{i.SeenAt, i.PulledAt, i.DeletedAt} {
		b = appendTime(b, t)
	}
	b = binary.AppendUvarint(b, uint64(len(i.Handles)))
	for _, h := range i.Handles {
		b = append(b, h.Digest[:]...)
		b = append(b, byte(h.Kind), byte(h.State), boolByte(h.Pulled))
		b = appendTime(b, h.FirstSeen)
	}
	b = binary.AppendUvarint(b, uint64(len(i.Credentials)))
	for _, c := range i.Credentials {
		b = append(b, c.Digest[:]...)
		b = append(b, byte(c.Kind), boolByte(c.Live))
		b = append(b, c.Handle[:]...)
		b = appendTime(b, c.UsedAt)
	}
	return append(b, i.extensions...)
}

// Current reports whether an encoded record has the version that Encode writes.
func Current(record []byte) bool { return len(record) > 0 && record[0] == recordVersion }

// Decode reads what Encode wrote. Any other bytes are an error, never a panic.
func Decode(id uuid.UUID, b []byte) (*Identity, error) {
	r := reader{b: b}
	v := r.byte()
	if !r.short && v != recordVersion && v != 1 {
		return nil, fmt.Errorf("index record has version %d; this program reads versions 1 to %d", v, recordVersion)
	}
	// Most identities have one passkey; their record is a single allocation.
	most := &struct {
		identity    Identity
		handles     [1]Handle
		credentials [1]Credential
	}{}
	i := &most.identity
	i.ID, i.SeenAt, i.PulledAt, i.DeletedAt = id, r.time(), r.time(), r.time()
	for n := range r.count(digestLen + 4) {
		if n == 0 {
			i.Handles = most.handles[:0]
		}
		h := Handle{Digest: r.digest(), Kind: Kind(r.byte()), State: State(r.byte()), Pulled: r.byte() == 1, FirstSeen: r.time()}
		if !r.short && (h.Kind.String() == "" || h.State.String() == "") {
			return nil, fmt.Errorf("index record has a handle of kind %d and state %d", h.Kind, h.State)
		}
		i.Handles = append(i.Handles, h)
	}
	for n := range r.count(2*digestLen + 3) {
		if n == 0 {
			i.Credentials = most.credentials[:0]
		}
		c := Credential{Digest: r.digest(), Kind: Kind(r.byte()), Live: r.byte() == 1, Handle: r.digest(), UsedAt: r.time()}
		if !r.short && c.Kind.String() == "" {
			return nil, fmt.Errorf("index record has a credential of kind %d", c.Kind)
		}
		i.Credentials = append(i.Credentials, c)
	}
	if v == recordVersion && len(r.b) > 0 {
		i.extensions = bytes.Clone(r.b)
		for len(r.b) > 0 && !r.short {
			r.uvarint() // its number
			r.take(r.count(1))
		}
	}
	if err := r.end("record"); err != nil {
		return nil, err
	}
	return i, nil
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendUvarint(b, 0)
	}
	return binary.AppendUvarint(b, uint64(max(t.UnixMicro(), 1)))
}

func boolByte(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// reader decodes the fields of a record and records what is wrong with it. It does not
// create errors itself, which would make the record escape to the heap on lookups.
type reader struct {
	b     []byte
	short bool   // the record ended before its fields
	late  uint64 // set if a timestamp is out of range
}

func (r *reader) take(n int) []byte {
	if r.short || len(r.b) < n {
		r.short = true
		return make([]byte, n)
	}
	head := r.b[:n]
	r.b = r.b[n:]
	return head
}

// end returns an error if a field was invalid or bytes are left over.
func (r *reader) end(what string) error {
	switch {
	case r.late > 0:
		return fmt.Errorf("index %s contains an invalid time (%d µs since 1970)", what, r.late)
	case r.short:
		return fmt.Errorf("index %s is truncated", what)
	case len(r.b) > 0:
		return fmt.Errorf("index %s has %d trailing bytes", what, len(r.b))
	}
	return nil
}

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) digest() userhandle.Digest { return userhandle.Digest(r.take(digestLen)) }

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if r.short || n <= 0 {
		r.short = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads the length of a list whose elements take at least size bytes.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.b)/size) { //nolint:gosec // a length is never negative
		r.short = true
		return 0
	}
	return int(n) //nolint:gosec // bounded by the record's own length
}

func (r *reader) time() time.Time {
	s := r.uvarint()
	const year9999 = 253402300799 * 1e6
	if s > year9999 {
		r.late = s
	}
	if s == 0 || r.late > 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(s)).UTC() //nolint:gosec // bounded above
}
