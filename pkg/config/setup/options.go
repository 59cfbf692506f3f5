package setup

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Validate returns an *OptionError for invalid options.
func (o Options) Validate() error {
	_, err := o.complete()
	return err
}

// complete checks the options and fills in the defaults.
func (o Options) complete() (site, error) {
	var s site
	o = o.forTarget()
	for _, step := range []func(Options, *site) error{
		Options.domain, Options.methods, Options.urls, Options.relyingParty, Options.origins,
		Options.apps, Options.kratos, Options.instance,
		Options.cookies, Options.mount, Options.listeners, Options.appName, Options.environment, Options.target, Options.continuous,
	} {
		if err := step(o, &s); err != nil {
			return site{}, err
		}
	}
	return s, nil
}

func (o Options) domain(s *site) error {
	host, err := hostName("--domain", o.Domain)
	if err != nil {
		return err
	}
	if webauthn.IsPublicSuffix(host) {
		return optionf("--domain", "%q is a public suffix, under which others register names; give your own name below it", o.Domain)
	}
	s.RPID = host
	s.MailFrom = "no-reply@" + host
	s.Local = host == "localhost" || strings.HasSuffix(host, ".localhost")
	return nil
}

func (o Options) methods(s *site) error {
	switch o.SignUp {
	case "", CodeFirst:
	case PasskeyFirst:
		s.PasskeyFirst = true
	default:
		return optionf("--sign-up", "%q is unknown; use %s or %s", o.SignUp, CodeFirst, PasskeyFirst)
	}
	if o.RefuseAddressChange && s.PasskeyFirst {
		return optionf("--refuse-address-change", "cannot be combined with --sign-up %s, where the address is entered in settings", PasskeyFirst)
	}
	s.RefuseAddressChange = o.RefuseAddressChange
	s.Methods = []string{"passkey"}
	switch o.WebAuthn {
	case Off:
		return nil
	case Passwordless:
	case SecondFactor:
		s.SecondFactor = true
	default:
		return optionf("--webauthn", "%q is unknown; use %s or %s", o.WebAuthn, Passwordless, SecondFactor)
	}
	s.WebAuthn = true
	s.Methods = append(s.Methods, "webauthn")
	return nil
}

// relyingParty sets rp.id, and checks that browsers accept it on the domain and on
// the pages.
func (o Options) relyingParty(s *site) error {
	if o.RPID != "" {
		id, err := hostName("--rp-id", o.RPID)
		if err != nil {
			return err
		}
		if webauthn.IsPublicSuffix(id) {
			return optionf("--rp-id", "%q is a public suffix; no browser lets one site speak for all of it", o.RPID)
		}
		domain := webauthn.Page{Scheme: "https", Host: s.RPID}
		if v := webauthn.Browser(domain, &id, nil); !v.OK {
			return optionf("--rp-id", "%q is neither %q nor a parent domain of it, so browsers reject it there", o.RPID, s.RPID)
		}
		s.RPID = id
	}
	page, err := webauthn.ParsePage(s.Origin)
	if err != nil {
		return fmt.Errorf("pages at %q: %w", s.Origin, err)
	}
	if v := webauthn.Browser(page, &s.RPID, nil); !v.OK {
		return optionf("--ui-url", "%q cannot use the relying party id %q, which is neither its host nor a parent domain of it%s", s.UIURL, s.RPID, parentHint(s.RPID, page.Host))
	}
	if parent := webauthn.RegistrableDomain(s.RPID); parent != s.RPID {
		s.Parent = parent
	}
	return nil
}

// parentHint returns a hint with the rp.id that works on both hosts.
func parentHint(rpID, pageHost string) string {
	if common := commonDomain(rpID, pageHost); common != "" {
		return fmt.Sprintf("; --rp-id %s serves both", common)
	}
	return ""
}

// origins sets further origins, on which the relying party id has to work too.
func (o Options) origins(s *site) error {
	for _, raw := range o.Origins {
		u, err := pageURL("--origin", raw)
		if err != nil {
			return err
		}
		if u.Path != "" {
			return optionf("--origin", "%q has a path, and browsers send none; write %s://%s", raw, u.Scheme, u.Host)
		}
		page, err := webauthn.ParsePage(raw)
		if err != nil {
			return fmt.Errorf("origin %q: %w", raw, err)
		}
		fits := webauthn.Browser(page, &s.RPID, nil).OK
		if !fits && !o.mayBeRelated(page) {
			return optionf("--origin", "%q cannot use the relying party id %q, which is neither its host nor a parent domain of it%s", raw, s.RPID, parentHint(s.RPID, page.Host))
		}
		if origin := u.String(); origin != s.Origin && !slices.Contains(s.MoreOrigins, origin) {
			s.MoreOrigins = append(s.MoreOrigins, origin)
			if !fits {
				s.OtherSites = append(s.OtherSites, origin)
			}
		}
	}
	return s.relatedBudget(o)
}

