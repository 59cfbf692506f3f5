// Package ui is a small web server with the pages that Ory Kratos redirects users
// to: sign-in, sign-up, settings, recovery, verification, errors and the account.
// It depends only on the standard library, so the folder can be copied into
// another project.
//
// The pages are rendered on the server from the JSON of a Kratos flow, and their
// forms are posted directly to Kratos. Only passkeys need JavaScript (passkey.js).
package ui

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Files holds the pages, their texts, scripts, style and icon.
//
//go:embed pages texts passkey.js page.js style.css icon.svg
var Files embed.FS

// Config says where Kratos is and what the pages offer.
type Config struct {
	// KratosURL is Kratos' public URL as browsers reach it, such as
	// https://auth.example.com. Required.
	KratosURL string
	// KratosInternalURL is the same API as this server reaches it. The default is
	// KratosURL.
	KratosInternalURL string
	// AppName is shown on every page.
	AppName string
	// CodeFirst hides passkeys and security keys on the sign-up page, for a Kratos
	// that rejects them there. They are offered in settings.
	CodeFirst bool
	// SecondFactor says that Kratos' webauthn method is a second factor
	// (passwordless: false): its keys cannot sign in on their own.
	SecondFactor bool
	// ResidentKey is requested when a security key is registered with Kratos'
	// webauthn method, which sets none: "required", "preferred", "discouraged" or
	// "" (WebAuthn §5.4.6). Passkeys are always discoverable.
	ResidentKey string
	// Attachment restricts where a passkey can be registered: "platform",
	// "cross-platform", or "any" or "" (WebAuthn §5.4.5).
	Attachment string
	// UserVerification overrides what Kratos requests at sign-in and registration:
	// "required", "preferred" or "" (WebAuthn §5.4.6). Kratos up to v26.2.0 does not
	// check the result.
	UserVerification string
	// Hints lists the kinds of authenticators that browsers should offer first,
	// such as "hybrid security-key" (WebAuthn Level 3 §5.8.7).
	Hints string
	// DisplayName is what account pickers show. {field} is replaced with the value
	// of that field: "{traits.username} ({traits.tenant})".
	DisplayName string
	// AdminURL is Kratos' admin API, which stores the names that users give their
	// passkeys. Without it, passkeys cannot be renamed. Access to this API is access
	// to every account.
	AdminURL string
	// Explain shows on the account page which user handle the browser returned and
	// whose it is. It is for demos; users need not know about user handles.
	Explain bool
	// Check returns why a page cannot use rpID, or "". The page shows the reason in
	// a banner for the site's developers. Nil disables the check.
	Check func(pageURL, rpID string) string
	// Directory provides details about passkeys, such as provider and last use.
	// Without it, the pages leave them out.
	Directory Directory
	// Log receives the reasons of errors that users see; nil discards them.
	Log *slog.Logger
	// Links are added to the footer of every page.
	Links []Link
}

// A Link is an entry in the footer of every page: a path and the key of its text.
type Link struct{ Path, Text string }

// Server serves the pages.
type Server struct {
	config  Config
	kratos  *kratos
	pages   map[string]*template.Template
	texts   texts
	handler http.Handler
}

// New checks the configuration and prepares the pages.
func New(c Config) (*Server, error) {
	if c.KratosInternalURL == "" {
		c.KratosInternalURL = c.KratosURL
	}
	for _, raw := range []string{c.KratosURL, c.KratosInternalURL, cmp.Or(c.AdminURL, c.KratosURL)} {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, fmt.Errorf("invalid kratos url %q: use an http or https URL", raw)
		}
	}
	c.KratosURL = strings.TrimRight(c.KratosURL, "/")
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		config: c,
		kratos: &kratos{
			base:   strings.TrimRight(c.KratosInternalURL, "/"),
			admin:  strings.TrimRight(c.AdminURL, "/"),
			client: &http.Client{Timeout: 10 * time.Second, CheckRedirect: noRedirect},
		},
	}
	var err error
	if s.texts, err = readTexts(Files); err != nil {
		return nil, err
	}
	if s.pages, err = parsePages(Files); err != nil {
		return nil, err
	}
	s.route()
	return s, nil
}

