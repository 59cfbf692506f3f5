// Package safetext makes untrusted texts safe to print: URLs without passwords, and no
// characters that control a terminal or a CI system.
package safetext

import (
	"net/url"
	"strings"
)

// URL returns a URL as it may be printed: without a password. A text that is not a
// URL loses everything before its last @.
func URL(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case err == nil && u.User != nil:
		return u.Redacted()
	case err == nil && (u.Host != "" || !strings.Contains(raw, "@")):
		return raw
	}
	if i := strings.LastIndexByte(raw, '@'); i >= 0 {
		return "…" + raw[i:]
	}
	return raw
}
