// Package webauthn predicts whether a passkey ceremony can succeed.
//
// A ceremony passes two gates with different rules. The browser decides whether
// the page may use the relying party id at all (WebAuthn Level 3 §5.1.3 step 7
// and §5.1.4.1 step 6, HTML "is a registrable domain suffix of or is equal to",
// related origins in §5.11). Kratos then compares the origin that the browser
// wrote into the client data with each configured origin, character by character
// (go-webauthn v0.11.2, protocol/client.go, which every Kratos from v1.3.1 to
// v26.2.0 pins). A Verdict names the gate that rejects it.
//
// The package is pure: no network, no clock, no state.
package webauthn

// Gate is the party that rejects a ceremony.
type Gate string

// The two gates, in the order in which a ceremony passes them.
const (
	GateNone    Gate = ""        // the ceremony is not rejected
	GateBrowser Gate = "browser" // navigator.credentials rejects its promise
	GateKratos  Gate = "kratos"  // the browser accepts the ceremony, Kratos rejects it
)

// Class is the outcome of a ceremony; each class is a distinct observable
// behaviour.
type Class string

// The outcomes in the browser, and the one in Kratos.
const (
	ClassOK Class = "ok"
	// ClassNotSuffix is an immediate SecurityError: rp.id is not a host name, so
	// related origins cannot be fetched.
	ClassNotSuffix Class = "not-suffix"
	// ClassNoRelatedOrigins is a SecurityError after a failed fetch of
	// https://<rp.id>/.well-known/webauthn.
	ClassNoRelatedOrigins Class = "not-suffix-and-no-related-origins"
	// ClassInvalidDomain is a SecurityError because the page's host is an IP
	// address.
	ClassInvalidDomain Class = "invalid-domain"
	// ClassNoWebAuthn means that navigator.credentials is undefined: the page
	// is not a secure context.
	ClassNoWebAuthn Class = "no-webauthn"
	// The related origins document was fetched, but has a content type other than
	// application/json, has an invalid form, does not list the page, or lists it only
	// after its fifth label.
	ClassRelatedContentType Class = "related-origin-content-type"
	ClassRelatedJSON        Class = "related-origin-json"
	ClassRelatedNotListed   Class = "related-origin-not-listed"
	ClassRelatedLabelLimit  Class = "related-origin-label-limit"
	// ClassOriginNotConfigured is Kratos' "Error validating origin".
	ClassOriginNotConfigured Class = "origin-not-configured"
)

// Verdict is the outcome of a ceremony. Reason is a sentence to show to users, in
// lower case and without a period.
type Verdict struct {
	OK     bool
	Gate   Gate
	Class  Class
	Reason string
}

func rejectedByBrowser(class Class, reason string) Verdict {
	return Verdict{Gate: GateBrowser, Class: class, Reason: reason}
}

// Query is one ceremony: the page that calls navigator.credentials, the rp.id
// it passes, and how Kratos is configured.
type Query struct {
	Page Page
	// RPID is rp.id (create) or rpId (get); nil if the call omits it, in which case
	// browsers use the page's host (WebAuthn §5.1.3 step 7).
	RPID *string
	// Origins is the relying party's list of origins; nil if it is not configured.
	Origins []string
	// BaseURL is serve.public.base_url; "" if it is unknown.
	BaseURL string
	// Related is the response of https://<rp.id>/.well-known/webauthn after
	// redirects; nil if there is none.
	Related *Document
}

// Predict returns the verdict of the browser's gate and, if the query has Kratos'
// configuration, of Kratos' gate.
func Predict(q Query) Verdict {
	v := Browser(q.Page, q.RPID, q.Related)
	if !v.OK || q.Origins == nil && q.BaseURL == "" {
		return v
	}
	rpID := q.Page.Host
	if q.RPID != nil {
		rpID = *q.RPID
	}
	if k := Kratos(q.Page.Origin(), rpID, q.Origins, q.BaseURL); !k.OK {
		return k
	}
	v.Reason += ", and Kratos expects the origin " + quote(q.Page.Origin())
	return v
}
