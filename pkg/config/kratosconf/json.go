package kratosconf

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// json parses the text with encoding/json, as Kratos does.
func (b *builder) json() error {
	// The errors of a decoder have no offset in the whole text, so the text is
	// checked as a whole first.
	var whole json.RawMessage
	if err := json.Unmarshal(b.mask.data, &whole); err != nil {
		return b.jsonError(err)
	}
	d := json.NewDecoder(bytes.NewReader(b.mask.data))
	d.UseNumber()
	j := &jsonReader{builder: b, decoder: d}
	b.doc.Root = j.value()
	return nil
}

func (b *builder) jsonError(err error) error {
	offset, message := len(b.mask.data), "the text ends unexpectedly"
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && !strings.HasPrefix(syntax.Error(), "unexpected end") {
		offset, message = int(syntax.Offset)-1, syntax.Error()
	}
	return &SyntaxError{Span: source.Span{File: b.file, Start: offset, End: offset}, Message: message}
}

// jsonReader reads a valid JSON text.
type jsonReader struct {
	*builder
	decoder *json.Decoder
}

// next returns the next token and its position.
func (j *jsonReader) next() (json.Token, source.Span) {
	start := int(j.decoder.InputOffset())
	token, _ := j.decoder.Token() // the text was checked
	for strings.IndexByte(" \t\r\n,:", j.mask.data[start]) >= 0 {
		start++
	}
	return token, source.Span{File: j.file, Start: start, End: int(j.decoder.InputOffset())}
}

func (j *jsonReader) value() *Value {
	token, span := j.next()
	switch t := token.(type) {
	case json.Delim:
		span.End = span.Start
		if t == '{' {
			return j.object(span)
		}
		return j.array(span)
	case string:
		return j.scalar(String, t, inner(span, t))
	case json.Number:
		kind := Int
		if _, err := strconv.ParseInt(t.String(), 10, 64); err != nil {
			kind = Float
		}
		return j.scalar(kind, t.String(), span)
	case bool:
		return j.scalar(Bool, strconv.FormatBool(t), span)
	}
	return j.scalar(Null, "", source.Span{File: span.File, Start: span.Start, End: span.Start})
}

func (j *jsonReader) object(span source.Span) *Value {
	v := &Value{Kind: Map, Span: span}
	for j.decoder.More() {
		token, key := j.next()
		name, _ := token.(string)
		value := j.value()
		value.Key = inner(key, name)
		v.set(name, value) // of two equal keys encoding/json takes the later
	}
	j.next() // the closing brace
	return v
}

func (j *jsonReader) array(span source.Span) *Value {
	v := &Value{Kind: List, Span: span}
	for j.decoder.More() {
		v.items = append(v.items, j.value())
	}
	j.next() // the closing bracket
	return v
}

// inner returns the span between the quotes if the text is not escaped.
func inner(span source.Span, text string) source.Span {
	if span.End-span.Start == len(text)+2 {
		span.Start++
		span.End--
		return span
	}
	span.End = span.Start
	return span
}