// mayBeRelated reports whether a page on another site can use the relying party id
// by related origins (WebAuthn Level 3 §5.11): https, on a domain of its own.
func (o Options) mayBeRelated(page webauthn.Page) bool {
	return o.Related && page.Scheme == "https" && !page.IsLocalhost() && webauthn.RegistrableDomain(page.Host) != ""
}

// relatedBudget is what browsers promise to read: five labels, such as the
// "example" of example.com and example.de.
func (s *site) relatedBudget(o Options) error {
	if o.Related && len(s.OtherSites) == 0 {
		return optionf("--origin", "is missing; related origins are pages on other sites than %s, such as https://www.example.org", s.RPID)
	}
	doc := &webauthn.Document{Status: http.StatusOK, ContentType: "application/json", Body: s.relatedDocument()}
	for _, origin := range s.OtherSites {
		page, err := webauthn.ParsePage(origin)
		if err != nil {
			return fmt.Errorf("origin %q: %w", origin, err)
		}
		if v := webauthn.Browser(page, &s.RPID, doc); !v.OK {
			return optionf("--origin", "%q is one label too many: browsers read five different ones in a related origins document", origin)
		}
	}
	return nil
}

// cookies makes sure that all pages and Kratos see the same cookies: one host
// name, or a domain above all. The pages share one already, for the relying party
// id works on all of them.
func (o Options) cookies(s *site) error {
	common := hostOf(s.UIURL)
	one := true
	for _, other := range append([]string{s.KratosURL}, s.MoreOrigins...) {
		host := hostOf(other)
		if host == common || slices.Contains(s.OtherSites, other) { // which reach Kratos on their own host
			continue
		}
		one = false
		above := commonDomain(common, host)
		if above == "" {
			return optionf("--kratos-url", "%q and the pages at %q share no domain, so no cookie reaches both; put Kratos on the same host name or another name under the same domain", other, s.UIURL)
		}
		common = above
	}
	if !one {
		s.CookieDomain = common
	}
	return nil
}

func (o Options) appName(s *site) error {
	s.AppName = o.AppName
	if s.AppName == "" {
		s.AppName = defaultAppName(s.RPID)
	}
	switch {
	case strings.TrimSpace(s.AppName) != s.AppName, strings.ContainsFunc(s.AppName, notPrintable):
		return optionf("--app-name", "%q has leading or trailing spaces or non-printable characters", o.AppName)
	case len(s.AppName) > 64:
		return optionf("--app-name", "%q has %d bytes; authenticators may cut it after 64", o.AppName, len(s.AppName))
	case strings.Contains(s.AppName, "{{") || strings.Contains(s.AppName, "{%") || strings.Contains(s.AppName, "${"):
		return optionf("--app-name", "%q looks like a template placeholder without a value", o.AppName)
	case strings.EqualFold(s.AppName, "ory"), strings.EqualFold(s.AppName, "localhost"):
		return optionf("--app-name", "%q does not tell users which site this is; give the name that they know", o.AppName)
	}
	return nil
}

func defaultAppName(rpID string) string {
	if domain := webauthn.RegistrableDomain(rpID); domain != "" && domain != "localhost" {
		return domain
	}
	if rpID == "localhost" {
		return "Local development"
	}
	return rpID
}

func (o Options) environment(s *site) error {
	s.DSN = o.DSN
	switch {
	case s.DSN != "" || o.Target == Compose: // whose password comes later
	case s.Mount != "":
		s.DSN = "sqlite:///var/lib/sqlite/kratos.db?_fk=true&mode=rwc"
	default:
		s.DSN = "sqlite://kratos.db?_fk=true&mode=rwc"
	}
	if strings.ContainsFunc(s.DSN, breaksEnvFile) {
		return optionf("--dsn", "%q has a space or a quote, which kratos.env cannot hold; percent-encode it", s.DSN)
	}
	if o.CourierURL == "" {
		return nil
	}
	u, err := siteURL("--courier-url", o.CourierURL)
	if err != nil {
		return err
	}
	s.CourierURL = u.String()
	return nil
}

func optionf(flag, format string, args ...any) error {
	return &OptionError{Flag: flag, Problem: fmt.Sprintf(format, args...)}
}
