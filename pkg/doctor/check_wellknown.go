package doctor

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
	"github.com/olympusoss/oly-passkey/pkg/finding"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// fetcher returns a reader for the documents on rp.id's host.
func (v *visit) fetcher() *wellknown.Fetcher {
	return wellknown.NewFetcher(wellknown.FetchOptions{Resolve: v.o.Resolve, Roots: v.o.Roots})
}

// meansRelated reports whether related origins are in use: the configuration has
// some, or rp.id's host serves the document.
func (v *visit) meansRelated(ctx context.Context, rpID string) bool {
	if host, err := webauthn.ParsePage("https://" + rpID); err != nil || host.IsLocalhost() {
		return false
	}
	if site, configured := v.sites(); configured && len(site.Related()) > 0 {
		return true
	}
	f := v.fetcher()
	defer f.Close()
	doc := f.Fetch(ctx, rpID, wellknown.RelatedOrigins)
	return doc.Err == nil && doc.Status == http.StatusOK
}

// sites returns the expected content of the documents, and whether it comes from
// the configuration.
func (v *visit) sites() (site *wellknown.Site, configured bool) {
	site = &wellknown.Site{RPID: v.site(), Origins: []string{v.page.Origin()}}
	if v.config != nil {
		if s, err := wellknown.FromConfig(v.config); err == nil {
			site, configured = s, true
			site.RPID = v.site()
		}
	}
	site.Configured = true // optional documents may be missing
	site.Apps, site.Apple = v.o.Android, v.o.Apple
	return site, configured
}

// documentCheck compares one document with its expected content.
func documentCheck(name wellknown.Name, id string) check {
	return check{id, func(ctx context.Context, v *visit) outcome {
		id := v.site()
		if host, err := webauthn.ParsePage("https://" + id); err == nil && host.IsLocalhost() || id == "" && v.page.IsLocalhost() {
			return notApplicable(atLocalhost)
		}
		if id == "" || passkeys.CheckRPID(id) != passkeys.RPIDOK {
			return notRun("rp.id is unknown")
		}
		site, configured := v.sites()
		f := v.fetcher()
		defer f.Close()
		doc := f.Fetch(ctx, id, name)
		problems := wellknown.Check(name, doc, site)
		if name == wellknown.PasskeyEndpoints {
			problems = append(problems, wellknown.CheckEndpoints(doc, func(u string) *wellknown.Fetched { return f.Page(ctx, u) })...)
		}
		var out []Problem
		for _, p := range problems {
			if !configured && (p.ID == "ror-parity" && p.Severity < finding.Error || p.ID == "fingerprint-parity") {
				continue // rp.origins is unknown
			}
			out = append(out, Problem{ID: p.ID, Severity: p.Severity, Subject: p.URL, Message: p.Message, Help: p.Help})
		}
		missing := doc.Err != nil || doc.Status != http.StatusOK
		if missing && (len(out) == 0 || !configured && name == wellknown.RelatedOrigins) {
			return notApplicable("not needed") // if the page needs one, rp-id reports it
		}
		return verdict(out)
	}}
}

var (
	relatedOrigins   = documentCheck(wellknown.RelatedOrigins, "related-origins")
	passkeyEndpoints = documentCheck(wellknown.PasskeyEndpoints, "passkey-endpoints")
	assetLinks       = documentCheck(wellknown.AssetLinks, "assetlinks")
	appleAssociation = documentCheck(wellknown.AppleAssociation, "apple-app-site-association")
)

// appleCDN checks Apple's copy of the document, which devices read instead of the
// original (Apple, Supporting associated domains).
var appleCDN = check{"aasa-cdn", func(ctx context.Context, v *visit) outcome {
	page, err := webauthn.ParsePage("https://" + v.site())
	if len(v.o.Apple) == 0 || err != nil || !passkeys.IsPublic(page) {
		return notApplicable("no --apple-app on a public domain")
	}
	copied := "https://app-site-association.cdn-apple.com/a/v1/" + v.site()
	a, err := v.client.get(ctx, copied, nil)
	if err != nil {
		return notRun("Apple's copy cannot be read: %s", err)
	}
	const help = "wait up to a day, or use the entitlement with ?mode=developer on test devices"
	if a.status != http.StatusOK {
		return failed(finding.Warning, copied, help, "Apple's CDN has no copy (status %d): %s", a.status, a.header.Get("Apple-Failure-Reason"))
	}
	for _, app := range v.o.Apple {
		if !strings.Contains(string(a.body), `"`+app+`"`) {
			return failed(finding.Warning, copied, help, "Apple's copy does not have the app %q yet", app)
		}
	}
	return verdict(nil)
}}

// apiFlows is the version that added passkeys to API flows (39c341b92).
var apiFlows = kratosconf.Version{Major: 26, Minor: 2}

// nativeUnsupported checks that Kratos supports passkeys in native apps, which
// use API flows.
var nativeUnsupported = check{"native-unsupported", func(_ context.Context, v *visit) outcome {
	m := v.method()
	apps := len(v.o.Apple) + len(v.o.Android)
	if m != nil {
		for _, o := range m.Origins {
			if slices.Contains([]string{"android", "ios"}, o.Scheme) || strings.HasPrefix(o.Text, "android:") {
				apps++
			}
		}
	}
	switch {
	case apps == 0:
		return notApplicable("no native app is configured")
	case v.versionErr != nil:
		return notRun("%s", v.versionErr)
	case !v.version.AtLeast(apiFlows):
		return failed(finding.Error, v.o.AdminURL, "upgrade to "+apiFlows.String()+", or sign in through the system's browser", "Kratos %s supports passkeys only in browser flows, and there are native apps", v.version)
	}
	return verdict(nil)
}}
