// Package setup writes a Kratos configuration with passkeys that is right
// from the start: kratos.yml, the identity schema, the bodies of the hooks, the
// environment with the secrets, the sidecar's keys and a README.
//
// Files returns all of it in memory; Write puts it on disk and never overwrites a
// modified file. State is what a second run must keep, above all the keys. New and
// NewPatch return the Plan of a whole run; package patch plans the changes of an
// existing configuration.
package setup

import (
	"io/fs"

	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
)

// SignUp is how a new account begins; a new deployment is CodeFirst by default.
type SignUp = patch.SignUp

// The two ways to sign up.
const (
	CodeFirst    = patch.CodeFirst
	PasskeyFirst = patch.PasskeyFirst
)

// WebAuthn is what the webauthn method is for, beside passkey. Kratos asks for
// no discoverable credential there.
type WebAuthn string

// Off leaves the method out. Passwordless signs in after a typed name;
// SecondFactor comes after a passkey or a code.
const (
	Off          WebAuthn = ""
	Passwordless WebAuthn = "passwordless"
	SecondFactor WebAuthn = "second-factor"
)

// CI is where the configuration is linted.
type CI string

// The places, each with one file at the repository's root.
const (
	NoCI      CI = ""
	GitHub    CI = "github"
	GitLab    CI = "gitlab"
	PreCommit CI = "pre-commit"
)

// Target is how Kratos and the sidecar are run. It decides the defaults of
// Mount, SidecarURL, the listen addresses and the DSN.
type Target string

// The targets. Without one, both run in the folder on one machine.
const (
	NoTarget   Target = ""
	Compose    Target = "compose"
	Kubernetes Target = "kubernetes"
	Helm       Target = "helm" // values for Ory's chart
	Systemd    Target = "systemd"
)

// Preset is a layout to start from: options that follow from the domain, and files.
type Preset string

// The presets. Without one, passkeys work on the domain and the names below it.
const (
	NoPreset       Preset = ""
	OneDomain      Preset = "one-domain"
	Subdomains     Preset = "subdomains"      // the RP ID is the registrable domain
	RelatedOrigins Preset = "related-origins" // pages on other sites
	Localhost      Preset = "localhost"
	Mobile         Preset = "mobile"
	TwoKratos      Preset = "two-kratos" // one Kratos for customers, one for staff
)

// Presets returns the names of all presets.
func Presets() []string {
	return []string{string(OneDomain), string(Subdomains), string(RelatedOrigins), string(Localhost), string(Mobile), string(TwoKratos)}
}

// Options are all options of init, in the order of its help. The tag is the name of
// an option's flag; Layer tells which options are set, and by what. Only Domain is
// needed.
type Options struct {
	Domain        string   `flag:"domain"`          // host name where users sign in: "auth.example.com"
	Configs       []string `flag:"config"`          // to patch, in Kratos' order
	Schemas       []string `flag:"identity-schema"` // "[ID=]FILE", of the configuration to patch
	WithoutSchema bool     `flag:"without-schema"`  // patch although an identity schema was not found
	Preset        Preset   `flag:"preset"`
	AppName       string   `flag:"app-name"` // rp.display_name, at most 64 bytes; default: the registrable domain
	RPID          string   `flag:"rp-id"`    // default: Domain
	Origins       []string `flag:"origin"`   // where scripts use passkeys too, besides UIURL: "https://app.example.com"
	SignUp        SignUp   `flag:"sign-up"`  // default: CodeFirst

	// RefuseAddressChange makes the sidecar reject changes of the email address in
	// settings. Kratos would accept a stranger's address, keep the passkeys, and sign
	// that stranger in to the account with a code.
	RefuseAddressChange bool `flag:"refuse-address-change"`

	WebAuthn    WebAuthn `flag:"webauthn"`
	Target      Target   `flag:"target"`
	CI          CI       `flag:"ci"`
	UI          bool     `flag:"ui"`             // write the pages too
	Kratos      string   `flag:"kratos-version"` // default: api.DefaultKratosVersion
	KratosURL   string   `flag:"kratos-url"`     // serve.public.base_url; default: https://DOMAIN/
	UIURL       string   `flag:"ui-url"`         // in front of /login and the other pages; default: https://DOMAIN
	SidecarURL  string   `flag:"sidecar-url"`    // default: http://127.0.0.1:4477
	AndroidApps []string `flag:"android-app"`    // "com.example.app=" and the SHA-256 of the signing certificate
	AppleApps   []string `flag:"apple-app"`      // "TEAMID.bundle.id"
	StaffDomain string   `flag:"staff-domain"`   // of the second Kratos of TwoKratos; default: "staff" below the registrable domain

	Mount        string `flag:"mount"`         // absolute folder of the files as Kratos sees it; default: relative to its working directory
	PublicListen string `flag:"public-listen"` // host:port; default: 127.0.0.1:4433, with Mount 0.0.0.0:4433
	AdminListen  string `flag:"admin-listen"`  // host:port; default: 127.0.0.1:4434, with Mount 0.0.0.0:4434
	Dir          string `flag:"dir"`           // folder to write to; default: the current one

	Related    bool   // Origins may be on other sites, which the relying party's document names
	Instance   string // a name for one of several Kratos on one domain, whose cookies must differ
	Closed     bool   // users cannot sign up; administrators create the accounts
	ConfigName string // of the kratos.yml for CI; default: kratos.yml
	Repository string // slash-separated path of the folder below the repository's root; "" at the root
	Version    string // of oly-passkey for CI; default: latest
	CourierURL string // mails are posted there as JSON; default: SMTP
	DSN        string // of a new kratos.env; default: an SQLite file
}

// File is one file to write. Path is slash-separated and relative to the folder.
type File struct {
	Path    string
	Mode    fs.FileMode
	Content []byte
	// Extends means that Content contains everything that the existing file did when
	// its State was read, so that writing it removes nothing.
	Extends bool
}

// OptionError reports an invalid option by the name of its flag.
type OptionError struct {
	Flag    string // "--rp-id"
	Problem string
}

func (e *OptionError) Error() string { return e.Flag + " " + e.Problem }
