package webauthn_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// FuzzRelated checks that a document that allows a page also lists it according to a
// second parser, and that all others are rejected with a class and a reason.
func FuzzRelated(f *testing.F) {
	f.Add("application/json", []byte(`{"origins":["https://app.example.net"]}`))
	f.Add("application/json; charset=utf-8", []byte("\ufeff{\"origins\":[\"https://a.test\",\"HTTPS://APP.example.net:443/x\"]}"))
	f.Add("text/html, application/json", []byte(`{"origins":["https://a.test","https://b.test","https://c.test","https://d.test","https://e.test","https://app.example.net"]}`))
	f.Add("*/*", []byte(`{"origins":["\ud800"]}`))
	page := webauthn.Page{Scheme: "https", Host: "app.example.net"}
	rpID := "example.com"
	classes := []webauthn.Class{webauthn.ClassRelatedContentType, webauthn.ClassRelatedJSON, webauthn.ClassRelatedNotListed, webauthn.ClassRelatedLabelLimit, webauthn.ClassNoRelatedOrigins}
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		v := webauthn.Browser(page, &rpID, &webauthn.Document{Status: 200, ContentType: contentType, Body: body})
		require.NotEmpty(t, v.Reason)
		if !v.OK {
			require.Equal(t, webauthn.GateBrowser, v.Gate)
			require.Contains(t, classes, v.Class)
			return
		}
		var doc struct {
			Origins []any `json:"origins"`
		}
		require.NoError(t, json.Unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), &doc))
		require.True(t, slices.ContainsFunc(doc.Origins, func(entry any) bool {
			text, ok := entry.(string)
			listed, err := webauthn.ParsePage(text)
			return ok && err == nil && listed.Origin() == page.Origin()
		}), "%s", body)
	})
}
