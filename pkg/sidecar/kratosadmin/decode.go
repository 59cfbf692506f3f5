package kratosadmin

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// decoding returns the options of all decoders: Kratos returns traits as users sent
// them, including duplicate names and invalid UTF-8.
func decoding() json.Options {
	return json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// decodePage decodes a complete JSON array of identities.
func decodePage(r io.Reader) (all []*Identity, unread []uuid.UUID, err error) {
	options := decoding()
	return decodeArray(r, func(text []byte) (*Identity, uuid.UUID, error) {
		var w wireIdentity
		if err := json.Unmarshal(text, &w, options); err != nil {
			return nil, uuid.Nil, err
		}
		i, err := w.identity()
		if err != nil {
			return nil, uuid.Nil, err
		}
		return i, i.ID, nil
	})
}

// wirePulled is a single identity in the format of the admin API.
type wirePulled struct {
	wireIdentity

	Addresses []struct {
		Verified   bool      `json:"verified"`
		VerifiedAt time.Time `json:"verified_at"`
	} `json:"verifiable_addresses"`
}

// decodeIdentity decodes a single identity. It does not keep skipped members in
// memory.
func decodeIdentity(r io.Reader) (*Identity, error) {
	var w wirePulled
	if err := json.UnmarshalRead(r, &w, decoding()); err != nil {
		return nil, err
	}
	i, err := w.identity()
	if err != nil {
		return nil, err
	}
	for _, a := range w.Addresses {
		if at := a.VerifiedAt; a.Verified && !at.IsZero() && (i.ProvedAt.IsZero() || at.Before(i.ProvedAt)) {
			i.ProvedAt = at
		}
	}
	return i, nil
}

// manyUndecodable is the number of identities from which a page without any decodable
// identity is treated as an unknown format instead of as unreadable identities.
const manyUndecodable = 10

// decodeArray decodes a complete JSON array of identities. A truncated page is an
// error, because identities that are missing from it would count as deleted. one
// decodes an element and returns its ID; the IDs must be ascending. An element that is
// too large, or valid JSON that cannot be decoded, is not an error: its ID is returned
// in unread.
func decodeArray[T any](r io.Reader, one func(text []byte) (T, uuid.UUID, error)) (all []T, unread []uuid.UUID, err error) {
	e := elements{r: bufio.NewReaderSize(r, readSize)}
	last, undecodable := uuid.Nil, 0
	var odd *json.SemanticError
	for {
		text, whole, err := e.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, errTooLarge) && last == uuid.Nil {
			if id, noID := idOf(text); noID == nil {
				return nil, nil, &hugeError{id}
			}
		}
		if err != nil {
			return nil, nil, err
		}
		var value T
		var id uuid.UUID
		if whole {
			value, id, err = one(text)
		}
		undecoded := errors.As(err, &odd)
		switch {
		case undecoded, !whole:
			if id, err = idOf(text); err != nil {
				return nil, nil, err
			}
			unread = append(unread, id)
		case err != nil:
			return nil, nil, err
		default:
			all = append(all, value)
		}
		if undecoded {
			undecodable++
		}
		if bytes.Compare(last[:], id[:]) >= 0 {
			return nil, nil, fmt.Errorf("identities are not sorted by ID: %s after %s", id, last)
		}
		last = id
	}
	if len(all) == 0 && undecodable >= manyUndecodable {
		return nil, nil, fmt.Errorf("none of %d identities can be decoded; the last failed at %q", len(unread), odd.JSONPointer)
	}
	return all, unread, nil
}

// hugeError is errTooLarge for a body whose first identity is too large.
type hugeError struct{ id uuid.UUID }

func (*hugeError) Error() string { return errTooLarge.Error() }

// Unwrap returns errTooLarge.
func (*hugeError) Unwrap() error { return errTooLarge }

// idOf returns the ID of a possibly truncated identity. Kratos writes the ID first.
func idOf(text []byte) (uuid.UUID, error) {
	d := jsontext.NewDecoder(bytes.NewReader(text), decoding())
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return uuid.Nil, errNoID
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return uuid.Nil, errNoID
		}
		if name.String() != "id" {
			if err := d.SkipValue(); err != nil {
				return uuid.Nil, errNoID
			}
			continue
		}
		t, err := d.ReadToken()
		if err != nil || t.Kind() != '"' {
			return uuid.Nil, errNoID
		}
		return parseID(t.String())
	}
	return uuid.Nil, errNoID
}

