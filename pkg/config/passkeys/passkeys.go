// Package passkeys is the model of a Kratos configuration: what it means for
// passkeys. It judges nothing.
package passkeys

import (
	"io/fs"
	"sync"

	"github.com/olympusoss/oly-passkey/pkg/config/hookbody"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// Config is a Kratos configuration and what it means for passkeys.
type Config struct {
	*kratosconf.Config

	// Schemas are the identity schemas, none if no method is enabled.
	Schemas []kratosconf.IdentitySchema
	// Passkey and WebAuthn are the two methods, enabled or not.
	Passkey, WebAuthn *Method
	// BaseURL is serve.public.base_url.
	BaseURL Origin
	// Pages are where ceremonies run: UI URLs and deployed domains.
	Pages []Page
	// Related is the related origins document that is or will be served, nil
	// without one.
	Related *webauthn.Document
	// Version is the Kratos that will read the configuration.
	Version kratosconf.Version

	profile   Profile
	hookLists []HookList
	read      func(string) (*source.File, error)
	bodies    *hookbody.Bodies
	used      func() map[string]bool
	payloads  func() map[*kratosconf.Value]Payload
}

// Options are what is known besides the configuration.
type Options struct {
	Domains []webauthn.Page // deployed, in addition to the UI URLs
	Schemas kratosconf.SchemaOptions
	Profile Profile
	Version kratosconf.Version // the zero Version means the default
	Related *webauthn.Document // nil if there is none
	// Bodies evaluates the bodies of hooks; nil means simple ones only. Sharing one
	// between configurations limits the time of all of them together.
	Bodies *hookbody.Bodies
}

// New returns the model of a configuration.
func New(config *kratosconf.Config, o Options) *Config {
	if o.Schemas.Read == nil {
		o.Schemas.Read = func(string) (*source.File, error) { return nil, fs.ErrNotExist }
	}
	if o.Bodies == nil {
		o.Bodies = hookbody.NewBodies(nil)
	}
	if o.Version == (kratosconf.Version{}) {
		o.Version = kratosconf.DefaultVersion()
	}
	c := &Config{
		Config:    config,
		Passkey:   newMethod(config, "passkey"),
		WebAuthn:  newMethod(config, "webauthn"),
		BaseURL:   NewOrigin(config.Get("serve.public.base_url")),
		Pages:     findPages(config, o.Domains),
		Related:   o.Related,
		Version:   o.Version,
		profile:   o.Profile,
		hookLists: findHookLists(config),
		read:      o.Schemas.Read,
		bodies:    o.Bodies,
	}
	if c.profile == ProfileGuess {
		c.profile = guessProfile(c.Pages)
	}
	if len(c.Enabled()) > 0 {
		c.Schemas = config.IdentitySchemas(o.Schemas)
	}
	c.used = sync.OnceValue(c.findUsedOrigins)
	c.payloads = sync.OnceValue(c.evaluate)
	return c
}

// Enabled returns the enabled methods, passkey first.
func (c *Config) Enabled() []*Method {
	var on []*Method
	for _, m := range []*Method{c.Passkey, c.WebAuthn} {
		if m.On {
			on = append(on, m)
		}
	}
	return on
}

// Browser returns what browsers make of a page's ceremony for an rp.id, given the
// related origins.
func (c *Config) Browser(page webauthn.Page, rpID string) webauthn.Verdict {
	return webauthn.Browser(page, &rpID, c.Related)
}
