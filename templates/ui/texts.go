package ui

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// texts maps a language to its texts by key. English is complete; other languages
// fall back to it.
type texts map[string]map[string]string

const fallbackLanguage = "en"

func readTexts(files embed.FS) (texts, error) {
	entries, err := files.ReadDir("texts")
	if err != nil {
		return nil, err
	}
	all := texts{}
	for _, entry := range entries {
		body, err := files.ReadFile(path.Join("texts", entry.Name()))
		if err != nil {
			return nil, err
		}
		var one map[string]string
		if err := json.Unmarshal(body, &one); err != nil {
			return nil, fmt.Errorf("texts/%s: %w", entry.Name(), err)
		}
		all[strings.TrimSuffix(entry.Name(), ".json")] = one
	}
	return all, nil
}

// language returns the first language of an Accept-Language header that has texts
// (RFC 9110 §12.5.4). It ignores weights: browsers sort the header by them.
func (t texts) language(accept string) string {
	for part := range strings.SplitSeq(accept, ",") {
		tag, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if _, ok := t[primary]; ok && strings.ReplaceAll(weight, " ", "") != "q=0" {
			return primary
		}
	}
	return fallbackLanguage
}

// speaker looks up texts in one language.
type speaker struct {
	lang string
	all  texts
}

// lookup returns the text of the first key that has one.
func (s speaker) lookup(keys ...string) (string, bool) {
	for _, lang := range []string{s.lang, fallbackLanguage} {
		for _, key := range keys {
			if text, ok := s.all[lang][key]; ok {
				return text, true
			}
		}
	}
	return "", false
}

// say returns a text, or the key if there is none; pairs replace "{name}" in it.
func (s speaker) say(key string, pairs ...string) string {
	text, ok := s.lookup(key)
	if !ok {
		return key
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+pairs[i]+"}", pairs[i+1])
	}
	return text
}

// message translates a message of Kratos: by one of keys, by its id and text
// (labels from an identity schema share one id), or by its id. Without a
// translation it returns Kratos' own text.
func (s speaker) message(m *Message, keys ...string) string {
	if m == nil {
		return ""
	}
	id := "kratos." + strconv.FormatInt(m.ID, 10)
	text, ok := s.lookup(append(keys, id+"."+m.Text, id)...)
	if !ok {
		return m.Text
	}
	for name, value := range m.Context {
		text = strings.ReplaceAll(text, "{"+name+"}", fmt.Sprint(value))
	}
	return text
}
