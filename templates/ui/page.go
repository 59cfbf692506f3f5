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

// page is what every template gets.
type page struct {
	Kind    string // the file's name without extension
	Lang    string
	Nonce   string
	AppName string
	Links   []Link
	View    any
	speaker speaker
}

// Say answers a text of the page's language; pairs replace "{name}" in it.
func (p *page) Say(key string, pairs ...string) string { return p.speaker.say(key, pairs...) }

// Lead answers the sentence above a ceremony's button, if there is one.
func (p *page) Lead(group string) string {
	text, _ := p.speaker.look(p.Kind + "." + group + "-lead")
	return text
}

// Phone answers how a ceremony goes with a phone, if that is worth a word.
func (p *page) Phone(group string) string {
	if group != "passkey" {
		return ""
	}
	text, _ := p.speaker.look("phone." + p.Kind)
	return text
}

func (s *Server) speaker(r *http.Request) speaker {
	return speaker{lang: s.texts.language(r.Header.Get("Accept-Language")), all: s.texts}
}

// date writes a day as people of that language do.
func (s speaker) date(t time.Time) string {
	return t.Format(s.say("date"))
}

// parsePages parses each page together with the layout and the parts.
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

// part is a piece of a page together with the page.
type part struct {
	Page *page
	What string // of a ceremony "sign-in" or "register", of credentials "last" or ""
	View any
}

// render writes a page, whole or not at all.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, kind string, view any) {
	speaker := s.speaker(r)
	p := &page{
		Kind: kind, Lang: speaker.lang, Nonce: rand.Text(), AppName: s.config.AppName, Links: s.config.Links,
		View: view, speaker: speaker,
	}
	var body bytes.Buffer
	if err := s.pages[kind].ExecuteTemplate(&body, "layout", p); err != nil {
		s.config.Log.Error("page not made", "page", kind, "error", err)
		http.Error(w, "this page could not be made", http.StatusInternalServerError)
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

// contentSecurityPolicy allows the page's own files and nothing else. Forms go
// to Kratos and come back by redirect, and browsers hold form-action against
// both (CSP Level 3 §6.4.1); what it blocks, it blocks silently.
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

// errorView is the page for what has no other page.
type errorView struct {
	Text   string
	Detail string
}

// fail shows the error page.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int, key string) {
	s.render(w, r, status, "error", errorView{Text: s.speaker(r).say(key)})
}

// kratosFailed tells people that Kratos does not answer, and the log why.
func (s *Server) kratosFailed(w http.ResponseWriter, r *http.Request, err error) {
	s.config.Log.Error("kratos did not answer", "page", r.URL.Path, "error", err)
	s.fail(w, r, http.StatusBadGateway, "error.kratos")
}
