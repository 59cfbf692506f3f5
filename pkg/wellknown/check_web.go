package wellknown

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// maxLabels is how many registrable labels browsers look at (WebAuthn Level 3
// §5.11.1 step 4).
const maxLabels = 5

// relatedOrigins asks the browser's gate for each origin that needs the
// document, and Kratos' gate for each origin that the document lists.
func (c *checker) relatedOrigins() {
	related := c.site.Related()
	if !c.delivered(delivery{
		id: "ror-document", severity: lint.Error, redirect: true, reader: "browsers",
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
			c.add("ror-label-budget", lint.Error, "list it among the first five labels, or drop domains", "has %q behind its fifth label, and browsers look at %d", o, maxLabels)
		default:
			c.add("ror-parity", lint.Error, "add it, or write the document anew with oly-passkey wellknown generate webauthn", "does not list %q, which is in rp.origins and needs it", o)
		}
	}
	c.checkListed(listed)
}

// listed reads the entries; a document that no browser reads is reported.
func (c *checker) listed(doc *webauthn.Document) ([]string, bool) {
	// A page that is certainly not listed shows whether the document is read at
	// all.
	probe := webauthn.Page{Scheme: "https", Host: "probe.invalid.example"}
	if v := webauthn.Browser(probe, &c.site.RPID, doc); v.Class == webauthn.ClassRelatedJSON {
		_, why, _ := strings.Cut(v.Reason, RelatedOrigins.Path()+" ")
		c.add("ror-document", lint.Error, `write {"origins": ["https://…"]}, one string an origin`, "%s", why)
		return nil, false
	}
	var d relatedDocument
	if err := json.Unmarshal(trimBOM(doc.Body), &d); err != nil {
		return nil, false // the gate has said so already
	}
	return d.Origins, true
}

func (c *checker) checkListed(listed []string) {
	labels := make(map[string]bool)
	for _, o := range listed {
		page, err := webauthn.ParsePage(o)
		if err != nil || page.Scheme != "https" || page.Host == "" {
			c.add("ror-document", lint.Warning, "write scheme, host and port", "lists %q, which is no https origin and matches no page", o)
			continue
		}
		label, _, _ := strings.Cut(webauthn.RegistrableDomain(page.Host), ".")
		labels[label] = true
		switch {
		case webauthn.Browser(page, &c.site.RPID, nil).OK:
			c.add("ror-noise", lint.Info, "drop it, it only uses up labels", "lists %q, which needs no permission: it is of rp.id's own domain", o)
		case c.site.Configured && !slices.Contains(c.site.Origins, page.Origin()):
			c.add("ror-parity", lint.Warning, "add it to rp.origins, or drop it here", "lists %q, which is not in rp.origins: browsers agree there and Kratos refuses", o)
		}
	}
	if len(labels) > maxLabels {
		c.add("ror-label-budget", lint.Warning, "drop domains, or sign those in by federation", "has %d registrable labels, and browsers look at %d", len(labels), maxLabels)
	}
}

func trimBOM(b []byte) []byte { return []byte(strings.TrimPrefix(string(b), "\ufeff")) }

// endpoints checks W3C passkey-endpoints §3.1. The document is a courtesy, so
// that nothing of it is an error.
func (c *checker) endpoints() {
	if c.doc.Err == nil && c.doc.Status == 404 {
		c.add("passkey-endpoints", lint.Info, "write it with oly-passkey wellknown generate passkey-endpoints", "is missing, so password managers cannot link to where passkeys are added")
		return
	}
	if !c.delivered(delivery{id: "passkey-endpoints", severity: lint.Warning, needed: true, reader: "passkey providers"}) {
		return
	}
	var d map[string]json.RawMessage
	if err := json.Unmarshal(c.doc.Body, &d); err != nil || d == nil {
		c.add("passkey-endpoints", lint.Warning, `write {"enroll": "https://…", "manage": "https://…"}`, "is no JSON object")
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
			c.add("passkey-endpoints", lint.Warning, "write an absolute https URL", "has a member %q that is no https URL", member)
		case webauthn.RegistrableDomain(u.Hostname()) != webauthn.RegistrableDomain(c.site.RPID):
			c.add("passkey-endpoints", lint.Warning, "lead people to a page of rp.id's domain", "has a member %q that leads to %q, which is not of the domain of rp.id %q", member, u.Host, c.site.RPID)
		}
	}
	if len(d) == 0 {
		c.add("passkey-endpoints", lint.Info, "add enroll and manage", "says that there are passkeys, but not where")
	}
}

// Endpoints lists the pages that a passkey-endpoints document leads to, by
// member, so that a caller may ask whether they are there.
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

// CheckEndpoints asks whether the pages are there that a passkey-endpoints
// document leads to. A page that asks for a sign-in first is there.
func CheckEndpoints(doc *Fetched, fetch func(url string) *Fetched) []Problem {
	c := &checker{name: PasskeyEndpoints, doc: doc}
	for _, u := range Endpoints(doc) {
		page := fetch(u)
		switch {
		case page.Err != nil:
			c.add("passkey-endpoints", lint.Warning, "correct the URL", "leads to %q, which cannot be read: %s", u, page.Err)
		case page.Status == 404 || page.Status == 410 || page.Status >= 500:
			c.add("passkey-endpoints", lint.Warning, "correct the URL", "leads to %q, which answers with status %d", u, page.Status)
		}
	}
	return c.out
}

// String writes a problem as lint writes a finding.
func (p Problem) String() string {
	return fmt.Sprintf("%s: %s: %s [%s]", p.URL, p.Severity, p.Message, p.ID)
}
