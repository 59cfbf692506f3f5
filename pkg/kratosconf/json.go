package kratosconf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// maxDepth bounds nested JSON; encoding/json itself allows 10,000 levels.
const maxDepth = 10000

// json reads the text as encoding/json does, which is what Kratos uses.
func (b *builder) json() error {
	d := json.NewDecoder(bytes.NewReader(b.mask.data))
	d.UseNumber()
	j := &jsonReader{builder: b, decoder: d}
	root, err := j.value(0)
	if err == nil {
		b.doc.Root = root
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("there is text after the value")
		}
	}
	offset := int(d.InputOffset())
	var syntax *json.SyntaxError
	message := err.Error()
	switch {
	case errors.As(err, &syntax):
		offset = max(0, int(syntax.Offset)-1)
		for offset < len(b.mask.data)-1 && strings.IndexByte(" \t\r\n", b.mask.data[offset]) >= 0 {
			offset++
		}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		offset, message = len(b.mask.data), "the text ends too early"
	}
	offset = min(offset, len(b.mask.data))
	return &SyntaxError{Span: source.Span{File: b.file, Start: offset, End: offset}, Message: message}
}

type jsonReader struct {
	*builder
	decoder *json.Decoder
}

// next reads one token and says where it stands.
func (j *jsonReader) next() (json.Token, source.Span, error) {
	start := int(j.decoder.InputOffset())
	token, err := j.decoder.Token()
	if err != nil {
		return nil, source.Span{}, err
	}
	for start < len(j.mask.data) && strings.IndexByte(" \t\r\n,:", j.mask.data[start]) >= 0 {
		start++
	}
	return token, source.Span{File: j.file, Start: start, End: int(j.decoder.InputOffset())}, nil
}

func (j *jsonReader) value(depth int) (*Value, error) {
	token, span, err := j.next()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("more than %d levels", maxDepth)
	}
	switch t := token.(type) {
	case json.Delim:
		span.End = span.Start
		if t == '{' {
			return j.object(span, depth)
		}
		return j.array(span, depth)
	case string:
		return j.scalar(String, t, inner(span, t)), nil
	case json.Number:
		kind := Int
		if _, err := strconv.ParseInt(t.String(), 10, 64); err != nil {
			kind = Float
		}
		return j.scalar(kind, t.String(), span), nil
	case bool:
		return j.scalar(Bool, strconv.FormatBool(t), span), nil
	}
	return j.scalar(Null, "", source.Span{File: span.File, Start: span.Start, End: span.Start}), nil
}

func (j *jsonReader) object(span source.Span, depth int) (*Value, error) {
	v := &Value{Kind: Map, Span: span}
	for j.decoder.More() {
		token, key, err := j.next()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, errors.New("a key of an object is a string")
		}
		value, err := j.value(depth + 1)
		if err != nil {
			return nil, err
		}
		value.Key = inner(key, name)
		v.set(name, value) // of two equal keys encoding/json takes the later
	}
	_, err := j.decoder.Token()
	return v, err
}

func (j *jsonReader) array(span source.Span, depth int) (*Value, error) {
	v := &Value{Kind: List, Span: span}
	for j.decoder.More() {
		item, err := j.value(depth + 1)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, item)
	}
	_, err := j.decoder.Token()
	return v, err
}

// inner is the span between the quotes when the text stands there as it is.
func inner(span source.Span, text string) source.Span {
	if span.End-span.Start == len(text)+2 {
		span.Start++
		span.End--
		return span
	}
	span.End = span.Start
	return span
}
