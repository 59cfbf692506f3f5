package kratosadmin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A page is several hundred kilobytes of which a build needs two fields an
// identity. The cursor reads those and walks over the rest, which encoding/json
// takes ten times as long for; it accepts exactly what that accepts.

// cursor walks over JSON text in memory.
type cursor struct {
	text []byte
	at   int
}

// errShort says that the text ends within a value: with more of it the walk may
// succeed.
var errShort = errors.New("json text ends within a value")

// maxDepth bounds how deep values nest, as encoding/json does.
const maxDepth = 10_000

func (c *cursor) invalid(want string) error {
	return fmt.Errorf("invalid json: %q where %s has to be", rune(c.text[c.at]), want)
}

// peek answers the next byte that is no white space.
func (c *cursor) peek() (byte, error) {
	for ; c.at < len(c.text); c.at++ {
		switch b := c.text[c.at]; b {
		case ' ', '\t', '\r', '\n':
		default:
			return b, nil
		}
	}
	return 0, errShort
}

// take steps over one byte that has to come next.
func (c *cursor) take(want byte) error {
	b, err := c.peek()
	if err != nil {
		return err
	}
	if b != want {
		return c.invalid(string(rune(want)))
	}
	c.at++
	return nil
}

// object walks over an object and calls each with the cursor before every
// value, which it has to step over. The key is only good for that call.
func (c *cursor) object(each func(key []byte) error) error {
	return c.list('{', '}', func() error {
		key, err := c.bytes()
		if err != nil {
			return err
		}
		if err := c.take(':'); err != nil {
			return err
		}
		return each(key)
	})
}

// list walks over what stands between two brackets, separated by commas.
func (c *cursor) list(first, last byte, each func() error) error {
	if err := c.take(first); err != nil {
		return err
	}
	b, err := c.peek()
	if err != nil {
		return err
	}
	if b == last {
		c.at++
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		b, err := c.peek()
		if err != nil {
			return err
		}
		switch b {
		case last:
			c.at++
			return nil
		case ',':
			c.at++
		default:
			return c.invalid("a comma or the end")
		}
	}
}

// null steps over null, if that comes next.
func (c *cursor) null() (bool, error) {
	b, err := c.peek()
	if err != nil || b != 'n' {
		return false, err
	}
	return true, c.literal("null")
}

// value answers the text of the value that comes next, and steps over it.
func (c *cursor) value() ([]byte, error) {
	if _, err := c.peek(); err != nil {
		return nil, err
	}
	from := c.at
	err := c.skip(maxDepth)
	return c.text[from:c.at], err
}

// skip steps over a value.
func (c *cursor) skip(depth int) error {
	if depth == 0 {
		return errors.New("invalid json: it nests too deep")
	}
	b, err := c.peek()
	if err != nil {
		return err
	}
	switch b {
	case '"':
		_, err := c.quoted()
		return err
	case '{':
		return c.list('{', '}', func() error {
			if _, err := c.quoted(); err != nil {
				return err
			}
			if err := c.take(':'); err != nil {
				return err
			}
			return c.skip(depth - 1)
		})
	case '[':
		return c.list('[', ']', func() error { return c.skip(depth - 1) })
	case 't':
		return c.literal("true")
	case 'f':
		return c.literal("false")
	case 'n':
		return c.literal("null")
	}
	return c.number()
}

func (c *cursor) literal(word string) error {
	rest := c.text[c.at:]
	if n := min(len(rest), len(word)); string(rest[:n]) != word[:n] {
		return c.invalid(word)
	} else if n < len(word) {
		return errShort
	}
	c.at += len(word)
	return nil
}

// number steps over a number. None of a page ends the text.
func (c *cursor) number() error {
	from := c.at
	for ; c.at < len(c.text); c.at++ {
		if b := c.text[c.at]; (b < '0' || b > '9') && strings.IndexByte("+-.eE", b) < 0 {
			break
		}
	}
	if c.at == len(c.text) {
		return errShort
	}
	if c.at == from || !json.Valid(c.text[from:c.at]) {
		c.at = from
		return c.invalid("a value")
	}
	return nil
}

// string reads a string.
func (c *cursor) string() (string, error) {
	b, err := c.bytes()
	return string(b), err
}

// bytes reads a string; most of them are a part of the text as they are.
func (c *cursor) bytes() ([]byte, error) {
	text, err := c.quoted()
	if err != nil {
		return nil, err
	}
	inner := text[1 : len(text)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return inner, nil
	}
	var s string
	err = json.Unmarshal(text, &s)
	return []byte(s), err
}

// quoted answers the text of a string, quotes included, and steps over it.
func (c *cursor) quoted() ([]byte, error) {
	b, err := c.peek()
	if err != nil {
		return nil, err
	}
	if b != '"' {
		return nil, c.invalid("a string")
	}
	escaped := false
	for at := c.at + 1; at < len(c.text); at++ {
		switch b := c.text[at]; {
		case b == '"':
			text := c.text[c.at : at+1]
			if escaped && !json.Valid(text) {
				return nil, c.invalid("a string with valid escapes")
			}
			c.at = at + 1
			return text, nil
		case b == '\\':
			escaped = true
			at++
		case b < ' ':
			c.at = at
			return nil, c.invalid("a character of a string")
		}
	}
	return nil, errShort
}
