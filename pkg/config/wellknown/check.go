package wellknown

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/finding"
)

// Problem is a fault of a document.
type Problem struct {
	ID       string // stable and readable
	Severity finding.Severity
	Document Name
	URL      string // or the file's name
	Message  string // lower case, no period
	Help     string
}

// checker collects the problems of one document.
type checker struct {
	name Name
	doc  *Fetched
	site *Site
	out  []Problem
}

func (c *checker) add(id string, severity finding.Severity, help, format string, args ...any) {
	c.out = append(c.out, Problem{
		ID: id, Severity: severity, Document: c.name, URL: c.doc.URL,
		Message: fmt.Sprintf(format, args...), Help: help,
	})
}

// Check compares a document with its standard and, in both directions, with the
// site. If the site is not configured, it only has an rp.id, and the document is
// checked on its own.
func Check(name Name, doc *Fetched, s *Site) []Problem {
	c := &checker{name: name, doc: doc, site: s}
	switch name {
	case RelatedOrigins:
		c.relatedOrigins()
	case PasskeyEndpoints:
		c.endpoints()
	case AssetLinks:
		c.assetLinks()
	case AppleAssociation:
		c.apple()
	}
	return c.out
}

// delivery describes how a document must be served.
type delivery struct {
	id       string
	severity finding.Severity // if a required document is missing
	needed   bool
	redirect bool // readers follow https redirects
	reader   string
}

// delivered checks how the document was served. It returns false if there is no
// content to check.
func (c *checker) delivered(d delivery) bool {
	generate := fmt.Sprintf("generate it with oly-passkey wellknown generate %s, and serve it there as application/json", c.name)
	f := c.doc
	switch {
	case !d.needed && (f.Err != nil || f.Status != http.StatusOK):
		return false // optional and missing
	case f.Err != nil:
		c.add(d.id, d.severity, "serve this URL publicly", "cannot be read: %s", f.Err)
		return false
	case !c.redirects(d):
		return false
	case f.Status == http.StatusNotFound || f.Status == http.StatusGone:
		c.add(d.id, d.severity, generate, "is missing (status %d)", f.Status)
		return false
	case f.Status != http.StatusOK:
		c.add(d.id, d.severity, "serve it publicly, without sign-in", "responds with status %d, but %s expect 200", f.Status, d.reader)
		return false
	case len(f.Body) > maxBody:
		c.add(d.id, d.severity, generate, "is larger than %d bytes", maxBody)
		return false
	case looksLikeHTML(f):
		severity := d.severity
		if !d.needed {
			severity = finding.Info
		}
		c.add("spa-fallback", severity, "route /.well-known/ before the catch-all that serves the index page", "responds with an HTML page and status 200 instead of the document")
		return false
	}
	if media, _, _ := strings.Cut(f.ContentType, ";"); !strings.EqualFold(strings.TrimSpace(media), "application/json") {
		c.add(d.id, d.severity, "send Content-Type: application/json", "has the content type %q, but %s expect %q", f.ContentType, d.reader, "application/json")
	}
	return true
}

func (c *checker) redirects(d delivery) bool {
	for _, to := range c.doc.Redirects {
		switch {
		case !d.redirect:
			c.add(d.id, d.severity, "serve it at this URL without a redirect", "redirects to %q, but %s do not follow redirects", to, d.reader)
			return false
		case !strings.HasPrefix(to, "https://"):
			c.add(d.id, d.severity, "redirect to https only", "redirects to %q, but %s only follow redirects to https", to, d.reader)
			return false
		}
	}
	return true
}

func looksLikeHTML(f *Fetched) bool {
	body := bytes.TrimSpace(f.Body)
	return strings.Contains(strings.ToLower(f.ContentType), "text/html") || bytes.HasPrefix(body, []byte("<"))
}
