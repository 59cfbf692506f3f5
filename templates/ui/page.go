package ui

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// page is the data of every template.
type page struct {
	Kind    string // the file's name without extension
	Lang    string
	Nonce   string
	AppName string
	Links   []Link
	View    any
	speaker speaker
}

// Say returns a text in the page's language; pairs replace "{name}" in it.
func (p *page) Say(key string, pairs ...string) string { return p.speaker.say(key, pairs...) }

// Lead returns the text above a ceremony's button, if there is one.
func (p *page) Lead(group string) string {
	text, _ := p.speaker.lookup(p.Kind + "." + group + "-lead")
	return text
}

// Phone returns the instructions for using a phone, if the ceremony needs any.
func (p *page) Phone(group string) string {
	if group != "passkey" {
		return ""
	}
	text, _ := p.speaker.lookup("phone." + p.Kind)
	return text
}

func (s *Server) speaker(r *http.Request) speaker {
	return speaker{lang: s.texts.language(r.Header.Get("Accept-Language")), all: s.texts}
}

// date formats a day as usual in the language.
func (s speaker) date(t time.Time) string {
	return t.Format(s.say("date"))
}

// parsePages parses each page with the layout and the shared parts.
func parsePages(files embed.FS) (map[string]*template.Template, error) {
	shared, err := template.New("").Funcs(template.FuncMap{
		"json": func(v any) (string, error) {
			b, err := json.Marshal(v)
			return string(b), err
		},
		"part": func(p *page, view any) part { return part{Page: p, View: view} },
		"credentials": func(p *page, view []credentialView, last bool) part {
			if last {
				return part{Page: p, What: "last", View: view}
			}
			return part{Page: p, View: view}
		},
		"ceremony": func(p *page, what string, view *formView) part { return part{Page: p, What: what, View: view} },
	}).ParseFS(files, "pages/layout.html", "pages/parts.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, kind := range []string{"login", "registration", "settings", "recovery", "verification", "error", "account"} {
		own, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if pages[kind], err = own.ParseFS(files, "pages/"+kind+".html"); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// part is the data of a shared part: its own view, and the page.
type part struct {
	Page *page
	What string // for a ceremony "sign-in" or "register", for credentials "last" or ""
	View any
}

// render writes a page. It renders into memory first, so that a failing template
// never sends half a page.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, kind string, view any) {
	speaker := s.speaker(r)
	p := &page{
		Kind: kind, Lang: speaker.lang, Nonce: rand.Text(), AppName: s.config.AppName, Links: s.config.Links,
		View: view, speaker: speaker,
	}
	var body bytes.Buffer
	if err := s.pages[kind].ExecuteTemplate(&body, "layout", p); err != nil {
		s.config.Log.Error("cannot render page", "page", kind, "error", err)
		http.Error(w, "this page cannot be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Language, Cookie")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("Permissions-Policy", "publickey-credentials-get=(self), publickey-credentials-create=(self)")
	h.Set("Content-Security-Policy", contentSecurityPolicy(p.Nonce, s.config.KratosURL))
	w.WriteHeader(status)
	_, _ = body.WriteTo(w)
}

// contentSecurityPolicy allows the page's own files and nothing else. Forms are
// posted to Kratos, which redirects back, and browsers check form-action for both
// (CSP Level 3 §6.4.1). A blocked form fails silently.
func contentSecurityPolicy(nonce, kratosURL string) string {
	origin := kratosURL
	if u, err := url.Parse(kratosURL); err == nil {
		origin = u.Scheme + "://" + u.Host
	}
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'nonce-" + nonce + "'",
		"style-src 'self'",
		"img-src 'self'",
		"connect-src 'self'",
		"form-action 'self' " + origin,
		"base-uri 'none'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
	}, "; ")
}

// errorView is an error that belongs to no other page.
type errorView struct {
	Text   string
	Detail string
}

// fail shows the error page.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int, key string) {
	s.render(w, r, status, "error", errorView{Text: s.speaker(r).say(key)})
}

// kratosFailed shows that Kratos is not responding, and logs why.
func (s *Server) kratosFailed(w http.ResponseWriter, r *http.Request, err error) {
	s.config.Log.Error("kratos did not respond", "page", r.URL.Path, "error", err)
	s.fail(w, r, http.StatusBadGateway, "error.kratos")
}
