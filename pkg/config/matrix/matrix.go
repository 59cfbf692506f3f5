// Package matrix predicts for each origin in a configuration which ceremonies work,
// which fail, and why.
package matrix

import (
	"fmt"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Matrix holds a row for each deployed origin and enabled method.
type Matrix struct {
	Rows []Row `json:"rows"`
	// Skipped are methods and pages that depend on a template.
	Skipped []string `json:"skipped,omitempty"`
}

// Row is one origin with one method.
type Row struct {
	Origin string `json:"origin"`
	// Where is the source of the origin: "login ui_url", "deployed domain" or
	// "rp.origins".
	Where   string `json:"where"`
	Method  string `json:"method"` // "passkey" or "webauthn"
	RPID    string `json:"rp_id"`
	Browser Gate   `json:"browser"`
	Kratos  Gate   `json:"kratos"`
	// Related says how to change the related origins document so that browsers accept
	// the origin; "" if that is unnecessary or would not help.
	Related string `json:"related_origins,omitempty"`
}

// Gate is the verdict of one gate.
type Gate struct {
	OK     bool           `json:"ok"`
	Class  webauthn.Class `json:"class"`
	Reason string         `json:"reason"`
}

// OK reports whether a ceremony passes both gates.
func (r Row) OK() bool { return r.Browser.OK && r.Kratos.OK }

// OK reports whether every row is OK.
func (m Matrix) OK() bool {
	for _, r := range m.Rows {
		if !r.OK() {
			return false
		}
	}
	return true
}

// New computes the matrix. Origins come from UI URLs, deployed domains and the
// configured list.
func New(p *passkeys.Config) Matrix {
	m := Matrix{Rows: []Row{}}
	base := p.Get("serve.public.base_url").Text()
	for _, method := range p.Enabled() {
		if method.Unsure() || method.OriginsUnsure() || !method.ID.Is(kratosconf.String) {
			m.Skipped = append(m.Skipped, fmt.Sprintf("%s: rp.id or the origins depend on a template", method.Name))
			continue
		}
		for _, page := range pages(p, method) {
			if !page.Known {
				m.Skipped = append(m.Skipped, fmt.Sprintf("%s: %s depends on a template", method.Name, page.Where()))
				continue
			}
			m.Rows = append(m.Rows, newRow(p, method, page, base))
		}
	}
	return m
}

// pages returns the pages of the flows and domains, and each other configured web
// origin.
func pages(p *passkeys.Config, m *passkeys.Method) []passkeys.Page {
	out := p.PagesOf(m)
	known := make(map[string]bool)
	for _, page := range out {
		known[page.Bare()] = true
	}
	for _, o := range m.Origins {
		if o.IsWeb() && !known[o.Bare()] {
			known[o.Bare()] = true
			out = append(out, passkeys.Page{Origin: o, Name: "rp.origins"})
		}
	}
	return out
}

func newRow(p *passkeys.Config, m *passkeys.Method, page passkeys.Page, base string) Row {
	id := m.ID.Str
	row := Row{Origin: page.Page.Origin(), Where: page.Where(), Method: m.Name, RPID: id}
	row.Browser = gate(p.Browser(page.Page, id))
	var origins []string // nil: Kratos derives one
	if m.OriginsKey.Exists() {
		origins = []string{}
	}
	for _, o := range m.Origins {
		origins = append(origins, o.Value.Str)
	}
	row.Kratos = gate(webauthn.Kratos(row.Origin, id, origins, base))
	if row.Browser.Class == webauthn.ClassNoRelatedOrigins {
		doc := webauthn.Document{Status: 200, ContentType: "application/json", Body: fmt.Appendf(nil, `{"origins":[%q]}`, row.Origin)}
		if webauthn.Browser(page.Page, &id, &doc).OK {
			row.Related = fmt.Sprintf("list %q in https://%s/.well-known/webauthn", row.Origin, id)
		}
	}
	return row
}

func gate(v webauthn.Verdict) Gate {
	return Gate{OK: v.OK, Class: v.Class, Reason: v.Reason}
}
