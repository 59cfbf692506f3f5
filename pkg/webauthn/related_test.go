package webauthn_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

func requirePage(t *testing.T, url string) webauthn.Page {
	t.Helper()
	page, err := webauthn.ParsePage(url)
	require.NoError(t, err)
	return page
}

const document = `https://example.com/.well-known/webauthn`

// askRelated asks for the rp.id example.com on https://app.example.net.
func askRelated(t *testing.T, doc *webauthn.Document) webauthn.Verdict {
	t.Helper()
	rpID := "example.com"
	return webauthn.Browser(requirePage(t, "https://app.example.net"), &rpID, doc)
}

func asJSON(body string) *webauthn.Document {
	return &webauthn.Document{Status: http.StatusOK, ContentType: "application/json", Body: []byte(body)}
}

// TestBrowserReasons: every end of the browser's gate says in one sentence why.
func TestBrowserReasons(t *testing.T) {
	for _, tc := range []struct {
		page, rpID string // rpID "-": the call omits it
		class      webauthn.Class
		reason     string
	}{
		{"https://10.0.0.1", "-", webauthn.ClassInvalidDomain, `the page's host "10.0.0.1" is an IP address; passkeys need a domain name`},
		{"https://a.example.com", "-", webauthn.ClassOK, `without rp.id the browser uses the page's host "a.example.com"`},
		{"https://a.example.com", "a.example.com", webauthn.ClassOK, `rp.id "a.example.com" is the page's host`},
		{"https://a.example.com", "example.com", webauthn.ClassOK, `rp.id "example.com" is a registrable suffix of the page's host "a.example.com"`},
		{"http://a.example.com", "example.com", webauthn.ClassNoWebAuthn, `"http://a.example.com" is not a secure context: except on localhost, passkeys need https`},
		{"http://10.0.0.1:81", "example.com", webauthn.ClassNoWebAuthn, `"http://10.0.0.1:81" is not a secure context: except on localhost, passkeys need https`},
		{"data:,x", "example.com", webauthn.ClassNoWebAuthn, `a "data:" page has no origin, so it is not a secure context`},
		{"https://a.example.com", "", webauthn.ClassNotSuffix, `rp.id "" is not a domain name: it is empty`},
		{"https://a.example.com", "10.0.0.1", webauthn.ClassNotSuffix, `rp.id "10.0.0.1" is not a domain name: it is an IP address`},
		{"https://a.example.com", "https://x", webauthn.ClassNotSuffix, `rp.id "https://x" is not a domain name: it contains ':', which is not allowed in a host name`},
		{"https://a.example.com", "a..b", webauthn.ClassNotSuffix, `rp.id "a..b" is not a domain name: it has an empty, too long or invalid label`},
		{"https://a.example.com", "example.net", webauthn.ClassNoRelatedOrigins, `rp.id "example.net" is not a registrable suffix of the page's host "a.example.com", and https://example.net/.well-known/webauthn has no list of related origins`},
	} {
		var rpID *string
		if tc.rpID != "-" {
			rpID = &tc.rpID
		}
		v := webauthn.Browser(requirePage(t, tc.page), rpID, nil)
		want := webauthn.Verdict{OK: tc.class == webauthn.ClassOK, Class: tc.class, Reason: tc.reason}
		if !want.OK {
			want.Gate = webauthn.GateBrowser
		}
		require.Equal(t, want, v, "%s on %s", tc.rpID, tc.page)
	}
}

// TestNoHostNoPasskey: an empty rp.id does not match the host of any page.
func TestNoHostNoPasskey(t *testing.T) {
	rpID := ""
	require.Equal(t, webauthn.ClassNotSuffix, webauthn.Browser(webauthn.Page{Scheme: "https"}, &rpID, nil).Class)
}

func TestClassNames(t *testing.T) {
	require.Equal(t, "origin-not-configured", string(webauthn.ClassOriginNotConfigured), "reports carry this word")
}

