package webauthn

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Document is the response of https://<rp.id>/.well-known/webauthn after redirects
// (WebAuthn §5.11).
type Document struct {
	Status      int    // HTTP status
	ContentType string // the unparsed header
	Body        []byte
}

// Chromium's limits for the document.
const (
	maxRelatedLabels = 5       // WebAuthn §5.11.1 step 4 asks for at least five
	maxRelatedBytes  = 1 << 18 // a larger body counts as a failed fetch
)

// relatedOrigins is the verdict for an rp.id that is not a suffix of the page's
// host: the relying party can list the page's origin (WebAuthn §5.11.1).
func relatedOrigins(page Page, rpID string, doc *Document) Verdict {
	host, err := relatedHost(rpID)
	if err != nil {
		return rejectedByBrowser(ClassNotSuffix,
			fmt.Sprintf("rp.id %q is not a domain name: %s", rpID, err))
	}
	where := "https://" + host + "/.well-known/webauthn"
	if doc == nil || doc.Status < 200 || doc.Status > 299 || len(doc.Body) > maxRelatedBytes {
		return rejectedByBrowser(ClassNoRelatedOrigins,
			fmt.Sprintf("rp.id %q is not a registrable suffix of the page's host %q, and %s %s", rpID, page.Host, where, fetchFailure(doc)))
	}
	if mediaType(doc.ContentType) != "application/json" {
		return rejectedByBrowser(ClassRelatedContentType,
			fmt.Sprintf("%s has the content type %q; browsers only accept %q", where, doc.ContentType, "application/json"))
	}
	origins, err := decodeRelated(doc)
	if err != nil {
		return rejectedByBrowser(ClassRelatedJSON, fmt.Sprintf("%s %s", where, err))
	}
	class, err := matchRelated(page, origins)
	if class == ClassOK {
		return Verdict{OK: true, Class: ClassOK, Reason: fmt.Sprintf("%s lists the page's origin %q", where, page.Origin())}
	}
	return rejectedByBrowser(class, fmt.Sprintf("%s %s", where, err))
}

func fetchFailure(doc *Document) string {
	switch {
	case doc == nil:
		return "has no list of related origins"
	case len(doc.Body) > maxRelatedBytes:
		return fmt.Sprintf("is larger than %d bytes", maxRelatedBytes)
	default:
		return fmt.Sprintf("responds with status %d", doc.Status)
	}
}

// relatedHost returns the host from which browsers fetch related origins. They
// reject an rp.id that is not a host name without a request.
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
		return "", fmt.Errorf("it has an empty, too long or invalid label")
	}
	return host, nil
}

// isHostName is Chromium's test of a host before the DNS lookup: labels of 1 to 63
// lower-case letters, digits, "-" and "_", at most 253 characters in all, the last
// label beginning with a letter or a digit, and optionally a trailing dot.
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

// matchRelated searches the list as in WebAuthn §5.11.1: entries with more than the
// first five registrable labels are ignored.
func matchRelated(page Page, origins []json.RawMessage) (Class, error) {
	labels := make(map[string]bool, maxRelatedLabels)
	limited := false
	for i, raw := range origins {
		var entry *string
		if err := json.Unmarshal(raw, &entry); err != nil || entry == nil {
			return ClassRelatedJSON, fmt.Errorf("has an entry %d that is not a string", i)
		}
		origin, _ := parseURL(*entry) // an invalid URL has no label
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
		return ClassRelatedLabelLimit, fmt.Errorf("has more than %d registrable labels, and %q is not among the first %d", maxRelatedLabels, page.Origin(), maxRelatedLabels)
	}
	return ClassRelatedNotListed, fmt.Errorf("does not list the page's origin %q", page.Origin())
}
