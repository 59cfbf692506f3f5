package webauthn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxRelatedDepth is the maximum nesting depth of Chromium's JSON parser.
const maxRelatedDepth = 199

// mediaType returns the media type of a Content-Type header as Chromium parses it:
// the last element of the list that has a slash, up to a space, a tab, a semicolon
// or a parenthesis, in lower case.
func mediaType(header string) string {
	var media string
	quoted := false
	elements := strings.FieldsFunc(header, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ',' && !quoted
	})
	for _, element := range elements {
		element = strings.Trim(element, " \t")
		if element == "*/*" || !strings.Contains(element, "/") {
			continue
		}
		if i := strings.IndexAny(element, " \t;("); i >= 0 {
			element = element[:i]
		}
		media = strings.ToLower(element)
	}
	return media
}

// decodeRelated returns the entries of the member "origins", which are decoded one
// by one later, because browsers ignore those after the first match.
func decodeRelated(doc *Document) ([]json.RawMessage, error) {
	body := bytes.TrimPrefix(doc.Body, []byte("\ufeff"))
	if doc.Status == http.StatusNoContent || doc.Status == http.StatusResetContent {
		body = nil // these never have a body
	}
	if err := checkJSON(body); err != nil {
		return nil, err
	}
	// A map, because struct fields match case-insensitively.
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil || object == nil {
		return nil, errors.New("is not a JSON object")
	}
	raw, ok := object["origins"]
	if !ok {
		return nil, fmt.Errorf("has no member %q", "origins")
	}
	var origins []json.RawMessage
	if err := json.Unmarshal(raw, &origins); err != nil || origins == nil {
		return nil, fmt.Errorf("has a member %q that is not a list", "origins")
	}
	return origins, nil
}

// checkJSON rejects JSON that encoding/json accepts but Chromium does not: deep
// nesting, numbers beyond a double, lone surrogates.
func checkJSON(body []byte) error {
	if hasLoneSurrogate(body) {
		return errors.New("has a string with a lone surrogate")
	}
	depth := 0
	for dec := json.NewDecoder(bytes.NewReader(body)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("is not valid JSON: %w", err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > maxRelatedDepth {
			return fmt.Errorf("is nested more than %d levels deep", maxRelatedDepth)
		}
	}
}

// hasLoneSurrogate reports whether a string contains an escaped surrogate without
// its other half.
func hasLoneSurrogate(body []byte) bool {
	high := false
	for len(body) > 0 {
		if body[0] != '\\' || len(body) < 2 {
			if high {
				return true
			}
			body = body[1:]
			continue
		}
		surrogate := byte(0)
		size := 2
		if body[1] == 'u' && len(body) >= 6 {
			size = 6
			if body[2]|0x20 == 'd' {
				surrogate = body[3] | 0x20
			}
		}
		isHigh := surrogate == '8'|0x20 || surrogate == '9'|0x20 || surrogate == 'a' || surrogate == 'b'
		isLow := surrogate >= 'c' && surrogate <= 'f'
		if high != isLow {
			return true
		}
		high = isHigh
		body = body[size:]
	}
	return high
}
