package bench_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/kratos/bench/fakekratos"
)

// roleHandler is a server to measure against, in a process of its own.
func roleHandler(role, arg string) (http.Handler, error) {
	switch role {
	case "bare":
		return http.HandlerFunc(bare), nil
	case "fakekratos":
		total, err := strconv.Atoi(arg)
		return fakekratos.Handler(total), err
	case "slowkratos":
		return slow(arg)
	}
	return nil, fmt.Errorf("unknown role %q", role)
}

// bare decodes and encodes what POST /v1/resolve does, and knows nothing.
func bare(w http.ResponseWriter, r *http.Request) {
	var q struct {
		UserHandle   string  `json:"user_handle"`
		CredentialID *string `json:"credential_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	matches := true
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(struct { // a client that went away has no use for an error
		IdentityID        uuid.UUID `json:"identity_id"`
		Credential        string    `json:"credential"`
		State             string    `json:"state"`
		CredentialMatches *bool     `json:"credential_matches"`
		Source            string    `json:"source"`
		ConfirmedAt       time.Time `json:"confirmed_at"`
	}{uuid.Nil, "passkey", "active", &matches, "index", time.Time{}})
}

// slowness is how long the slow Kratos thinks.
const slowness = 5 * time.Second

// slow hands requests on to a Kratos, late.
func slow(kratos string) (http.Handler, error) {
	to, err := url.Parse(kratos)
	if err != nil {
		return nil, err
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(slowness)
		proxy.ServeHTTP(w, r)
	}), nil
}
