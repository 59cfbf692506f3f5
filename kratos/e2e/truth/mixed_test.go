package truth_test

import (
	"math/rand/v2"
	"strings"
)

// proxies are deployments with a proxy in front of Kratos and of the pages. The
// browser has the page's origin, Kratos another base_url or another ui_url.
func proxies(method string) (out []deployment) {
	for _, c := range []struct {
		page, ui, base string
		origins        []any
	}{
		{auth, auth, "http://kratos:4433/", []any{auth}},
		{auth, auth, "http://127.0.0.1:4433/", []any{auth}},
		{auth, auth, "https://auth.example.com/kratos/", []any{auth}},
		{auth, auth, "https://api.example.com:8443/", []any{auth}},
		{auth, "http://auth.example.com", "http://auth.example.com/", []any{auth}},
		{auth, "http://auth.example.com", "http://auth.example.com/", []any{"http://auth.example.com"}},
		{auth, "https://login.example.com", "https://login.example.com/", []any{"https://login.example.com"}},
		{auth, "https://login.example.com", "https://login.example.com/", []any{"https://login.example.com", auth}},
		{"https://auth.example.com:18443", auth, "https://auth.example.com/", []any{auth}},
		{"https://auth.example.com:18443", auth, "https://auth.example.com/", []any{auth + ":18443", auth}},
		{"http://localhost:18080", "http://localhost:4455", "http://localhost:4433/", []any{"http://localhost:4455"}},
		{"http://localhost:18080", "http://127.0.0.1:4455", "http://127.0.0.1:4433/", []any{"http://localhost:18080"}},
	} {
		d := good(method)
		id := "example.com"
		if strings.Contains(c.page, "localhost") {
			id = "localhost"
		}
		d.Page, d.UI, d.BaseURL, d.Config = c.page, c.ui, c.base, config(id, c.origins...)
		out = append(out, d)
	}
	return out
}

// mixed returns deployments with any number of faults at once: each part is drawn
// independently and is right half of the time.
func mixed(method string) (out []deployment) {
	r := rand.New(rand.NewPCG(seed, uint64(len(method))))
	pages := []string{auth, "https://app.example.com", "https://auth.example.com:18443", "http://localhost:18080", "https://app.example.org", "https://auth.example.co.uk"}
	for range 36 {
		d := good(method)
		d.Page = pages[r.IntN(len(pages))]
		host, _, _ := strings.Cut(strings.SplitN(d.Page, "://", 2)[1], ":")
		site := strings.TrimPrefix(strings.TrimPrefix(host, "auth."), "app.")
		id := pick(r, site, host, "example.com", "co.uk", "https://"+host, host+":18443", "localhost")
		right := d.Page
		origins := []any{pick(r, right, right+"/", right+"/login", strings.ToUpper(right), "https://*."+site, "https://"+site, right+":1")}
		if r.IntN(3) == 0 {
			origins = append([]any{pick(r, "https://other."+site, auth, "http://localhost:18080")}, origins...)
		}
		d.BaseURL = pick(r, d.Page+"/", "http://kratos:4433/", "https://"+host+"/", "https://auth.example.com/")
		d.Config = config(id, origins...)
		if r.IntN(4) == 0 {
			d.Config = object{"rp": object{"id": id, "display_name": "Example"}}
		}
		if r.IntN(5) == 0 {
			d.Schema = schema(pick(r, `"title": "E-mail", "ory.sh/kratos": {"credentials": {"webauthn": {"identifier": true}}}`, `"title": "E-mail"`))
		}
		if r.IntN(4) == 0 {
			d.Hooks = nil
		}
		out = append(out, d)
	}
	return out
}

// pick returns the right one half of the time, and otherwise one of the others.
func pick(r *rand.Rand, right string, others ...string) string {
	if r.IntN(2) == 0 {
		return right
	}
	return others[r.IntN(len(others))]
}