// TestSuffixes: which parts of a host can be an rp.id.
func TestSuffixes(t *testing.T) {
	for _, tc := range []struct {
		host, rpID string
		ok         bool
	}{
		{"a.example.com", "example.com", true},
		{"aexample.com", "example.com", false},
		{"a.example.com", ".example.com", true}, // Chromium takes a leading dot
		{"a.example.com.", "example.com.", true},
		{"a.example.com.", "example.com", true},
		{"a.example.com", "example.com.", false},
		{"a.example.com", "com", false},
		{"a.example.com", "xample.com", false},
		{"a.example.com", "b.a.example.com", false},
		{"a.github.io", "github.io", false},
		{"b.a.github.io", "a.github.io", true},
		{"localhost", "localhost", true},
		{"b.com.", ".com.", false},
	} {
		v := webauthn.Browser(requirePage(t, "https://"+tc.host), &tc.rpID, nil)
		require.Equal(t, tc.ok, v.OK, "%s on %s: %s", tc.rpID, tc.host, v.Reason)
	}
}

// TestRelatedOriginsReasons: the reasons for which a document is invalid.
func TestRelatedOriginsReasons(t *testing.T) {
	listed := `{"origins":["https://app.example.net"]}`
	large := listed + strings.Repeat(" ", 1<<18-len(listed))
	for name, tc := range map[string]struct {
		status      int
		contentType string
		body        string
		class       webauthn.Class
		reason      string // after "<document> "
	}{
		"listed":             {200, "application/json", listed, webauthn.ClassOK, `lists the page's origin "https://app.example.net"`},
		"status 299":         {299, "application/json", listed, webauthn.ClassOK, `lists the page's origin "https://app.example.net"`},
		"as large as can be": {200, "application/json", large, webauthn.ClassOK, `lists the page's origin "https://app.example.net"`},
		"too large":          {200, "application/json", large + " ", webauthn.ClassNoRelatedOrigins, `is larger than 262144 bytes`},
		"status 300":         {300, "application/json", listed, webauthn.ClassNoRelatedOrigins, `responds with status 300`},
		"status 199":         {199, "application/json", listed, webauthn.ClassNoRelatedOrigins, `responds with status 199`},
		"large and missing":  {404, "text/html", large, webauthn.ClassNoRelatedOrigins, `responds with status 404`},
		"no content":         {204, "application/json", listed, webauthn.ClassRelatedJSON, `is not a JSON object`},
		"reset content":      {205, "application/json", listed, webauthn.ClassRelatedJSON, `is not a JSON object`},
		"text":               {200, "Text/Plain; charset=utf-8", listed, webauthn.ClassRelatedContentType, `has the content type "Text/Plain; charset=utf-8"; browsers only accept "application/json"`},
		"null":               {200, "application/json", `null`, webauthn.ClassRelatedJSON, `is not a JSON object`},
		"a list":             {200, "application/json", `[]`, webauthn.ClassRelatedJSON, `is not a JSON object`},
		"no JSON":            {200, "application/json", `{"origins":x}`, webauthn.ClassRelatedJSON, `is not valid JSON: invalid character 'x' looking for beginning of value`},
		"breaks off":         {200, "application/json", `{"origins":`, webauthn.ClassRelatedJSON, `is not a JSON object`},
		"no member":          {200, "application/json", `{"Origins":[]}`, webauthn.ClassRelatedJSON, `has no member "origins"`},
		"a text":             {200, "application/json", `{"origins":"https://app.example.net"}`, webauthn.ClassRelatedJSON, `has a member "origins" that is not a list`},
		"a null":             {200, "application/json", `{"origins":null}`, webauthn.ClassRelatedJSON, `has a member "origins" that is not a list`},
		"an entry":           {200, "application/json", `{"origins":["https://x.example",null]}`, webauthn.ClassRelatedJSON, `has an entry 1 that is not a string`},
		"a number":           {200, "application/json", `{"origins":[7]}`, webauthn.ClassRelatedJSON, `has an entry 0 that is not a string`},
		"not listed":         {200, "application/json", `{"origins":["https://example.net"]}`, webauthn.ClassRelatedNotListed, `does not list the page's origin "https://app.example.net"`},
		"no URL":             {200, "application/json", `{"origins":["app.example.net"]}`, webauthn.ClassRelatedNotListed, `does not list the page's origin "https://app.example.net"`},
		"half a surrogate":   {200, "application/json", `{"origins":["\ud800"]}`, webauthn.ClassRelatedJSON, `has a string with a lone surrogate`},
		"beyond five labels": {
			200, "application/json", `{"origins":["https://a.test","https://b.test","https://c.test","https://d.test","https://e.test","https://app.example.net"]}`,
			webauthn.ClassRelatedLabelLimit, `has more than 5 registrable labels, and "https://app.example.net" is not among the first 5`,
		},
		"the fifth label": {
			200, "application/json", `{"origins":["https://a.test","https://b.test","https://c.test","https://d.test","https://a.example","https://app.example.net"]}`,
			webauthn.ClassOK, `lists the page's origin "https://app.example.net"`,
		},
		"no registrable label": {
			200, "application/json", `{"origins":["https://com","https://10.0.0.1","https://[::1]","x","y:z","https://app.example.net"]}`,
			webauthn.ClassOK, `lists the page's origin "https://app.example.net"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := askRelated(t, &webauthn.Document{Status: tc.status, ContentType: tc.contentType, Body: []byte(tc.body)})
			require.Equal(t, tc.class, v.Class, v.Reason)
			reason := document + " " + tc.reason
			if tc.class == webauthn.ClassNoRelatedOrigins {
				reason = `rp.id "example.com" is not a registrable suffix of the page's host "app.example.net", and ` + reason
			}
			require.Equal(t, reason, v.Reason)
		})
	}
}

