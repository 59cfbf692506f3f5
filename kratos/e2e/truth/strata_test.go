package truth_test

import (
	"strings"

	"github.com/olympusoss/oly-passkey/kratos/e2e/chromium"
)

// rpIDs: the browser's gate. The page's origin is always listed.
func rpIDs(method string) (out []deployment) {
	ids := map[string][]any{
		auth:                             {"auth.example.com", "example.com", "com", "app.example.com", "https://auth.example.com", "auth.example.com:443", "Auth.example.com", "auth.example.com.", "*.example.com", "localhost", "127.0.0.1", "ample.com", "other.test", "example.com/login"},
		"https://a.b.example.co.uk":      {"b.example.co.uk", "example.co.uk", "co.uk", "a.b.example.co.uk", "c.example.co.uk"},
		"https://shop.github.io":         {"shop.github.io", "github.io"},
		"https://login.bücher.de":        {"xn--bcher-kva.de", "bücher.de"},
		"http://localhost:18080":         {"localhost", "localhost:18080", "http://localhost:18080", "127.0.0.1", "LOCALHOST", "example.com"},
		"http://app.localhost:18080":     {"app.localhost", "localhost"},
		"http://127.0.0.1:18080":         {"localhost", "127.0.0.1"},
		"http://auth.example.com":        {"auth.example.com", "example.com"},
		"https://auth.example.com:18443": {"example.com", "auth.example.com", "auth.example.com:18443"},
		"https://intranet":               {"intranet"},
		"https://10.1.2.3":               {"10.1.2.3"},
	}
	for page, list := range ids {
		for _, id := range list {
			d := good(method)
			d.Page, d.BaseURL, d.Config = page, page+"/", config(id, punycode(page))
			out = append(out, d)
		}
	}
	return sorted(out)
}

// origins: Kratos' gate. The rp.id is always right.
func origins(method string) (out []deployment) {
	lists := map[string][][]any{
		auth: {
			{auth},
			{"https://AUTH.example.com"},
			{auth + "/"},
			{auth + ":443"},
			{auth + "/login"},
			{"http://auth.example.com"},
			{"https://example.com"},
			{"https://app.example.com", auth},
			{"https://*.example.com"},
			{auth + "?x=1"},
			{"https://user@auth.example.com"},
			{auth + ":8443"},
			{"https://auth.example.com.evil.test"},
			{auth, auth},
			{auth + "/", auth},
			{"android:apk-key-hash:7d1043473d55bfa90e8530d35801d4e381bc69f0Abc", auth},
		},
		"https://auth.example.com:18443": {{auth}, {auth + ":18443"}, {auth + ":18443/"}},
		"http://localhost:18080":         {{"http://localhost:18080"}, {"http://localhost"}, {"http://localhost:4455"}, {"https://localhost:18080"}, {"http://127.0.0.1:18080"}, {"http://localhost:18080/login"}},
		"https://login.bücher.de":        {{"https://login.bücher.de"}, {"https://login.xn--bcher-kva.de"}},
	}
	for page, all := range lists {
		for _, list := range all {
			d := good(method)
			id := strings.TrimPrefix(strings.TrimPrefix(punycode(page), "https://"), "http://")
			id, _, _ = strings.Cut(id, ":")
			d.Page, d.BaseURL, d.Config = page, page+"/", config(id, list...)
			out = append(out, d)
		}
	}
	return sorted(out)
}

// defaults: no origins are configured, so base_url's scheme and rp.id decide.
func defaults(method string) (out []deployment) {
	for _, c := range []struct{ page, base, id string }{
		{auth, "https://auth.example.com/", "auth.example.com"},
		{auth, "https://auth.example.com/", "example.com"},
		{auth, "http://kratos:4433/", "auth.example.com"},
		{auth, "https://kratos.internal/", "auth.example.com"},
		{"http://localhost:18080", "http://localhost:4433/", "localhost"},
		{"http://localhost", "http://localhost:4433/", "localhost"},
		{"https://auth.example.com:18443", "https://auth.example.com:18443/", "auth.example.com"},
		{"https://example.com", "https://auth.example.com/", "example.com"},
	} {
		d := good(method)
		d.Page, d.BaseURL = c.page, c.base
		d.Config = object{"rp": object{"id": c.id, "display_name": "Example"}}
		out = append(out, d)
	}
	return out
}

