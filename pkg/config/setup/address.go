package setup

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

type listener struct {
	Host string
	Port int
}

// hostName parses a host name as browsers do and returns its canonical form.
func hostName(flag, raw string) (string, error) {
	if raw == "" {
		return "", optionf(flag, "is missing; give the host name where users sign in, such as auth.example.com")
	}
	if page, err := webauthn.ParsePage(raw); err == nil && page.Host != "" {
		return "", optionf(flag, "%q is a URL; give its host name alone: %s", raw, page.Host)
	}
	if ip, err := netip.ParseAddr(strings.Trim(raw, "[]")); err == nil {
		return "", optionf(flag, "%q is an IP address, and passkeys need a name; use a host name, or localhost for development", ip)
	}
	if host, port, ok := strings.Cut(raw, ":"); ok {
		return "", optionf(flag, "%q has the port %q; give %q here and the port with --ui-url", raw, port, host)
	}
	if strings.ContainsAny(raw, "/?#@\\") {
		return "", optionf(flag, "%q is not a host name; give the name alone, such as auth.example.com", raw)
	}
	page, err := webauthn.ParsePage("https://" + raw)
	if err != nil {
		return "", optionf(flag, "%q is not a host name: it %s", raw, strings.TrimPrefix(err.Error(), "page "+strconv.Quote("https://"+raw)+" "))
	}
	if page.IP.IsValid() {
		return "", optionf(flag, "%q is an IP address, and passkeys need a name; use a host name, or localhost for development", raw)
	}
	if problem := labelProblem(page.Host); problem != "" {
		return "", optionf(flag, "%q is not a host name: %s", raw, problem)
	}
	return page.Host, nil
}

// labelProblem returns what is wrong with a host name (RFC 1123 §2.1), "" if nothing
// is.
func labelProblem(host string) string {
	if len(host) > 253 {
		return "it is longer than 253 characters"
	}
	for label := range strings.SplitSeq(host, ".") {
		switch {
		case label == "":
			return "a label between two dots, or at an end, is empty"
		case len(label) > 63:
			return "the label " + strconv.Quote(label) + " is longer than 63 characters"
		case label[0] == '-' || label[len(label)-1] == '-':
			return "the label " + strconv.Quote(label) + " begins or ends with a hyphen"
		case strings.ContainsFunc(label, notInLabel):
			return "the label " + strconv.Quote(label) + " has more than letters, digits and hyphens"
		}
	}
	return ""
}

func notInLabel(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
}

// urls sets the URLs of the pages, Kratos and the sidecar.
func (o Options) urls(s *site) error {
	ui, kratos := "https://"+s.RPID, "https://"+s.RPID+"/"
	if s.Local {
		ui, kratos = "http://"+s.RPID+":4455", "http://"+s.RPID+":4433/"
	}
	uiURL, err := pageURL("--ui-url", cmp.Or(o.UIURL, ui))
	if err != nil {
		return err
	}
	kratosURL, err := pageURL("--kratos-url", cmp.Or(o.KratosURL, kratos))
	if err != nil {
		return err
	}
	if uiURL.Scheme != kratosURL.Scheme {
		return optionf("--kratos-url", "%q and the pages at %q differ in their scheme; use the same for both, or cookies get lost", kratosURL, uiURL)
	}
	sidecarURL, err := siteURL("--sidecar-url", cmp.Or(o.SidecarURL, api.DefaultURL))
	if err != nil {
		return err
	}
	if sidecarURL.Scheme == "http" && !insideCluster(sidecarURL.Hostname()) {
		return optionf("--sidecar-url", "%q would send the hook key over the network in clear text; use https", sidecarURL)
	}
	s.UIURL, s.SidecarURL = uiURL.String(), sidecarURL.String()
	s.ServeListen = serveListen(sidecarURL)
	s.KratosURL = strings.TrimSuffix(kratosURL.String(), "/") + "/"
	s.Origin = uiURL.Scheme + "://" + uiURL.Host
	s.Page = strings.TrimPrefix(s.Origin, "https://")
	s.SameOrigin = uiURL.Host == kratosURL.Host
	return nil
}

// serveListen returns serve's flags for a sidecar on this machine that does not use
// the default port. Metrics use the next port.
func serveListen(sidecar *url.URL) string {
	host := sidecar.Hostname()
	port, err := strconv.ParseUint(sidecar.Port(), 10, 16)
	if ip, ipErr := netip.ParseAddr(host); err != nil || ipErr != nil || !ip.IsLoopback() || port == 4477 {
		return ""
	}
	at := func(port uint64) string { return net.JoinHostPort(host, strconv.FormatUint(port, 10)) }
	return " --listen " + at(port) + " --metrics-listen " + at(port+1)
}