// TestRelatedNesting: Chromium's reader goes 199 levels deep.
func TestRelatedNesting(t *testing.T) {
	nested := func(levels int) string {
		return `{"origins":["https://app.example.net"],"x":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + `}`
	}
	require.True(t, askRelated(t, asJSON(nested(199))).OK)
	require.Equal(t, document+" is nested more than 199 levels deep", askRelated(t, asJSON(nested(200))).Reason)
	wide := `{"origins":["https://app.example.net"],"x":[` + strings.Repeat("[],{},", 300) + `0]}`
	require.True(t, askRelated(t, asJSON(wide)).OK, "what is closed is not deep")
}

// TestMediaTypes: which Content-Type headers Chromium takes for JSON.
func TestMediaTypes(t *testing.T) {
	for header, ok := range map[string]bool{
		"application/json":                       true,
		"Application/JSON":                       true,
		"application/json;charset=utf-8":         true,
		"application/json ; x":                   true,
		"application/json(comment)":              true,
		"application/json\tx":                    true,
		" application/json":                      true,
		"text/html, application/json":            true,
		"application/json, text/html":            false,
		"application/json, */*":                  true,
		"application/json, nonsense":             true,
		"application/json, ":                     true,
		`application/json; x="a, text/html"`:     true,
		`text/html; x="a, application/json"`:     false,
		`text/html; x="a", application/json`:     true,
		`text/html; x="a" "b, application/json"`: false,
		"application/json-patch":                 false,
		"":                                       false,
		"/":                                      false,
		";application/json":                      false,
		" ;/, application/json":                  true,
	} {
		doc := asJSON(`{"origins":["https://app.example.net"]}`)
		doc.ContentType = header
		require.Equal(t, ok, askRelated(t, doc).OK, "%q", header)
	}
}

// TestSurrogates: halves of surrogate pairs, which encoding/json lets pass and
// Chromium does not.
func TestSurrogates(t *testing.T) {
	for text, whole := range map[string]bool{
		`\ud800\udc00`: true, `\uD8FF\uDCFF`: true, `\ud900\udd00`: true, `\uda00\ude00`: true, `\uDbff\uDfff`: true, `\udBff\udFff`: true,
		`\ud800`: false, `\ud900`: false, `\uda00`: false, `\udb00`: false,
		`\udc00`: false, `\udd00`: false, `\ude00`: false, `\udf00`: false, `\uDFFF`: false,
		`\ud800x\udc00`: false, `\ud800\n\udc00`: false, `\ud800\ud800\udc00`: false, `\ud800\udc00\udc00`: false, `\udc00\ud800`: false,
		`\ud7ff`: true, `\ue000`: true, `\u0800`: true, `\u0d80`: true, `\u1c00`: true, `\ufd80`: true,
		`\\ud800`: true, `\\\ud800`: false, `\"\u0041`: true, `\n\u0041\n`: true, `\\`: true, `\u00d8`: true,
	} {
		v := askRelated(t, asJSON(`{"origins":["https://app.example.net"],"x":"`+text+`"}`))
		lone := v.Reason == document+" has a string with a lone surrogate"
		require.Equal(t, !whole, lone, "%s: %s", text, v.Reason)
	}
	require.Equal(t, document+" is not valid JSON: invalid character 'g' in \\u hexadecimal character escape", askRelated(t, asJSON(`{"x":"\udg00"}`)).Reason)
	// Outside of any string they are an error anyway, but not this one.
	for _, end := range []string{`\`, `\u`, `\ud80`, `\ud8`} {
		require.Equal(t, webauthn.ClassRelatedJSON, askRelated(t, asJSON(`{"x":"`+end)).Class, end)
	}
	require.Equal(t, document+" has a string with a lone surrogate", askRelated(t, asJSON(`"\ud800`)).Reason, "it may be the last there is")
	require.Equal(t, document+" has a string with a lone surrogate", askRelated(t, asJSON(`\ud800\`)).Reason)
}

// TestRelatedHostNames: which rp.ids are asked for a document at all.
func TestRelatedHostNames(t *testing.T) {
	label := strings.Repeat("a", 63)
	for rpID, asked := range map[string]bool{
		"example.com": true, "example.com.": true, "EXAMPLE.COM": true, "a_b.example": true, "-a.example": true, "9.example": true,
		"example.9a": true, "example.-a": false, "example._a": false, "z.Z": true, "A.example": true, "a.b+c": false, "a.b@c": false, "a[.b": false, "a{.b": false, "a`.b": false, "a/b": false, "a:b": false,
		label + ".example": true, label + "a.example": false,
		strings.Repeat(label+".", 3) + strings.Repeat("b", 61):       true,  // 253 characters
		strings.Repeat(label+".", 3) + strings.Repeat("b", 61) + ".": true,  // and the root
		strings.Repeat(label+".", 3) + strings.Repeat("b", 62):       false, // 254
	} {
		v := webauthn.Browser(requirePage(t, "https://app.example.net"), &rpID, nil)
		require.Equal(t, asked, v.Class == webauthn.ClassNoRelatedOrigins, "%s: %s", strconv.Quote(rpID), v.Reason)
	}
	rpID := "BÜCHER.example"
	v := webauthn.Browser(requirePage(t, "https://app.example.net"), &rpID, nil)
	require.Equal(t, `rp.id "BÜCHER.example" is not a registrable suffix of the page's host "app.example.net", and https://xn--bcher-kva.example/.well-known/webauthn has no list of related origins`, v.Reason)
}

func TestMoreRegistrableDomains(t *testing.T) {
	for host, domain := range map[string]string{
		".example.com": "", "..": "", ".": "", "[::1]": "", "[a.example.com]": "", "a.1": "", "1.2.3.4": "", "a.example.com": "example.com", "a..example.com": "",
	} {
		require.Equal(t, domain, webauthn.RegistrableDomain(host), "%q", host)
	}
	for host, suffix := range map[string]bool{"com": true, "co.uk": true, "github.io": true, "test": false, "a.test": false, "10": false, ".uk": false, "": false} {
		require.Equal(t, suffix, webauthn.IsPublicSuffix(host), "%q", host)
	}
}

// TestPredictReasons: the reason names both gates if both accept, and only the second
// if that one rejects.
func TestPredictReasons(t *testing.T) {
	rpID := "example.com"
	q := webauthn.Query{Page: requirePage(t, "https://a.example.com"), RPID: &rpID, Origins: []string{"https://a.example.com"}}
	const browser = `rp.id "example.com" is a registrable suffix of the page's host "a.example.com"`
	require.Equal(t, webauthn.Verdict{OK: true, Class: webauthn.ClassOK, Reason: browser + `, and Kratos expects the origin "https://a.example.com"`}, webauthn.Predict(q))
	q.Origins = []string{"1", "2", "3", "4", "5"}
	require.Equal(t, `the browser sends the origin "https://a.example.com", but Kratos expects "1", "2", "3", "4", "5"`, webauthn.Predict(q).Reason)
	require.Equal(t, webauthn.Verdict{OK: true, Class: webauthn.ClassOK, Reason: `Kratos expects the origin "https://a"`}, webauthn.Kratos("https://a", rpID, []string{"HTTPS://A"}, ""))
	q.Origins = nil
	require.Equal(t, browser, webauthn.Predict(q).Reason, "nothing is known of Kratos")
}
