package doctor

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/lint"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
	"github.com/olympusoss/oly-passkey/pkg/wellknown"
)

// fetcher reads the documents of rp.id's host.
func (v *visit) fetcher() *wellknown.Fetcher {
	return wellknown.NewFetcher(wellknown.FetchOptions{Resolve: v.o.Resolve, Roots: v.o.Roots})
}

// meansRelated tells whether pages of other domains are there on purpose: the
// configuration has some, or rp.id's host answers for them.
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

// sites answers what the documents should say, and whether that is known.
func (v *visit) sites() (site *wellknown.Site, configured bool) {
	site = &wellknown.Site{RPID: v.site(), Origins: []string{v.page.Origin()}}
	if v.config != nil {
		if s, err := wellknown.FromConfig(v.config); err == nil {
			site, configured = s, true
			site.RPID = v.site()
		}
	}
	site.Configured = true // what nobody asked for may be missing
	site.Apps, site.Apple = v.o.Android, v.o.Apple
	return site, configured
}

// documentCheck holds one document against the site.
func documentCheck(name wellknown.Name, id string) check {
	return check{id, func(ctx context.Context, v *visit) outcome {
		id := v.site()
		if host, err := webauthn.ParsePage("https://" + id); err == nil && host.IsLocalhost() || id == "" && v.page.IsLocalhost() {
			return na(atLocalhost)
		}
		if id == "" || lint.FlawOf(id) != lint.RPIDFine {
			return notRun("rp.id is not known")
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
			if !configured && (p.ID == "ror-parity" && p.Severity < lint.Error || p.ID == "fingerprint-parity") {
				continue // nobody knows what else is in rp.origins
			}
			out = append(out, Problem{ID: p.ID, Severity: p.Severity, Subject: p.URL, Message: p.Message, Help: p.Help})
		}
		missing := doc.Err != nil || doc.Status != http.StatusOK
		if missing && (len(out) == 0 || !configured && name == wellknown.RelatedOrigins) {
			return na("none is needed") // where the page needs one, rp-id says so
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

// appleCDN: devices read Apple's copy, not the site (Apple, Supporting
// associated domains).
var appleCDN = check{"aasa-cdn", func(ctx context.Context, v *visit) outcome {
	page, err := webauthn.ParsePage("https://" + v.site())
	if len(v.o.Apple) == 0 || err != nil || !lint.IsPublic(page) {
		return na("no --apple-app on a public domain")
	}
	copied := "https://app-site-association.cdn-apple.com/a/v1/" + v.site()
	a, err := v.client.get(ctx, copied, nil)
	if err != nil {
		return notRun("Apple's copy cannot be read: %s", err)
	}
	const help = "wait up to a day, or use the entitlement with ?mode=developer on test devices"
	if a.status != http.StatusOK {
		return found(lint.Warning, copied, help, "Apple has no copy (status %d): %s", a.status, a.header.Get("Apple-Failure-Reason"))
	}
	for _, app := range v.o.Apple {
		if !strings.Contains(string(a.body), `"`+app+`"`) {
			return found(lint.Warning, copied, help, "Apple's copy does not have the app %q yet", app)
		}
	}
	return verdict(nil)
}}

// apiFlows brought passkeys to flows without a browser (39c341b92).
var apiFlows = kratosconf.Version{Major: 26, Minor: 2}

// nativeUnsupported: apps use API flows.
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
		return na("there is no app")
	case v.versionErr != nil:
		return notRun("%s", v.versionErr)
	case !v.version.AtLeast(apiFlows):
		return found(lint.Error, v.o.AdminURL, "upgrade to "+apiFlows.String()+", or sign in through the system's browser", "there are apps, and Kratos %s has passkeys in browser flows only", v.version)
	}
	return verdict(nil)
}}
