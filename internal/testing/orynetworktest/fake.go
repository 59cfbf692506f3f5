// Package orynetworktest is a fake of the Ory Network for tests. Its responses are
// client-go's own models, encoded by client-go.
package orynetworktest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	ory "github.com/ory/client-go"
	"github.com/stretchr/testify/require"
)

// Key is the API key that the fake accepts.
const Key = "ory_wak_fake"

// FakeOryNetwork responds to GET /projects/ID as the console's API does, and
// /admin/identities as a project's own API does.
type FakeOryNetwork struct {
	URL      string
	Requests atomic.Int64
	// Limited is how many requests are answered with 429 before one is served.
	Limited atomic.Int64

	server     *httptest.Server
	projects   map[string]*ory.Project
	identities []ory.Identity // in the order of their ids
}

// pageSize is the largest page that the fake gives.
const pageSize = 250

// Start starts the fake; the test's end stops it.
func Start(tb testing.TB, projects []*ory.Project, identities []ory.Identity) *FakeOryNetwork {
	tb.Helper()
	f := &FakeOryNetwork{projects: make(map[string]*ory.Project), identities: identities}
	for _, p := range projects {
		f.projects[p.Id] = p
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /projects/{id}", f.project)
	mux.HandleFunc("GET /admin/identities", f.list)
	mux.HandleFunc("GET /admin/identities/{id}", f.identity)
	f.server = httptest.NewServer(f.guard(mux))
	f.URL = f.server.URL
	tb.Cleanup(f.server.Close)
	return f
}

// Project is a project with an identity configuration, which is JSON.
func Project(tb testing.TB, id, slug, config string) *ory.Project {
	tb.Helper()
	var m map[string]any
	require.NoError(tb, json.Unmarshal([]byte(config), &m))
	services := ory.NewProjectServices()
	services.SetIdentity(*ory.NewProjectServiceIdentity(m))
	return ory.NewProject("prod", "eu-central", id, "Example", []ory.BasicOrganization{}, "5b1e3a52-6f38-4a3c-8a0f-0d6a7f0c9e11", *services, slug, "running")
}

// guard rejects requests without the key and those above the rate limit.
func (f *FakeOryNetwork) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.Requests.Add(1)
		if r.Header.Get("Authorization") != "Bearer "+Key {
			fail(w, http.StatusUnauthorized)
			return
		}
		w.Header().Set("X-Ratelimit-Limit", "10, 10;w=1, 300;w=60")
		if f.Limited.Add(-1) >= 0 {
			w.Header().Set("X-Ratelimit-Remaining", "0")
			w.Header().Set("X-Ratelimit-Reset", "1")
			fail(w, http.StatusTooManyRequests)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// fail responds with an error in the Ory Network's format.
func fail(w http.ResponseWriter, code int) { failSaying(w, code, http.StatusText(code)) }

func failSaying(w http.ResponseWriter, code int, message string) {
	content := ory.NewGenericErrorContent()
	content.SetMessage(message)
	content.AdditionalProperties = map[string]any{"code": code, "status": http.StatusText(code)}
	answer(w, code, ory.NewErrorGeneric(*content))
}

func answer(w http.ResponseWriter, code int, model any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(model) // the client may have disconnected
}

func (f *FakeOryNetwork) project(w http.ResponseWriter, r *http.Request) {
	p, ok := f.projects[r.PathValue("id")]
	if !ok {
		fail(w, http.StatusNotFound)
		return
	}
	answer(w, http.StatusOK, p)
}

// list pages with tokens that mean nothing to others, and whole URLs in its
// links.
func (f *FakeOryNetwork) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if ids, ok := query["ids"]; ok {
		selected := make([]ory.Identity, 0, len(ids))
		for _, i := range f.identities {
			if slices.Contains(ids, i.Id) {
				selected = append(selected, shown(i, query["include_credential"]))
			}
		}
		answer(w, http.StatusOK, selected)
		return
	}
	size, err := strconv.Atoi(query.Get("page_size"))
	if err != nil || size > pageSize {
		size = pageSize
	}
	from := 0
	if token := query.Get("page_token"); token != "" {
		if from, err = strconv.Atoi(strings.TrimPrefix(token, "eyJwYWdl-")); err != nil || from > len(f.identities) {
			fail(w, http.StatusBadRequest)
			return
		}
	}
	to := min(from+size, len(f.identities))
	if to < len(f.identities) {
		query.Set("page_token", "eyJwYWdl-"+strconv.Itoa(to))
		w.Header().Set("Link", "<"+f.URL+"/admin/identities?"+query.Encode()+`>; rel="next"`)
	}
	page := make([]ory.Identity, 0, size)
	for _, i := range f.identities[from:to] {
		page = append(page, shown(i, query["include_credential"]))
	}
	answer(w, http.StatusOK, page)
}

func (f *FakeOryNetwork) identity(w http.ResponseWriter, r *http.Request) {
	for _, i := range f.identities {
		if i.Id == r.PathValue("id") {
			answer(w, http.StatusOK, shown(i, r.URL.Query()["include_credential"]))
			return
		}
	}
	failSaying(w, http.StatusNotFound, "Unable to locate the resource") // as kratos does
}

// shown is an identity with the configuration of those credentials alone that
// were asked for.
func shown(i ory.Identity, include []string) ory.Identity {
	credentials := make(map[string]ory.IdentityCredentials)
	for name, c := range i.GetCredentials() {
		asked := false
		for _, want := range include {
			asked = asked || want == name
		}
		if !asked {
			c.Config = nil
		}
		credentials[name] = c
	}
	i.SetCredentials(credentials)
	return i
}
