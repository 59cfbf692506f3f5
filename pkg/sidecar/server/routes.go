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

// handler handles a request. If it returns a *problemError, that is the response. Any
// other error is logged, and never shown to the client.
type handler func(http.ResponseWriter, *http.Request) error

// route is one operation of the API.
type route struct {
	method, path string
	scope        api.Scope
	handle       handler
}

// noScope is the scope of routes that do not require a key.
const noScope api.Scope = ""

// routes returns all operations of the API, as described in openapi.json.
func (s *Server) routes() []route {
	return []route{
		{http.MethodPost, api.RegistrationHookPath, api.ScopeHooks, s.hook(index.FlowRegistration)},
		{http.MethodPost, api.LoginHookPath, api.ScopeHooks, s.hook(index.FlowLogin)},
		{http.MethodPost, api.SettingsHookPath, api.ScopeHooks, s.hook(index.FlowSettings)},
		{http.MethodPost, api.RefuseSignUpPath, api.ScopeHooks, rejectPasskeySignUp()},
		{http.MethodPost, api.RefuseAddressPath, api.ScopeHooks, rejectAddressChange()},
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

// Limits of request bodies, in bytes. Hooks and lookups are a few hundred bytes.
const (
	maxBody      = 64 << 10
	maxBatchBody = 2 << 20 // 1000 handles in the longest form, with credential IDs
)

// api returns the handler of --listen.
func (s *Server) api() http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for _, r := range s.routes() {
		mux.Handle(r.method+" "+r.path, s.guard(r))
		methods[r.path] = append(methods[r.path], r.method)
		if r.method == http.MethodGet { // net/http handles both
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

// guard wraps the handler of a route with authorisation, metrics, tracing and
// logging.
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
		defer s.recoverPanic(counted, req, r.path, answerInternal)
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
			if ctx.Err() != nil { // the client disconnected, which is not an error
				level = slog.LevelDebug
			}
			s.log.Log(ctx, level, "request failed", append(logAttrs(ctx, req, r.path, id), "error", err)...)
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

// requestKey returns the key of a request, sent as a bearer token or as X-Api-Key.
// The latter is for Kratos' hooks: their key comes from an environment file, in which
// "Bearer KEY" would be split at the space. A request with more than one key counts as
// one without a key.
func requestKey(h http.Header) (string, bool) {
	bearer, plain := h["Authorization"], h["X-Api-Key"] // the canonical forms
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
