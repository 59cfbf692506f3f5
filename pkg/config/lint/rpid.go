package lint

import (
	"net/netip"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// RPIDFlaw says what is wrong with an rp.id whatever the page is.
type RPIDFlaw uint8

// The flaws, each of which has a rule of its own.
const (
	RPIDFine RPIDFlaw = iota
	RPIDIsURL
	RPIDIsIP
	RPIDBadLabel
	RPIDNotCanonical
)

// FlawOf names the first flaw of an rp.id. WebAuthn §5.1.3 wants a valid domain
// string, and browsers compare it letter by letter with the page's host.
func FlawOf(id string) RPIDFlaw {
	if isIP(id) {
		return RPIDIsIP
	}
	if strings.ContainsAny(id, `:/\?#@`) {
		return RPIDIsURL
	}
	if badLabel(id) {
		return RPIDBadLabel
	}
	if CanonicalHost(id) != id {
		return RPIDNotCanonical
	}
	return RPIDFine
}

func isIP(id string) bool {
	if _, err := netip.ParseAddr(strings.Trim(id, "[]")); err == nil {
		return true
	}
	if strings.ContainsAny(id, ":/") {
		return false
	}
	page, err := webauthn.ParsePage("https://" + id)
	return err == nil && page.IP.IsValid()
}

func badLabel(id string) bool {
	if strings.ContainsAny(id, " \t\r\n*%,;\"'()<>[]^`{|}") || len(id) > 253 {
		return true
	}
	for label := range strings.SplitSeq(id, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return true
		}
	}
	return false
}

// CanonicalHost is the host as browsers write it, "" when it is none.
func CanonicalHost(host string) string {
	page, err := webauthn.ParsePage("https://" + host)
	if err != nil {
		return ""
	}
	return page.Host
}

// HostOf is the bare host of an rp.id that was written as a URL, "" when there
// is none.
func HostOf(id string) string {
	if !strings.Contains(id, "://") {
		id = "https://" + id
	}
	page, err := webauthn.ParsePage(id)
	if err != nil {
		return ""
	}
	return page.Host
}
