package doctor

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// document is the content of the page before its scripts run.
type document struct {
	scripts  []script
	forms    []*url.URL // actions of forms that are posted to Kratos
	fields   []field
	handlers []string // inline event handlers that call Kratos' script
	metaCSP  []string
}

type script struct {
	src              *url.URL
	nonce, integrity string
	crossOrigin      bool
}

type field struct {
	name, autocomplete string
	hidden             bool
	method             string // the value if the name is "method"
}

// readDocument parses HTML as browsers do; every text is valid HTML.
func readDocument(a *answer) *document {
	d := &document{}
	root, err := html.Parse(bytes.NewReader(a.body))
	if err != nil {
		return d // only a failing reader causes an error
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			d.element(n, a.url)
		}
	}
	return d
}

func (d *document) element(n *html.Node, base *url.URL) {
	attr := func(name string) string {
		for _, a := range n.Attr {
			if a.Key == name {
				return a.Val
			}
		}
		return ""
	}
	for _, a := range n.Attr {
		if strings.HasPrefix(a.Key, "on") && (strings.Contains(a.Val, "oryPasskey") || strings.Contains(a.Val, "oryWebAuthn")) {
			d.handlers = append(d.handlers, a.Key+"="+a.Val)
		}
	}
	switch n.Data {
	case "script":
		if src, err := base.Parse(attr("src")); err == nil && attr("src") != "" {
			d.scripts = append(d.scripts, script{src: src, nonce: attr("nonce"), integrity: attr("integrity"), crossOrigin: slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "crossorigin" })})
		}
	case "form":
		if action, err := base.Parse(attr("action")); err == nil && strings.Contains(action.Path, "/self-service/") {
			d.forms = append(d.forms, action)
		}
	case "input":
		f := field{name: attr("name"), autocomplete: strings.ToLower(attr("autocomplete")), hidden: attr("type") == "hidden"}
		if f.name == "method" {
			f.method = attr("value")
		}
		d.fields = append(d.fields, f)
	case "meta":
		if strings.EqualFold(attr("http-equiv"), "Content-Security-Policy") {
			d.metaCSP = append(d.metaCSP, attr("content"))
		}
	}
}

// loads reports whether the page loads Kratos' own script.
func (d *document) loads() bool {
	for _, s := range d.scripts {
		if strings.HasSuffix(s.src.Path, scriptPath) {
			return true
		}
	}
	return false
}
