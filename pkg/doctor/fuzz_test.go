package doctor

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzPolicies checks that policies are parsed the same from one header and from
// several, have names in lower case, and block by one of their directives.
func FuzzPolicies(f *testing.F) {
	f.Add("default-src 'self'; script-src 'nonce-x' https://a.example", "https://a.example/x.js", "x")
	f.Add("script-src 'strict-dynamic', default-src 'none'", "/x.js", "")
	f.Add("script-src *.example:* data:;;", "https://b.example", "")
	self, err := url.Parse("https://auth.example/login")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text, src, nonce string) {
		policies := parsePolicies([]string{text})
		require.Equal(t, policies, parsePolicies(strings.Split(text, ",")))
		at, err := self.Parse(src)
		if err != nil {
			return
		}
		for _, p := range policies {
			require.NotEmpty(t, p)
			for name := range p {
				require.Equal(t, strings.ToLower(name), name)
			}
			if blocking := p.blocksScript(script{src: at, nonce: nonce}, self); blocking != "" {
				require.Contains(t, p, blocking)
			}
		}
	})
}

// FuzzPage checks that all bytes are a page, with absolute URLs of scripts and
// forms.
func FuzzPage(f *testing.F) {
	f.Add([]byte(`<form method=post action="/self-service/login?flow=x"><input name=method value=passkey><script src=/x.js nonce=y integrity=z></script>`))
	f.Add([]byte(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'"><body onload="oryPasskeyLogin()">`))
	f.Add([]byte("<base href=\"//a\"><form action=\"%zz\">"))
	self, err := url.Parse("https://auth.example/login")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body []byte) {
		d := readDocument(&answer{url: self, body: body})
		for _, s := range d.scripts {
			if s.src != nil {
				require.True(t, s.src.IsAbs())
			}
		}
		for _, action := range d.forms {
			require.True(t, action.IsAbs())
		}
		for _, h := range d.handlers {
			require.True(t, strings.HasPrefix(h, "on"))
		}
	})
}

// FuzzFlow checks that a response is either a flow with an action or an error with
// a text.
func FuzzFlow(f *testing.F) {
	f.Add(200, []byte(`{"id":"x","ui":{"action":"https://a/b","nodes":[{"type":"script","attributes":{"name":"passkey_login","value":"{}","src":"https://a/webauthn.js"}}]}}`))
	f.Add(404, []byte(`{"error":{"message":"gone","reason":"expired"}}`))
	f.Add(200, []byte(`<html>`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		flow, err := readFlow(&answer{status: status, header: http.Header{}, body: body})
		if err != nil {
			require.Nil(t, flow)
			require.NotEmpty(t, err.Error())
			return
		}
		require.Equal(t, http.StatusOK, status)
		require.NotEmpty(t, flow.UI.Action)
		for _, n := range flow.UI.Nodes {
			require.NotNil(t, flow.node(n.Attributes.Name))
		}
		if s := flow.script(); s != nil {
			require.Equal(t, "script", s.Type)
		}
	})
}
