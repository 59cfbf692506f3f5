package setup

import (
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
)

// site is what the templates know: every option checked and every default
// filled in. URLs are canonical; UIURL and SidecarURL end without a slash.
type site struct {
	AppName             string
	RPID                string
	Parent              string   // the registrable domain when RPID is below it
	Page                string   // where the pages are, as lint takes it with --domain
	Origin              string   // origin of the pages
	MoreOrigins         []string // of other pages whose scripts use passkeys
	OtherSites          []string // those of MoreOrigins that are on other sites
	AppOrigins          []string // of Android apps
	Apps                wellknown.Site
	Kratos              kratosconf.Version
	Instance            string
	Closed              bool
	UI                  bool
	ServeListen         string // flags of serve, with a space before them, unless its defaults are right
	UIURL               string
	KratosURL           string
	SidecarURL          string
	AdminURL            string
	SchemaURL           string
	Mount               string
	CookieDomain        string // "" when pages and Kratos share one host name
	CourierURL          string
	MailFrom            string
	DSN                 string
	Public              listener
	Admin               listener
	Version             string
	LintCommand         string    // run from the repository's root
	UIFolder            string    // of the pages, from there
	ci                  []outFile // files that CI wants
	deploy              []outFile // files that the target wants
	Target              Target
	Methods             []string // the enabled ones of passkey and webauthn
	PasskeyFirst        bool
	RefuseAddressChange bool
	WebAuthn            bool
	SecondFactor        bool
	SameOrigin          bool
	Local               bool
}

// LoginHook, SettingsHook and RegistrationHook are the sidecar's.
func (s site) LoginHook() hook    { return s.index("login") }
func (s site) SettingsHook() hook { return s.index("settings") }

func (s site) RegistrationHook() hook {
	if s.PasskeyFirst {
		return s.index("registration")
	}
	return s.blockingHook("refuse-passkey-signup", "refuse")
}

// SignUpAddressHook rejects sign-up with a passkey and an email address.
func (s site) SignUpAddressHook() hook {
	h := s.blockingHook("refuse-passkey-signup", "refuse-address")
	h.Second = true
	return h
}

// AddressHook rejects a change of the email address.
func (s site) AddressHook() hook {
	return s.blockingHook("refuse-address-change", "refuse-address-change")
}

// RefusesSignUp reports whether the sidecar has to reject sign-up with a passkey.
func (s site) RefusesSignUp() bool { return !s.PasskeyFirst && !s.Closed }

func (s site) index(flow string) hook {
	return hook{
		URL:      s.SidecarURL + api.HookPath + flow,
		Body:     s.fileURL(s.hookFile("identity")),
		Response: "ignore",
	}
}

// blockingHook returns a hook whose response Kratos waits for, so that it can reject the flow.
func (s site) blockingHook(route, body string) hook {
	return hook{URL: s.SidecarURL + api.HookPath + route, Body: s.fileURL(s.hookFile(body)), Response: "parse"}
}

// HookBodies are the names of the hooks' bodies, without .jsonnet.
func (s site) HookBodies() []string {
	all := []string{"identity"}
	if s.RefusesSignUp() {
		all = append(all, "refuse")
	}
	if s.PasskeyFirst && !s.Closed {
		all = append(all, "refuse-address")
	}
	if s.RefuseAddressChange {
		all = append(all, "refuse-address-change")
	}
	return all
}

// hookFile returns the path of a hook's body. Ory's chart mounts one flat folder.
func (s site) hookFile(body string) string {
	if s.Target == Helm {
		return body + ".jsonnet"
	}
	return "hooks/" + body + ".jsonnet"
}

// ConfigFile is the name of the file that holds the configuration.
func (s site) ConfigFile() string {
	if s.Target == Helm {
		return HelmValues
	}
	return KratosYML
}

// KratosConfig is the kratos.yml as a part of another file, without the words at
// its top.
func (s site) KratosConfig() (string, error) {
	text, err := s.render("kratos.yml")
	_, config, _ := strings.Cut(string(text), "\nversion: ")
	return "version: " + config, err
}

// EnvVariables are the names of those that every process of Kratos wants, because
// it reads the whole configuration: the hooks' keys, and the mail server.
func (s site) EnvVariables() []string {
	var names []string
	if s.CourierURL == "" {
		names = append(names, "COURIER_SMTP_CONNECTION_URI")
	}
	for _, v := range s.hookVariables([]string{""}) {
		names = append(names, v.name)
	}
	return names
}

// fileURL returns the URL of a file for Kratos: relative to its working directory, or
// below the mounted folder.
func (s site) fileURL(path string) string {
	if s.Mount == "" {
		return "file://" + path
	}
	return "file://" + s.Mount + "/" + path
}

type hook struct {
	URL, Body string
	Response  string // ignore or parse
	Second    bool   // behind another one in its list
}
