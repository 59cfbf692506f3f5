package kratosadmin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
)

// decodePage reads a JSON array of identities to its end.
func decodePage(r io.Reader) (identities []*Identity, err error) {
	err = decodeArray(r, func(c *cursor) (uuid.UUID, error) {
		i, err := decodeIdentity(c)
		if err != nil {
			return uuid.Nil, err
		}
		identities = append(identities, i)
		return i.ID, nil
	})
	if err != nil {
		return nil, err
	}
	return identities, nil
}

// decodeIdentity reads what a page shows of one identity.
func decodeIdentity(c *cursor) (*Identity, error) {
	i := &Identity{}
	var id string
	err := c.object(func(key []byte) (err error) {
		switch string(key) {
		case "id":
			id, err = c.string()
		case "created_at":
			i.CreatedAt, err = decodeTime(c)
		case "credentials":
			i.Passkey, i.WebAuthn, err = decodeCredentials(c)
		default:
			err = c.skip(maxDepth)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	i.ID, err = parseID(id)
	return i, err
}

func decodeTime(c *cursor) (t time.Time, err error) {
	text, err := c.value()
	if err == nil {
		err = t.UnmarshalJSON(text)
	}
	return t, err
}

func decodeCredentials(c *cursor) (passkey, webauthn *Credentials, err error) {
	if null, err := c.null(); null || err != nil {
		return nil, nil, err
	}
	err = c.object(func(key []byte) (err error) {
		switch string(key) {
		case "passkey":
			passkey, err = decodeType(c)
		case "webauthn":
			webauthn, err = decodeType(c)
		default:
			err = c.skip(maxDepth)
		}
		return err
	})
	return passkey, webauthn, err
}

// decodeType reads the credentials of one type. Configurations are rare on the
// list, so encoding/json reads them.
func decodeType(c *cursor) (*Credentials, error) {
	if null, err := c.null(); null || err != nil {
		return nil, err
	}
	creds := &Credentials{}
	err := c.object(func(key []byte) error {
		switch string(key) {
		case "identifiers":
			return decodeStrings(c, &creds.Identifiers)
		case "config":
			text, err := c.value()
			if err != nil {
				return err
			}
			creds.Config = nil
			return json.Unmarshal(text, &creds.Config)
		}
		return c.skip(maxDepth)
	})
	return creds, err
}

func decodeStrings(c *cursor, all *[]string) error {
	if null, err := c.null(); null || err != nil {
		return err
	}
	*all = []string{}
	return c.list('[', ']', func() error {
		s, err := c.string()
		*all = append(*all, s)
		return err
	})
}

// decodeArray reads a JSON array to its end: half a page is an error, because
// what is missing from a page counts as deleted. one reads an element and
// answers its id; the ids have to ascend. It starts anew where the text that
// was read so far ends within the element.
func decodeArray(r io.Reader, one func(*cursor) (uuid.UUID, error)) error {
	w := window{r: r}
	first, err := w.peek()
	if err != nil {
		return unexpectedEnd(err)
	}
	if first != '[' {
		return fmt.Errorf("answer is no json array, it starts with %c", first)
	}
	last := uuid.Nil
	err = w.list(func(c *cursor) error {
		id, err := one(c)
		if err != nil {
			return err
		}
		if bytes.Compare(last[:], id[:]) >= 0 {
			return fmt.Errorf("identities are not in the order of their ids: %s after %s", id, last)
		}
		last = id
		return nil
	})
	if err != nil {
		return unexpectedEnd(err)
	}
	if b, err := w.peek(); err == nil {
		return fmt.Errorf("answer goes on after its end with %q", rune(b))
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// window is the part of a JSON text that is in memory.
type window struct {
	cursor

	r io.Reader
}

// peek answers the next byte that is no white space, io.EOF where there is none.
func (w *window) peek() (byte, error) {
	for {
		b, err := w.cursor.peek()
		if !errors.Is(err, errShort) {
			return b, err
		}
		if err := w.more(); err != nil {
			return 0, err
		}
	}
}

// list walks over the array that comes next. each steps over one element; it
// is called again with more of the text where it answers errShort.
func (w *window) list(each func(*cursor) error) error {
	w.at++ // the bracket
	if b, err := w.peek(); err != nil || b == ']' {
		w.at++
		return err
	}
	for {
		from := w.at
		err := each(&w.cursor)
		if errors.Is(err, errShort) {
			w.at = from
			if err := w.more(); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		switch b, err := w.peek(); {
		case err != nil:
			return err
		case b == ']':
			w.at++
			return nil
		case b != ',':
			return w.invalid("a comma or the end")
		}
		w.at++
	}
}

// What a window holds, in bytes: at first, and at least once more at a time.
const (
	windowSize = 128 << 10
	windowRead = 16 << 10
)

// more reads on, io.EOF at the end. What the cursor has passed is forgotten.
func (w *window) more() error {
	if w.text == nil {
		w.text = make([]byte, 0, windowSize)
	}
	rest := copy(w.text, w.text[w.at:])
	w.text, w.at = w.text[:rest], 0
	if rest > maxIdentity {
		return errTooLarge
	}
	if cap(w.text)-rest < windowRead {
		w.text = append(make([]byte, 0, 2*cap(w.text)), w.text...)
	}
	n, err := io.ReadAtLeast(w.r, w.text[rest:cap(w.text)], windowRead)
	w.text = w.text[:rest+n]
	if n > 0 && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)) {
		return nil // the next call finds the end
	}
	return err
}
