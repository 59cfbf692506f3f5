package explain

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// flatten converts JSON, including logs of JSON lines, into searchable text: one
// line "name value" per member. Other text is returned unchanged.
func flatten(text string) string {
	var b strings.Builder
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	if v, ok := parseJSON([]byte(text)); ok {
		write(&b, "", v, 0)
		return b.String()
	}
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if v, ok := parseJSON(line); ok {
			write(&b, "", v, 0)
			continue
		}
		_, _ = b.Write(line)
		b.WriteByte('\n')
	}
	return b.String()
}

func parseJSON(text []byte) (any, bool) {
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return nil, false
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	err := dec.Decode(&v)
	return v, err == nil && !dec.More()
}

// maxDepth limits the nesting of JSON; deeper values are ignored.
const maxDepth = 32

func write(b *strings.Builder, name string, v any, depth int) {
	if depth > maxDepth {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			write(b, key, v[key], depth+1)
		}
	case []any:
		for _, item := range v {
			write(b, name, item, depth+1)
		}
	case string:
		// A flow or an error is often embedded as a string in another value.
		if inner, ok := parseJSON([]byte(v)); ok {
			write(b, name, inner, depth+1)
			return
		}
		_, _ = fmt.Fprintf(b, "%s %s\n", name, v)
	default:
		_, _ = fmt.Fprintf(b, "%s %v\n", name, v)
	}
}
