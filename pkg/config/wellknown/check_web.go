package wellknown

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// maxLabels is the number of registrable labels that browsers read (WebAuthn Level
// 3 §5.11.1 step 4).
const maxLabels = 5

// relatedOrigins checks that browsers accept each origin that depends on the
// document, and that Kratos accepts each origin in it.
func (c *checker) relatedOrigins() {
	related := c.site.Related()
	if !c.delivered(delivery{
		id: "ror-document", severity: finding.Error, redirect: true, reader: "browsers",
		needed: len(related) > 0 || !c.site.Configured,
	}) {
		return
	}
	doc := &webauthn.Document{Status: c.doc.Status, ContentType: "application/json", Body: c.doc.Body}
	listed, ok := c.listed(doc)
	if !ok {
		return
	}
	for _, o := range related {
		page, err := webauthn.ParsePage(o)
		if err != nil {
			continue
		}
		v := webauthn.Browser(page, &c.site.RPID, doc)
		switch v.Class {
		case webauthn.ClassOK:
		case webauthn.ClassRelatedLabelLimit:
			c.add("ror-label-budget", finding.Error, "list it among the first five labels, or remove domains", "lists %q after its fifth registrable label, and browsers only read %d", o, maxLabels)
		default:
			c.add("ror-parity", finding.Error, "add it, or generate the document again with oly-passkey wellknown generate webauthn", "does not list %q, which is in rp.origins and depends on it", o)
		}
	}
	c.checkListed(listed)
}

// listed returns the entries, and reports a document that browsers cannot read.
func (c *checker) listed(doc *webauthn.Document) ([]string, bool) {
	// A page that is not listed shows whether browsers can read the document.
	probe := webauthn.Page{Scheme: "https", Host: "probe.invalid.example"}
	if v := webauthn.Browser(probe, &c.site.RPID, doc); v.Class == webauthn.ClassRelatedJSON {
		_, why, _ := strings.Cut(v.Reason, RelatedOrigins.Path()+" ")
		c.add("ror-document", finding.Error, `write {"origins": ["https://…"]}, one string per origin`, "%s", why)
		return nil, false
	}
	var d relatedDocument
	if err := json.Unmarshal(trimBOM(doc.Body), &d); err != nil {
		return nil, false // reported above
	}
	return d.Origins, true
}

func (c *checker) checkListed(listed []string) {
	labels := make(map[string]bool)
	for _, o := range listed {
		page, err := webauthn.ParsePage(o)
		if err != nil || page.Scheme != "https" || page.Host == "" {
			c.add("ror-document", finding.Warning, "write scheme, host and port", "lists %q, which is not an https origin and matches no page", o)
			continue
		}
		label, _, _ := strings.Cut(webauthn.RegistrableDomain(page.Host), ".")
		labels[label] = true
		switch {
		case webauthn.Browser(page, &c.site.RPID, nil).OK:
			c.add("ror-noise", finding.Info, "remove it; it only uses up labels", "lists %q, which belongs to rp.id's own domain and needs no entry", o)
		case c.site.Configured && !slices.Contains(c.site.Origins, page.Origin()):
			c.add("ror-parity", finding.Warning, "add it to rp.origins, or remove it here", "lists %q, which is not in rp.origins: browsers accept it and Kratos rejects it", o)
		}
	}
	if len(labels) > maxLabels {
		c.add("ror-label-budget", finding.Warning, "remove domains, or sign their users in through a federated login", "has %d registrable labels, and browsers only read %d", len(labels), maxLabels)
	}
}

func trimBOM(b []byte) []byte { return []byte(strings.TrimPrefix(string(b), "\ufeff")) }

// endpoints checks the document of W3C passkey-endpoints §3.1. It is optional, so
// no problem is an error.
func (c *checker) endpoints() {
	if c.doc.Err == nil && c.doc.Status == 404 {
		c.add("passkey-endpoints", finding.Info, "generate it with oly-passkey wellknown generate passkey-endpoints", "is missing, so password managers cannot link to the page for adding passkeys")
		return
	}
	if !c.delivered(delivery{id: "passkey-endpoints", severity: finding.Warning, needed: true, reader: "passkey providers"}) {
		return
	}
	var d map[string]json.RawMessage
	if err := json.Unmarshal(c.doc.Body, &d); err != nil || d == nil {
		c.add("passkey-endpoints", finding.Warning, `write {"enroll": "https://…", "manage": "https://…"}`, "is not a JSON object")
		return
	}
	for _, member := range []string{"enroll", "manage", "prfUsageDetails"} {
		raw, ok := d[member]
		if !ok {
			continue
		}
		var text string
		u, err := url.Parse("")
		if json.Unmarshal(raw, &text) == nil {
			u, err = url.Parse(text)
		}
		switch {
		case err != nil || u.Scheme != "https" || u.Host == "":
			c.add("passkey-endpoints", finding.Warning, "write an absolute https URL", "has a member %q that is not an https URL", member)
		case webauthn.RegistrableDomain(u.Hostname()) != webauthn.RegistrableDomain(c.site.RPID):
			c.add("passkey-endpoints", finding.Warning, "link to a page on rp.id's domain", "has a member %q that links to %q, which is not on the domain of rp.id %q", member, u.Host, c.site.RPID)
		}
	}
	if len(d) == 0 {
		c.add("passkey-endpoints", finding.Info, "add enroll and manage", "declares passkey support, but has no links")
	}
}

// Endpoints returns the pages that a passkey-endpoints document links to.
func Endpoints(doc *Fetched) []string {
	var d endpointsDocument
	if doc.Err != nil || doc.Status != 200 || json.Unmarshal(doc.Body, &d) != nil {
		return nil
	}
	var out []string
	for _, u := range []string{d.Enroll, d.Manage} {
		if strings.HasPrefix(u, "https://") && !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	return out
}

// CheckEndpoints checks that the pages exist that a passkey-endpoints document
// links to. A page that requires a sign-in counts as existing.
func CheckEndpoints(doc *Fetched, fetch func(url string) *Fetched) []Problem {
	c := &checker{name: PasskeyEndpoints, doc: doc}
	for _, u := range Endpoints(doc) {
		page := fetch(u)
		switch {
		case page.Err != nil:
			c.add("passkey-endpoints", finding.Warning, "correct the URL", "links to %q, which cannot be read: %s", u, page.Err)
		case page.Status == 404 || page.Status == 410 || page.Status >= 500:
			c.add("passkey-endpoints", finding.Warning, "correct the URL", "links to %q, which responds with status %d", u, page.Status)
		}
	}
	return c.out
}

// String formats a problem like a finding of lint.
func (p Problem) String() string {
	return fmt.Sprintf("%s: %s: %s [%s]", p.URL, p.Severity, p.Message, p.ID)
}
