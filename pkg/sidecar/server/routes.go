package server

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/index"
)

// handler answers a request itself, or with a *problemError that is shown, or
// with any other error, which is logged and never shown.
type handler func(http.ResponseWriter, *http.Request) error

// route is one operation of the API.
type route struct {
	method, path string
	scope        api.Scope
	handle       handler
}

// noScope is the scope of routes that anybody may ask.
const noScope api.Scope = ""

// routes is the whole API; openapi.json describes the same operations.
func (s *Server) routes() []route {
	return []route{
		{http.MethodPost, api.RegistrationHookPath, api.ScopeHooks, s.hook(index.FlowRegistration)},
		{http.MethodPost, api.LoginHookPath, api.ScopeHooks, s.hook(index.FlowLogin)},
		{http.MethodPost, api.SettingsHookPath, api.ScopeHooks, s.hook(index.FlowSettings)},
		{http.MethodPost, api.RefuseSignUpPath, api.ScopeHooks, refusePasskeySignUp()},
		{http.MethodPost, api.RefuseAddressPath, api.ScopeHooks, refuseAddressChange()},
		{http.MethodPost, "/v1/resolve", api.ScopeResolve, s.resolve},
		{http.MethodPost, "/v1/resolve/batch", api.ScopeResolve, s.resolveBatch},
		{http.MethodPost, "/v1/signals/unknown-credential", api.ScopeResolve, s.unknownCredential},
		{http.MethodGet, "/v1/identities/{id}/passkeys", api.ScopeRead, s.passkeys},
		{http.MethodGet, "/v1/identities/{id}/signals", api.ScopeRead, s.signals},
		{http.MethodGet, "/v1/identities/{id}/advice", api.ScopeRead, s.advice},
		{http.MethodPost, "/v1/identities/{id}/refresh", api.ScopeRead, s.refresh},
		{http.MethodPost, "/v1/identities/{id}/used", api.ScopeRead, s.used},
		{http.MethodDelete, "/v1/identities/{id}", api.ScopeAdmin, s.erase},
		{http.MethodGet, "/v1/index", api.ScopeRead, s.indexStatus},
		{http.MethodPost, "/v1/index/reconcile", api.ScopeAdmin, s.reconcile},
		{http.MethodGet, "/openapi.json", noScope, openAPI},
	}
}

// limits of one request. Hooks and look-ups are a few hundred bytes.
const (
	maxBody      = 64 << 10
	maxBatchBody = 2 << 20 // 1000 handles in the longest form, with credential ids
)

// api is the handler behind --listen.
func (s *Server) api() http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for _, r := range s.routes() {
		mux.Handle(r.method+" "+r.path, s.guard(r))
		methods[r.path] = append(methods[r.path], r.method)
		if r.method == http.MethodGet { // net/http answers both
			methods[r.path] = append(methods[r.path], http.MethodHead)
		}
	}
	for path, allowed := range methods {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			newProblem(http.StatusMethodNotAllowed, api.ProblemMethodNotAllowed, "method not allowed",
				"use "+strings.Join(allowed, ", ")).write(w)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		newProblem(http.StatusNotFound, api.ProblemNotFound, "not found", "GET /openapi.json lists the routes").write(w)
	})
	return mux
}

// guard lets a request in that has a key for the route, counts it and traces it.
func (s *Server) guard(r route) http.Handler {
	count := s.metrics.counter(r.path)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		from, counted := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		req, end := s.traced(req.Context(), req, r.path)
		ctx := req.Context()
		defer func() {
			took := time.Since(from)
			end(counted.status)
			count(counted.status, took)
			s.logRequest(ctx, req, r.path, counted.status, took)
		}()
		defer s.rescue(counted, req, r.path, answerInternal)
		if p := s.authorize(req, r.scope); p != nil {
			s.logRefusal(ctx, req, r.path, p.Status)
			p.write(counted)
			return
		}
		err := r.handle(counted, req)
		if err == nil {
			return
		}
		var p *problemError
		if !errors.As(err, &p) {
			id := requestID(req)
			counted.Header().Set("X-Request-Id", id)
			level := slog.LevelError
			if ctx.Err() != nil { // the client went away, which is no failure here
				level = slog.LevelDebug
			}
			s.log.Log(ctx, level, "request failed", append(about(ctx, req, r.path, id), "error", err)...)
			p = internal(id)
		}
		p.write(counted)
	})
}

func (s *Server) authorize(r *http.Request, scope api.Scope) *problemError {
	if s.dev || scope == noScope {
		return nil
	}
	key, ok := requestKey(r.Header)
	if !ok {
		return unauthorized()
	}
	known, opens := s.keys.Load().Check(key, scope)
	switch {
	case opens:
		return nil
	case known:
		return forbidden(scope)
	}
	return unauthorized()
}

// requestKey answers the key that a request sends: as a bearer token, or as
// X-Api-Key, the form for Kratos' hooks: their key comes from an environment
// file, where "Bearer KEY" would be split at its blank. A request that sends
// both, or one of them twice, sends none.
func requestKey(h http.Header) (string, bool) {
	bearer, plain := h["Authorization"], h["X-Api-Key"] // net/http spells every name like that
	if len(bearer)+len(plain) != 1 {
		return "", false
	}
	if len(plain) == 1 {
		return plain[0], plain[0] != ""
	}
	scheme, key, _ := strings.Cut(bearer[0], " ")
	key = strings.TrimSpace(key)
	return key, strings.EqualFold(scheme, "Bearer") && key != ""
}
