// Package webauthn knows whether a passkey ceremony can work, before anybody
// tries it.
//
// A ceremony passes two gates with different rules. The browser decides whether
// the page may use the relying party id at all (WebAuthn Level 3 §5.1.3 step 7
// and §5.1.4.1 step 6, HTML "is a registrable domain suffix of or is equal to",
// related origins in §5.11). Kratos then compares the origin that the browser
// wrote into the client data with each configured origin, letter by letter
// (go-webauthn v0.11.2, protocol/client.go, which every Kratos from v1.3.1 to
// v26.2.0 pins). A Verdict names the gate that refused.
//
// The package is pure: no network, no clock, no state.
package webauthn

// Gate names who refuses a ceremony.
type Gate string

// The two gates, in the order in which a ceremony meets them.
const (
	GateNone    Gate = ""        // nobody refuses
	GateBrowser Gate = "browser" // navigator.credentials rejects its promise
	GateKratos  Gate = "kratos"  // the browser agrees, Kratos does not
)

// Class says how a ceremony ends; each class is one behaviour that can be told
// apart from outside.
type Class string

// What a browser answers, and the one class of Kratos.
const (
	ClassOK Class = "ok"
	// ClassNotSuffix is a SecurityError at once: rp.id is no host name that
	// could be asked for related origins.
	ClassNotSuffix Class = "not-suffix"
	// ClassNoRelatedOrigins is a SecurityError after a failed fetch of
	// https://<rp.id>/.well-known/webauthn.
	ClassNoRelatedOrigins Class = "not-suffix-and-no-related-origins"
	// ClassInvalidDomain is a SecurityError because the page's host is an IP
	// address.
	ClassInvalidDomain Class = "invalid-domain"
	// ClassNoWebAuthn means that navigator.credentials is undefined: the page
	// is no secure context.
	ClassNoWebAuthn Class = "no-webauthn"
	// The related origins document was fetched, and was of another content type
	// than application/json, was not of the right shape, did not list the page,
	// or lists it only after its fifth label.
	ClassRelatedContentType Class = "related-origin-content-type"
	ClassRelatedJSON        Class = "related-origin-json"
	ClassRelatedNotListed   Class = "related-origin-not-listed"
	ClassRelatedLabelLimit  Class = "related-origin-label-limit"
	// ClassOriginNotConfigured is Kratos' "Error validating origin".
	ClassOriginNotConfigured Class = "origin-not-configured"
)

// Verdict is the end of a ceremony. Reason is one sentence for a person: lower
// case, without a period.
type Verdict struct {
	OK     bool
	Gate   Gate
	Class  Class
	Reason string
}

func refusedByBrowser(class Class, reason string) Verdict {
	return Verdict{Gate: GateBrowser, Class: class, Reason: reason}
}

// Query is one ceremony: the page that calls navigator.credentials, the rp.id
// it passes, and how Kratos is configured.
type Query struct {
	Page Page
	// RPID is rp.id (create) or rpId (get); nil when the call omits it, which
	// makes browsers use the page's host (WebAuthn §5.1.3 step 7).
	RPID *string
	// Origins is the relying party's list of origins; nil when it is not
	// configured.
	Origins []string
	// BaseURL is serve.public.base_url; "" when it is not known.
	BaseURL string
	// Related is what https://<rp.id>/.well-known/webauthn finally answers; nil
	// when there is nothing.
	Related *Document
}

// Predict asks the browser's gate and then, when the query says anything of
// Kratos' configuration, Kratos' gate.
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