// errNoID is returned for an identity that can neither be decoded nor identified.
var errNoID = errors.New("kratos returned an identity that cannot be decoded and has no ID")

const (
	readSize = 64 << 10
	// maxDepth is how deep an identity may nest, somewhat less than the decoder
	// takes.
	maxDepth = 9_000
)

// elements splits a JSON array into its elements without decoding them, so that an
// oversized or invalid element does not affect the others.
type elements struct {
	r     *bufio.Reader
	text  []byte // of the last element
	begun bool
}

// next reads the next element. If it is larger than maxIdentity or nested deeper than
// maxDepth, text is only its first part, and whole is false. The error is io.EOF after
// the last element, and io.ErrUnexpectedEOF if the array is truncated.
func (e *elements) next() (text []byte, whole bool, err error) {
	if !e.begun {
		e.begun = true
		first, err := e.skipSpace()
		if err != nil {
			return nil, false, unexpectedEnd(err)
		}
		if first != '[' {
			return nil, false, fmt.Errorf("response is not a JSON array: it starts with %q", rune(first))
		}
		_, _ = e.r.Discard(1) // it was just seen
		switch first, err = e.skipSpace(); {
		case err != nil:
			return nil, false, unexpectedEnd(err)
		case first == ']':
			return nil, false, e.end()
		}
	} else {
		switch b, err := e.r.ReadByte(); { // the character after the last element
		case err != nil:
			return nil, false, unexpectedEnd(err)
		case b == ']':
			_ = e.r.UnreadByte() // it was just read
			return nil, false, e.end()
		case b != ',':
			return nil, false, fmt.Errorf("invalid JSON: %q instead of a comma or the end of the array", rune(b))
		}
	}
	return e.element()
}

// element reads up to the comma or bracket after an element.
func (e *elements) element() (text []byte, whole bool, err error) {
	e.text = e.text[:0]
	var s scan
	for size := 0; ; {
		if _, err := e.r.Peek(1); err != nil {
			return e.text, false, unexpectedEnd(err)
		}
		chunk, _ := e.r.Peek(e.r.Buffered()) // never fails
		n, ended := s.over(chunk)
		size += n
		e.text = append(e.text, chunk[:min(n, maxIdentity-len(e.text))]...)
		_, _ = e.r.Discard(n) // it was just seen
		if ended {
			return e.text, size <= maxIdentity && s.deepest <= maxDepth, nil
		}
	}
}

// scan is the state of a scanner over the text of an element.
type scan struct {
	depth, deepest  int
	quoted, escaped bool
}

// over scans a chunk of text. n is the length of the part that belongs to the element,
// and ended reports whether the element ends there.
func (s *scan) over(text []byte) (n int, ended bool) {
	for n, b := range text {
		switch {
		case s.escaped:
			s.escaped = false
		case b == '"':
			s.quoted = !s.quoted
		case s.quoted:
			s.escaped = b == '\\'
		case b == '{', b == '[':
			s.depth++
			s.deepest = max(s.deepest, s.depth)
		case s.depth == 0 && (b == ',' || b == ']' || b == '}'):
			return n, true
		case b == '}', b == ']':
			s.depth--
		}
	}
	return len(text), false
}

// end reads the bracket that closes the array, and returns io.EOF if nothing
// follows it.
func (e *elements) end() error {
	_, _ = e.r.Discard(1) // it was just seen
	b, err := e.skipSpace()
	if err == nil {
		return fmt.Errorf("unexpected %q after the end of the response", rune(b))
	}
	return err
}

// skipSpace returns the next byte that is not white space, without reading it.
func (e *elements) skipSpace() (byte, error) {
	for {
		b, err := e.r.ReadByte()
		if err != nil {
			return 0, err
		}
		switch b {
		case ' ', '\t', '\r', '\n':
		default:
			return b, e.r.UnreadByte()
		}
	}
}

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
