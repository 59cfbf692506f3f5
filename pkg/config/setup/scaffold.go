// Package setup writes a Kratos configuration with passkeys that is right
// from the start: kratos.yml, the identity schema, the bodies of the hooks, the
// environment with the secrets, the sidecar's keys and a README.
//
// Files answers all of it in memory; Write puts it on disk without ever
// overwriting what somebody changed. What must outlive a second run, the keys
// above all, travels in State.
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

// Options says what to write. Only Domain is needed.
type Options struct {
	Domain     string   // host name where people sign in: "auth.example.com"
	AppName    string   // rp.display_name, at most 64 bytes; default: the registrable domain
	RPID       string   // default: Domain
	KratosURL  string   // serve.public.base_url; default https://DOMAIN/
	UIURL      string   // in front of /login and the other pages; default https://DOMAIN
	Origins    []string // where scripts use passkeys too, besides UIURL: "https://app.example.com"
	Related    bool     // Origins may be on other sites, which the relying party's document names
	SidecarURL string   // default http://127.0.0.1:4477
	Mount      string   // absolute folder of the files as Kratos sees it; default: relative to its working directory
	SignUp     SignUp   // default CodeFirst
	WebAuthn   WebAuthn

	// RefuseAddressChange has the sidecar refuse that people change their e-mail
	// address in settings. Kratos would take a stranger's, keep the passkeys, and
	// sign that stranger in to the account by code.
	RefuseAddressChange bool

	AndroidApps []string // that use passkeys: "com.example.app=" and the SHA-256 of the signing certificate
	AppleApps   []string // "TEAMID.bundle.id"

	Kratos   string // version: "v1.3.1", the default; with apps v26.2.0
	Instance string // a name for one of several Kratos on one domain, whose cookies must differ
	Closed   bool   // nobody signs up; accounts are made by administrators
	UI       bool   // write the pages as well

	Target     Target
	CI         CI
	Config     string // name of the kratos.yml for CI; default: kratos.yml
	Repository string // slash path of the folder below the repository's root; "" at the root
	Version    string // of oly-passkey for CI; default: latest

	PublicListen string // host:port; default 127.0.0.1:4433, with Mount 0.0.0.0:4433
	AdminListen  string // host:port; default 127.0.0.1:4434, with Mount 0.0.0.0:4434

	// What a development set-up varies.
	CourierURL string // mails are posted there as JSON; default: SMTP
	DSN        string // a fresh kratos.env gets it; default: an SQLite file
}

// File is one file to write. Path is slash-separated and relative to the folder.
type File struct {
	Path    string
	Mode    fs.FileMode
	Content []byte
	// Extends says that Content holds everything that the file in the folder
	// held when its State was read, so that writing it takes nothing away.
	Extends bool
}

// OptionError is an option that makes no sense, named as the command line
// names it.
type OptionError struct {
	Flag    string // "--rp-id"
	Problem string
}

func (e *OptionError) Error() string { return e.Flag + " " + e.Problem }