// pageURL parses a URL that browsers open: https, except on localhost.
func pageURL(flag, raw string) (*url.URL, error) {
	u, err := siteURL(flag, raw)
	if err != nil {
		return nil, err
	}
	page, err := webauthn.ParsePage(u.String())
	if err != nil {
		return nil, optionf(flag, "%q is no URL", raw)
	}
	if page.IP.IsValid() {
		return nil, optionf(flag, "%q has an IP address as its host, where no passkey works; use a host name, or localhost for development", raw)
	}
	if !page.Secure() {
		return nil, optionf(flag, "%q is not secure, and browsers offer no passkeys there; use https", raw)
	}
	return u, nil
}

// siteURL parses an http or https URL without user, query and fragment and returns
// its canonical form, without a trailing slash.
func siteURL(flag, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, optionf(flag, "%q is not a URL; write it in full, such as https://auth.example.com", raw)
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, optionf(flag, "%q has more than scheme, host, port and path", raw)
	}
	page, err := webauthn.ParsePage(raw)
	if err != nil {
		return nil, optionf(flag, "%q is not a URL: it %s", raw, strings.TrimPrefix(err.Error(), "page "+strconv.Quote(raw)+" "))
	}
	if !page.IP.IsValid() {
		if problem := labelProblem(page.Host); problem != "" {
			return nil, optionf(flag, "%q has no host name: %s", raw, problem)
		}
	}
	if !plainPath.MatchString(u.Path) || u.RawPath != "" {
		return nil, optionf(flag, "%q has a path with more than letters, digits and -._~/", raw)
	}
	return &url.URL{Scheme: page.Scheme, Host: strings.TrimPrefix(page.Origin(), page.Scheme+"://"), Path: strings.TrimRight(u.Path, "/")}, nil
}

// plainPath are the paths that need no quoting, neither in a URL nor in YAML
// nor in a shell.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)*/?$`)

// insideCluster reports whether clear text to this host stays on the machine or in
// the cluster's own network.
func insideCluster(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".svc.cluster.local")
}

// commonDomain returns the longest domain that both hosts are at or below and that
// belongs to one owner, "" if there is none.
func commonDomain(a, b string) string {
	owned := webauthn.RegistrableDomain(a)
	if owned == "" || owned != webauthn.RegistrableDomain(b) {
		return ""
	}
	for candidate := a; ; {
		if candidate == b || strings.HasSuffix(b, "."+candidate) {
			return candidate
		}
		_, candidate, _ = strings.Cut(candidate, ".")
	}
}

func (o Options) mount(s *site) error {
	s.Mount = strings.TrimRight(o.Mount, "/")
	if o.Mount != "" && (!path.IsAbs(o.Mount) || !plainPath.MatchString(o.Mount) || path.Clean(o.Mount) != s.Mount) {
		return optionf("--mount", "%q is not a plain absolute path; give the folder as Kratos sees it, such as /etc/config/kratos", o.Mount)
	}
	s.SchemaURL = s.fileURL("identity.schema.json")
	return nil
}

// listeners are on loopback beside a proxy, and on every address in a container,
// whose network restricts access.
func (o Options) listeners(s *site) (err error) {
	host := "127.0.0.1"
	if s.Mount != "" {
		host = "0.0.0.0"
	}
	public := host + ":4433"
	if u, err := url.Parse(s.KratosURL); err == nil && s.Local && u.Port() != "" {
		public = host + ":" + u.Port()
	}
	if s.Public, err = listen("--public-listen", cmp.Or(o.PublicListen, public)); err != nil {
		return err
	}
	s.Admin, err = listen("--admin-listen", cmp.Or(o.AdminListen, host+":4434"))
	s.AdminURL = "http://127.0.0.1:" + strconv.Itoa(s.Admin.Port) + "/"
	return err
}

func listen(flag, raw string) (listener, error) {
	host, port, err := net.SplitHostPort(raw)
	n, convErr := strconv.ParseUint(port, 10, 16)
	if _, ipErr := netip.ParseAddr(host); err != nil || convErr != nil || ipErr != nil {
		return listener{}, optionf(flag, "%q is not an address to listen on; write IP:PORT, such as 127.0.0.1:4433", raw)
	}
	return listener{Host: host, Port: int(n)}, nil
}

func hostOf(raw string) string {
	page, err := webauthn.ParsePage(raw)
	if err != nil {
		return ""
	}
	return page.Host
}

func notPrintable(r rune) bool { return !unicode.IsPrint(r) }

func breaksEnvFile(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`'"\`, r)
}