// related: rp.id is another domain, which may list the page.
func related(method string) (out []deployment) {
	const page = "https://app.example.org"
	list := func(origins string) *chromium.Document {
		return &chromium.Document{Status: 200, ContentType: "application/json", Body: `{"origins": [` + origins + `]}`}
	}
	for _, doc := range []*chromium.Document{
		nil, list(`"` + page + `"`), list(`"https://other.example"`), list(``), list(`"` + page + `/"`),
		list(`"https://a1.com","https://a2.com","https://a3.com","https://a4.com","https://a5.com","` + page + `"`),
		{Status: 200, ContentType: "text/html", Body: "<!doctype html>"},
		{Status: 404, ContentType: "application/json", Body: `{"origins": ["` + page + `"]}`},
		{Status: 200, ContentType: "application/json", Body: `["` + page + `"]`},
	} {
		d := good(method)
		d.Page, d.Related, d.Config = page, doc, config("example.com", page)
		out = append(out, d)
		e := d
		e.Config = config("example.com", auth)
		out = append(out, e)
	}
	return out
}

// schemas: which trait names the passkey.
func schemas(method string) (out []deployment) {
	two := `"title": "E-mail", "ory.sh/kratos": {"credentials": {"passkey": {"display_name": true}, "webauthn": {"identifier": true}}}}, "name": {"type": "string", "title": "Name", "ory.sh/kratos": {"credentials": {"passkey": {"display_name": true}}}`
	nested := `"title": "E-mail", "ory.sh/kratos": {"credentials": {"webauthn": {"identifier": false}}}}, "person": {"type": "object", "properties": {"name": {"type": "string", "title": "Name", "ory.sh/kratos": {"credentials": {"passkey": {"display_name": true}}}}}`
	for _, s := range []string{
		goodSchema,
		`"title": "E-mail"`,
		`"title": "E-mail", "ory.sh/kratos": {"credentials": {"password": {"identifier": true}}}`,
		`"title": "E-mail", "ory.sh/kratos": {"credentials": {"webauthn": {"identifier": true}}}`,
		`"title": "E-mail", "ory.sh/kratos": {"credentials": {"passkey": {"display_name": true}}}`,
		`"title": "E-mail", "ory.sh/kratos": {"credentials": {"passkey": {"identifier": true}}}`,
		`"ory.sh/kratos": {"credentials": {"webauthn": {"identifier": true}, "passkey": {"display_name": true}}}`,
		two,
		nested,
	} {
		d := good(method)
		d.Schema = schema(s)
		out = append(out, d)
	}
	return out
}

// mechanics: what Kratos rejects at start, what it ignores, and what makes it fail.
func mechanics(method string) (out []deployment) {
	rp := func(extra object) object {
		c := config("example.com", auth)
		for k, v := range extra {
			if v == nil {
				delete(c["rp"].(object), k)
			} else {
				c["rp"].(object)[k] = v
			}
		}
		return c
	}
	for _, c := range []any{
		rp(object{"id": nil}), rp(object{"id": ""}), rp(object{"display_name": nil}), rp(object{"origin": auth}),
		rp(object{"origin": "https://other.example.com", "origins": nil}), rp(object{"origins": []any{}}), rp(object{"origins": auth}),
		rp(object{"icon": "https://example.com/i.png"}), rp(object{"idd": "x"}), rp(object{"origins": []any{"not an origin"}}),
		object{},
		nil, rp(nil),
	} {
		d := good(method)
		d.Config = c
		out = append(out, d)
	}
	beside := good(method)
	beside.Config.(object)["display_name"] = "Example"
	attachment := good(method)
	attachment.Config.(object)["authenticator_selection"] = object{"attachment": "platform"}
	for _, text := range []string{"---\ndsn: other\n", "log:\n  level: debug\n", "selfservices: {}\n"} {
		d := good(method)
		d.Text = text
		out = append(out, d)
	}
	return append(out, beside, attachment)
}

// hooks after registration.
func hooks(method string) (out []deployment) {
	quiet := object{"hook": "web_hook", "config": object{"url": "http://127.0.0.1:9/", "method": "POST", "body": "base64://ZnVuY3Rpb24oY3R4KSB7fQ==", "response": object{"ignore": true}}}
	both := object{"hook": "web_hook", "config": object{"url": "http://127.0.0.1:9/", "method": "POST", "body": "base64://ZnVuY3Rpb24oY3R4KSB7fQ==", "response": object{"ignore": true, "parse": true}}}
	for _, h := range [][]any{
		nil, {object{"hook": "session"}}, {quiet}, {quiet, object{"hook": "session"}}, {object{"hook": "session"}, quiet}, {both}, {object{"hook": "sessions"}},
	} {
		d := good(method)
		d.Hooks = h
		out = append(out, d)
	}
	return out
}
