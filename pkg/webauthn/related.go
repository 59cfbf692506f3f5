package webauthn

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Document is what https://<rp.id>/.well-known/webauthn answers once redirects
// are followed (WebAuthn §5.11).
type Document struct {
	Status      int    // HTTP status
	ContentType string // the header as it stands, parameters included
	Body        []byte
}

// Chromium's bounds on the document.
const (
	maxRelatedLabels = 5       // WebAuthn §5.11.1 step 4 asks for at least five
	maxRelatedBytes  = 1 << 18 // a larger body counts as a failed fetch
)

// relatedOrigins decides what happens to an rp.id that is no suffix of the
// page's host: the relying party may still list the page's origin (WebAuthn
// §5.11.1).
func relatedOrigins(page Page, rpID string, doc *Document) Verdict {
	host, err := relatedHost(rpID)
	if err != nil {
		return refusedByBrowser(ClassNotSuffix,
			fmt.Sprintf("rp.id %q is no suffix of the page's host %q, and %s", rpID, page.Host, err))
	}
	where := "https://" + host + "/.well-known/webauthn"
	if doc == nil || doc.Status < 200 || doc.Status > 299 || len(doc.Body) > maxRelatedBytes {
		return refusedByBrowser(ClassNoRelatedOrigins,
			fmt.Sprintf("rp.id %q is no registrable suffix of the page's host %q, and %s %s", rpID, page.Host, where, fetchFailure(doc)))
	}
	if mediaType(doc.ContentType) != "application/json" {
		return refusedByBrowser(ClassRelatedContentType,
			fmt.Sprintf("%s has the content type %q; browsers take only %q", where, doc.ContentType, "application/json"))
	}
	origins, err := decodeRelated(doc)
	if err != nil {
		return refusedByBrowser(ClassRelatedJSON, fmt.Sprintf("%s %s", where, err))
	}
	class, err := matchRelated(page, origins)
	if class == ClassOK {
		return Verdict{OK: true, Class: ClassOK, Reason: fmt.Sprintf("%s lists the page's origin %q", where, page.Origin())}
	}
	return refusedByBrowser(class, fmt.Sprintf("%s %s", where, err))
}

func fetchFailure(doc *Document) string {
	switch {
	case doc == nil:
		return "has no list of related origins"
	case len(doc.Body) > maxRelatedBytes:
		return fmt.Sprintf("is larger than %d bytes", maxRelatedBytes)
	default:
		return fmt.Sprintf("answers with status %d", doc.Status)
	}
}

// relatedHost is the host that a browser asks for related origins. An rp.id
// that is no host name is refused before any request.
func relatedHost(rpID string) (string, error) {
	host, ip, err := parseHost(rpID)
	switch {
	case rpID == "":
		return "", fmt.Errorf("it is empty")
	case err != nil:
		return "", fmt.Errorf("it %w", err)
	case ip.IsValid():
		return "", fmt.Errorf("it is an IP address")
	case !isHostName(host):
		return "", fmt.Errorf("it is no host name")
	}
	return host, nil
}

// isHostName is the test that Chromium applies to a host before it looks it up:
// labels of 1 to 63 lower-case letters, digits, "-" and "_", 253 characters in all, the
// last label beginning with a letter or a digit, a trailing dot allowed.
func isHostName(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if len(host) > 253 {
		return false
	}
	var label string
	for more := true; more; {
		label, host, more = strings.Cut(host, ".")
		if label == "" || len(label) > 63 || strings.IndexFunc(label, notInLabel) >= 0 {
			return false
		}
	}
	return isLetter(label[0]) || isDigit(label[0])
}

func notInLabel(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-', r == '_':
		return false
	}
	return true
}

// matchRelated walks the list as WebAuthn §5.11.1 does: an entry counts only
// while the registrable labels seen so far are at most five.
func matchRelated(page Page, origins []json.RawMessage) (Class, error) {
	labels := make(map[string]bool, maxRelatedLabels)
	limited := false
	for i, raw := range origins {
		var entry *string
		if err := json.Unmarshal(raw, &entry); err != nil || entry == nil {
			return ClassRelatedJSON, fmt.Errorf("has an entry %d that is no string", i)
		}
		origin, _ := parseURL(*entry) // what is no URL has no label
		label, _, _ := strings.Cut(RegistrableDomain(origin.Host), ".")
		if label == "" {
			continue
		}
		if !labels[label] {
			if len(labels) == maxRelatedLabels {
				limited = true
				continue
			}
			labels[label] = true
		}
		if origin.Origin() == page.Origin() {
			return ClassOK, nil
		}
	}
	if limited {
		return ClassRelatedLabelLimit, fmt.Errorf("has more than %d registrable labels, and %q is not among the origins of the first %d", maxRelatedLabels, page.Origin(), maxRelatedLabels)
	}
	return ClassRelatedNotListed, fmt.Errorf("does not list the page's origin %q", page.Origin())
}
