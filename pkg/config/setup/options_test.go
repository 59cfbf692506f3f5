package setup_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
)

func TestWrongOptions(t *testing.T) {
	for name, c := range map[string]struct {
		o    setup.Options
		want string
	}{
		"no domain":                    {setup.Options{}, `--domain is missing; give the host name where users sign in, such as auth.example.com`},
		"URL for a domain":             {setup.Options{Domain: "https://auth.example.com/login"}, `--domain "https://auth.example.com/login" is a URL; give its host name alone: auth.example.com`},
		"port":                         {setup.Options{Domain: "auth.example.com:8443"}, `--domain "auth.example.com:8443" has the port "8443"; give "auth.example.com" here and the port with --ui-url`},
		"IPv4":                         {setup.Options{Domain: "192.0.2.1"}, `--domain "192.0.2.1" is an IP address, and passkeys need a name; use a host name, or localhost for development`},
		"IPv4 in hex":                  {setup.Options{Domain: "0x7f.1"}, `--domain "0x7f.1" is an IP address, and passkeys need a name; use a host name, or localhost for development`},
		"IPv6":                         {setup.Options{Domain: "[::1]"}, `--domain "::1" is an IP address, and passkeys need a name; use a host name, or localhost for development`},
		"public suffix":                {setup.Options{Domain: "co.uk"}, `--domain "co.uk" is a public suffix, under which others register names; give your own name below it`},
		"shared public suffix":         {setup.Options{Domain: "github.io"}, `--domain "github.io" is a public suffix, under which others register names; give your own name below it`},
		"wildcard":                     {setup.Options{Domain: "*.example.com"}, `--domain "*.example.com" is not a host name: the label "*" has more than letters, digits and hyphens`},
		"dot at the end":               {setup.Options{Domain: "example.com."}, `--domain "example.com." is not a host name: a label between two dots, or at an end, is empty`},
		"hyphen":                       {setup.Options{Domain: "-a.example.com"}, `--domain "-a.example.com" is not a host name: the label "-a" begins or ends with a hyphen`},
		"long label":                   {setup.Options{Domain: strings.Repeat("a", 64) + ".example"}, `--domain "` + strings.Repeat("a", 64) + `.example" is not a host name: the label "` + strings.Repeat("a", 64) + `" is longer than 63 characters`},
		"long name":                    {setup.Options{Domain: strings.Repeat("a.", 127) + "example"}, `--domain "` + strings.Repeat("a.", 127) + `example" is not a host name: it is longer than 253 characters`},
		"space":                        {setup.Options{Domain: "auth example.com"}, `--domain "auth example.com" is not a host name: it contains ' ', which is not allowed in a host name`},
		"path":                         {setup.Options{Domain: "example.com/login"}, `--domain "example.com/login" is not a host name; give the name alone, such as auth.example.com`},
		"rp.id elsewhere":              {setup.Options{Domain: "auth.example.com", RPID: "example.org"}, `--rp-id "example.org" is neither "auth.example.com" nor a parent domain of it, so browsers reject it there`},
		"rp.id below":                  {setup.Options{Domain: "example.com", RPID: "auth.example.com"}, `--rp-id "auth.example.com" is neither "example.com" nor a parent domain of it, so browsers reject it there`},
		"rp.id half a label":           {setup.Options{Domain: "auth.example.com", RPID: "ample.com"}, `--rp-id "ample.com" is neither "auth.example.com" nor a parent domain of it, so browsers reject it there`},
		"rp.id public suffix":          {setup.Options{Domain: "auth.example.co.uk", RPID: "co.uk"}, `--rp-id "co.uk" is a public suffix; no browser lets one site speak for all of it`},
		"rp.id URL":                    {setup.Options{Domain: "auth.example.com", RPID: "https://example.com"}, `--rp-id "https://example.com" is a URL; give its host name alone: example.com`},
		"rp.id IP":                     {setup.Options{Domain: "auth.example.com", RPID: "127.0.0.1"}, `--rp-id "127.0.0.1" is an IP address, and passkeys need a name; use a host name, or localhost for development`},
		"pages on a sibling":           {setup.Options{Domain: "auth.example.com", UIURL: "https://login.example.com"}, `--ui-url "https://login.example.com" cannot use the relying party id "auth.example.com", which is neither its host nor a parent domain of it; --rp-id example.com serves both`},
		"pages elsewhere":              {setup.Options{Domain: "auth.example.com", UIURL: "https://example.org"}, `--ui-url "https://example.org" cannot use the relying party id "auth.example.com", which is neither its host nor a parent domain of it`},
		"pages in clear text":          {setup.Options{Domain: "auth.example.com", UIURL: "http://auth.example.com"}, `--ui-url "http://auth.example.com" is not secure, and browsers offer no passkeys there; use https`},
		"pages on an IP":               {setup.Options{Domain: "localhost", UIURL: "http://127.0.0.1:4455"}, `--ui-url "http://127.0.0.1:4455" has an IP address as its host, where no passkey works; use a host name, or localhost for development`},
		"pages without scheme":         {setup.Options{Domain: "auth.example.com", UIURL: "auth.example.com"}, `--ui-url "auth.example.com" is not a URL; write it in full, such as https://auth.example.com`},
		"pages with a query":           {setup.Options{Domain: "auth.example.com", UIURL: "https://auth.example.com/?a=b"}, `--ui-url "https://auth.example.com/?a=b" has more than scheme, host, port and path`},
		"pages with a bad port":        {setup.Options{Domain: "auth.example.com", UIURL: "https://auth.example.com:99999"}, `--ui-url "https://auth.example.com:99999" is not a URL: it has the port "99999", which is above 65535`},
		"pages with a bad path":        {setup.Options{Domain: "auth.example.com", UIURL: "https://auth.example.com/a%20b"}, `--ui-url "https://auth.example.com/a%20b" has a path with more than letters, digits and -._~/`},
		"pages with a bad host":        {setup.Options{Domain: "auth.example.com", UIURL: "https://auth_.example.com"}, `--ui-url "https://auth_.example.com" has no host name: the label "auth_" has more than letters, digits and hyphens`},
		"Kratos elsewhere":             {setup.Options{Domain: "auth.example.com", KratosURL: "https://kratos.example.org/"}, `--kratos-url "https://kratos.example.org/" and the pages at "https://auth.example.com" share no domain, so no cookie reaches both; put Kratos on the same host name or another name under the same domain`},
		"Kratos in clear text":         {setup.Options{Domain: "auth.example.com", KratosURL: "http://auth.example.com/"}, `--kratos-url "http://auth.example.com/" is not secure, and browsers offer no passkeys there; use https`},
		"Kratos on another name":       {setup.Options{Domain: "localhost", KratosURL: "http://kratos.localhost:4433/"}, `--kratos-url "http://kratos.localhost:4433/" and the pages at "http://localhost:4455" share no domain, so no cookie reaches both; put Kratos on the same host name or another name under the same domain`},
		"schemes differ":               {setup.Options{Domain: "localhost", KratosURL: "https://localhost/"}, `--kratos-url "https://localhost" and the pages at "http://localhost:4455" differ in their scheme; use the same for both, or cookies get lost`},
		"sidecar in clear text":        {setup.Options{Domain: "auth.example.com", SidecarURL: "http://sidecar.example.com"}, `--sidecar-url "http://sidecar.example.com" would send the hook key over the network in clear text; use https`},
		"sidecar without scheme":       {setup.Options{Domain: "auth.example.com", SidecarURL: "127.0.0.1:4477"}, `--sidecar-url "127.0.0.1:4477" is not a URL; write it in full, such as https://auth.example.com`},
		"relative mount":               {setup.Options{Domain: "auth.example.com", Mount: "config"}, `--mount "config" is not a plain absolute path; give the folder as Kratos sees it, such as /etc/config/kratos`},
		"mount with dots":              {setup.Options{Domain: "auth.example.com", Mount: "/etc/../config"}, `--mount "/etc/../config" is not a plain absolute path; give the folder as Kratos sees it, such as /etc/config/kratos`},
		"mount with a space":           {setup.Options{Domain: "auth.example.com", Mount: "/etc/my config"}, `--mount "/etc/my config" is not a plain absolute path; give the folder as Kratos sees it, such as /etc/config/kratos`},
		"root mount":                   {setup.Options{Domain: "auth.example.com", Mount: "/"}, `--mount "/" is not a plain absolute path; give the folder as Kratos sees it, such as /etc/config/kratos`},
		"sign-up":                      {setup.Options{Domain: "auth.example.com", SignUp: "password"}, `--sign-up "password" is unknown; use code-first or passkey-first`},
		"webauthn":                     {setup.Options{Domain: "auth.example.com", WebAuthn: "both"}, `--webauthn "both" is unknown; use passwordless or second-factor`},
		"long name of the app":         {setup.Options{Domain: "auth.example.com", AppName: strings.Repeat("é", 33)}, `--app-name "` + strings.Repeat("é", 33) + `" has 66 bytes; authenticators may cut it after 64`},
		"line end in the name":         {setup.Options{Domain: "auth.example.com", AppName: "a\nb"}, `--app-name "a\nb" has leading or trailing spaces or non-printable characters`},
		"space at the end":             {setup.Options{Domain: "auth.example.com", AppName: "a "}, `--app-name "a " has leading or trailing spaces or non-printable characters`},
		"placeholder":                  {setup.Options{Domain: "auth.example.com", AppName: "ORY"}, `--app-name "ORY" does not tell users which site this is; give the name that they know`},
		"template":                     {setup.Options{Domain: "auth.example.com", AppName: "{{ .Name }}"}, `--app-name "{{ .Name }}" looks like a template placeholder without a value`},
		"listen on a name":             {setup.Options{Domain: "localhost", PublicListen: "localhost:4433"}, `--public-listen "localhost:4433" is not an address to listen on; write IP:PORT, such as 127.0.0.1:4433`},
		"listen without a port":        {setup.Options{Domain: "localhost", AdminListen: "127.0.0.1"}, `--admin-listen "127.0.0.1" is not an address to listen on; write IP:PORT, such as 127.0.0.1:4433`},
		"DSN with a space":             {setup.Options{Domain: "localhost", DSN: "host=db user=kratos"}, `--dsn "host=db user=kratos" has a space or a quote, which kratos.env cannot hold; percent-encode it`},
		"origin elsewhere":             {setup.Options{Domain: "auth.example.com", Origins: []string{"https://example.org"}}, `--origin "https://example.org" cannot use the relying party id "auth.example.com", which is neither its host nor a parent domain of it`},
		"origin on a sibling":          {setup.Options{Domain: "auth.example.com", Origins: []string{"https://app.example.com"}}, `--origin "https://app.example.com" cannot use the relying party id "auth.example.com", which is neither its host nor a parent domain of it; --rp-id example.com serves both`},
		"origin with a path":           {setup.Options{Domain: "example.com", Origins: []string{"https://app.example.com/login"}}, `--origin "https://app.example.com/login" has a path, and browsers send none; write https://app.example.com`},
		"origin in clear text":         {setup.Options{Domain: "example.com", Origins: []string{"http://app.example.com"}}, `--origin "http://app.example.com" is not secure, and browsers offer no passkeys there; use https`},
		"origin on another local name": {setup.Options{Domain: "localhost", Origins: []string{"http://app.localhost:4455"}}, `--origin "http://app.localhost:4455" cannot use the relying party id "localhost", which is neither its host nor a parent domain of it`},
		"another sidecar for compose":  {setup.Options{Domain: "auth.example.com", Target: setup.Compose, SidecarURL: "http://127.0.0.1:4477"}, `--sidecar-url "http://127.0.0.1:4477" does not go with --target compose, whose sidecar has an address of its own`},
		"target":                       {setup.Options{Domain: "auth.example.com", Target: "docker"}, `--target "docker" is unknown; use compose, kubernetes, helm or systemd`},
		"CI":                           {setup.Options{Domain: "auth.example.com", CI: "jenkins"}, `--ci "jenkins" is unknown; use github, gitlab or pre-commit`},
		"CI below a strange folder":    {setup.Options{Domain: "auth.example.com", CI: setup.GitHub, Repository: "my folder"}, `--ci cannot name "my folder" in a command; use a folder of letters, digits and -._~/ in the repository`},
		"courier":                      {setup.Options{Domain: "localhost", CourierURL: "mail"}, `--courier-url "mail" is not a URL; write it in full, such as https://auth.example.com`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := setup.Files(c.o, setup.State{}, new(counter))
			var wrong *setup.OptionError
			require.ErrorAs(t, err, &wrong)
			require.EqualError(t, err, c.want)
		})
	}
}