// route sets up the handler. It rejects cross-site requests with side effects.
func (s *Server) route() {
	mux := http.NewServeMux()
	for _, kind := range []string{"login", "registration", "settings", "recovery", "verification"} {
		mux.HandleFunc("GET /"+kind, s.flowPage(kind))
	}
	mux.HandleFunc("GET /error", s.errorPage)
	mux.HandleFunc("GET /{$}", s.accountPage)
	mux.HandleFunc("POST /logout", s.logout)
	if s.config.Directory != nil {
		mux.HandleFunc("POST /used", s.used)
		if s.config.Explain {
			mux.HandleFunc("POST /resolve", s.resolve)
		}
	}
	mux.HandleFunc("POST /snooze", s.snooze)
	mux.HandleFunc("POST /rename", s.rename)
	mux.Handle("GET /static/", http.StripPrefix("/static", static(Files)))
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, http.StatusNotFound, "error.not-found")
	})
	s.handler = http.NewCrossOriginProtection().Handler(mux)
}

// ServeHTTP serves a page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// static serves the scripts, the style sheet and the icon.
func static(files embed.FS) http.Handler {
	served := map[string]struct{ file, contentType string }{
		"/passkey.js": {"passkey.js", "text/javascript; charset=utf-8"},
		"/page.js":    {"page.js", "text/javascript; charset=utf-8"},
		"/style.css":  {"style.css", "text/css; charset=utf-8"},
		"/icon.svg":   {"icon.svg", "image/svg+xml"},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one, ok := served[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", one.contentType)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, files, one.file)
	})
}

// flowPage renders one of Kratos' self-service flows, and starts one if the
// request names none.
func (s *Server) flowPage(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		id := query.Get("flow")
		if id == "" {
			query.Del("flow")
			s.start(w, r, kind, query)
			return
		}
		flow, err := s.kratos.flow(r.Context(), r.Header.Get("Cookie"), kind, id)
		var answer *kratosError
		switch {
		case errors.As(err, &answer) && answer.RedirectTo != "":
			http.Redirect(w, r, answer.RedirectTo, http.StatusSeeOther)
		case errors.As(err, &answer) && answer.ID == "session_inactive":
			s.start(w, r, "login", nil)
		case errors.As(err, &answer) && r.Header.Get("Cookie") == "":
			// Starting a new flow would redirect forever.
			s.fail(w, r, http.StatusBadRequest, "error.cookies")
		case errors.As(err, &answer) && answer.Status < 500:
			// Expired, another browser's, or unknown: start a new flow.
			s.start(w, r, kind, nil)
		case err != nil:
			s.kratosFailed(w, r, err)
		default:
			s.render(w, r, http.StatusOK, kind, s.flowView(r, kind, flow))
		}
	}
}

// start redirects to Kratos, which creates a flow and redirects back with ?flow=.
func (s *Server) start(w http.ResponseWriter, r *http.Request, kind string, query url.Values) {
	to := s.config.KratosURL + "/self-service/" + kind + "/browser"
	if len(query) > 0 {
		to += "?" + query.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // Kratos' own address
}

// logout ends the session at Kratos, which redirects back to the sign-in page.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	to, err := s.kratos.logoutURL(r.Context(), r.Header.Get("Cookie"))
	var answer *kratosError
	if errors.As(err, &answer) && answer.Status == http.StatusUnauthorized {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	if err != nil {
		s.kratosFailed(w, r, err)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // Kratos' own address
}

// errorPage shows an error that Kratos could not show in a flow.
func (s *Server) errorPage(w http.ResponseWriter, r *http.Request) {
	reason, err := s.kratos.reason(r.Context(), r.Header.Get("Cookie"), r.URL.Query().Get("id"))
	if err != nil {
		s.fail(w, r, http.StatusOK, "error.unknown")
		return
	}
	s.render(w, r, http.StatusOK, "error", errorView{Text: s.speaker(r).say("error.kratos-says"), Detail: reason})
}
