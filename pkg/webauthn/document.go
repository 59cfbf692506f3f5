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

// maxRelatedDepth is how deep Chromium's JSON reader nests.
const maxRelatedDepth = 199

// mediaType is the media type of a Content-Type header as Chromium reads it:
// the last element of a list that has a slash, up to a blank, a semicolon or a
// parenthesis, in lower case.
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

// decodeRelated reads the member "origins". Its entries are decoded later, one
// by one, because a browser never looks at what comes after the first match.
func decodeRelated(doc *Document) ([]json.RawMessage, error) {
	body := bytes.TrimPrefix(doc.Body, []byte("\ufeff"))
	if doc.Status == http.StatusNoContent || doc.Status == http.StatusResetContent {
		body = nil // these have no body, whatever follows the header
	}
	if err := checkJSON(body); err != nil {
		return nil, err
	}
	// A map, because the names of struct fields match in any letter case.
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil || object == nil {
		return nil, errors.New("is no JSON object")
	}
	raw, ok := object["origins"]
	if !ok {
		return nil, fmt.Errorf("has no member %q", "origins")
	}
	var origins []json.RawMessage
	if err := json.Unmarshal(raw, &origins); err != nil || origins == nil {
		return nil, fmt.Errorf("has a member %q that is no list", "origins")
	}
	return origins, nil
}

// checkJSON refuses what Chromium's reader refuses and encoding/json takes: deep
// nesting, numbers beyond a double, lone surrogates.
func checkJSON(body []byte) error {
	if hasLoneSurrogate(body) {
		return errors.New("has a string with half a surrogate pair")
	}
	depth := 0
	for dec := json.NewDecoder(bytes.NewReader(body)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("is no JSON: %w", err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > maxRelatedDepth {
			return fmt.Errorf("nests deeper than %d levels", maxRelatedDepth)
		}
	}
}

// hasLoneSurrogate finds a \ud800 to \udbff that no \udc00 to \udfff follows,
// or one of those by itself.
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
