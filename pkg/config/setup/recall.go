package setup

import (
	"bytes"
	"cmp"
	"net"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
	"github.com/olympusoss/oly-passkey/pkg/source"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// RecallFolder returns the options with which the files of a folder were written,
// an empty layer if init did not write them, or they were changed since.
func RecallFolder(dir string) (Layer, error) {
	repository, err := belowRepository(dir)
	if err != nil {
		return Layer{}, err
	}
	read := func(path string) []byte {
		f, err := source.OpenRegular(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil {
			return nil // an unreadable file is not recalled
		}
		return f.Data
	}
	from := KratosYML
	o, ok := Recall(repository, read)
	if ok && o.Target == Helm {
		from = HelmValues
	}
	if !ok {
		if o, o.StaffDomain, ok = RecallTwo(repository, read); !ok {
			return Layer{}, nil
		}
		o.Preset, from = TwoKratos, filepath.Join(Customers, from)
	}
	if o.Related { // follows from the preset
		o.Related, o.Preset = false, RelatedOrigins
	}
	return recalled(o, Source(filepath.Join(dir, from))), nil
}

// Recall returns the options with which the files of a folder were written, without
// those that are defaults. With them Files returns the same configuration, byte for
// byte. It returns false if init did not write the configuration, or it was changed.
// read returns a file by its slash-separated path below the folder, nil if there is
// none; repository is Options.Repository.
func Recall(repository string, read func(path string) []byte) (Options, bool) {
	for _, name := range []string{KratosYML, HelmValues} {
		content := read(name)
		if !bytes.Contains(content, []byte(header)) {
			continue
		}
		doc, err := kratosconf.Parse(source.New(name, content), kratosconf.ParseOptions{})
		if err != nil {
			return Options{}, false
		}
		config, err := kratosconf.Load([]*kratosconf.Document{doc}, nil)
		if err != nil {
			return Options{}, false
		}
		r := recollection{config: config, read: read, Options: Options{Repository: repository}}
		r.Version = versionIn(content)
		r.configured()
		r.apps()
		return r.checked(name, content)
	}
	return Options{}, false
}

// recollection are options while they are put together.
type recollection struct {
	Options
	config *kratosconf.Config
	read   func(path string) []byte
}

func (r *recollection) text(path string) string { return r.config.Get(path).Text() }

// configured takes the options in the configuration.
func (r *recollection) configured() {
	const flows, methods = "selfservice.flows.", "selfservice.methods."
	r.KratosURL = r.text("serve.public.base_url")
	r.UIURL = strings.TrimSuffix(r.text(flows+"login.ui_url"), "/login")
	r.SidecarURL = strings.TrimSuffix(r.text(flows+"login.after.passkey.hooks.0.config.url"), api.LoginHookPath)
	schema := strings.TrimPrefix(r.text("identity.schemas.0.url"), "file://")
	r.Mount = strings.TrimSuffix(schema[:strings.LastIndexByte(schema, '/')+1], "/")
	r.PublicListen = net.JoinHostPort(r.text("serve.public.host"), r.text("serve.public.port"))
	r.AdminListen = net.JoinHostPort(r.text("serve.admin.host"), r.text("serve.admin.port"))
	r.Kratos = r.text("version")
	r.Instance, _ = strings.CutPrefix(r.text("session.cookie.name"), "ory_kratos_session_")
	r.CourierURL = r.text("courier.http.request_config.url")
	r.Closed = r.config.Get(flows + "registration.enabled").False()
	r.RefuseAddressChange = r.config.Get(flows + "settings.after.profile.hooks.0").Exists()
	r.SignUp = CodeFirst
	if strings.HasSuffix(r.text(flows+"registration.after.passkey.hooks.0.config.url"), "/registration") {
		r.SignUp = PasskeyFirst
	}
	switch second := r.config.Get(methods + "webauthn.config.passwordless"); {
	case second.True():
		r.WebAuthn = Passwordless
	case second.False():
		r.WebAuthn = SecondFactor
	}
	r.RPID = r.text(methods + "passkey.config.rp.id")
	r.AppName = r.text(methods + "passkey.config.rp.display_name")
	for i, origin := range r.config.Get(methods + "passkey.config.rp.origins").Items() {
		page, err := webauthn.ParsePage(origin.Text())
		if i == 0 || err != nil || page.Host == "" { // the first is that of the pages, and apps have no host
			continue
		}
		r.Origins = append(r.Origins, origin.Text())
		r.Related = r.Related || !webauthn.Browser(page, &r.RPID, nil).OK
	}
}

// apps takes the mobile apps out of their documents; one that cannot be read is
// not what init wrote.
func (r *recollection) apps() {
	at := func(name wellknown.Name) []byte { return r.read(strings.TrimPrefix(name.Path(), "/")) }
	if android, err := wellknown.ParseAndroidApps(at(wellknown.AssetLinks)); err == nil {
		for _, app := range android {
			for _, key := range app.Keys {
				r.AndroidApps = append(r.AndroidApps, app.Package+"="+key.String())
			}
		}
	}
	if apple, err := wellknown.ParseAppleApps(at(wellknown.AppleAssociation)); err == nil {
		r.AppleApps = apple
	}
}

// checked finds the domain, which the configuration only contains as part of other
// values, and checks that the options produce the existing configuration.
func (r *recollection) checked(name string, content []byte) (Options, bool) {
	if name == HelmValues {
		r.Target = Helm
	}
	mail, _ := strings.CutPrefix(r.text("courier.smtp.from_address"), "no-reply@")
	for _, domain := range []string{mail, hostOf(r.UIURL)} {
		r.Domain = domain
		s, err := r.complete()
		if err != nil {
			continue
		}
		for _, config := range s.outFiles() {
			again, err := s.render(config.template)
			if config.path == name && err == nil && bytes.Equal(again, content) {
				r.around()
				return r.briefly(), true
			}
		}
	}
	return Options{}, false
}

// around recalls options from the other files that init wrote.
func (r *recollection) around() {
	for _, target := range []Target{Compose, Kubernetes, Systemd} {
		o := r.Options
		o.Target = target
		if s, err := o.complete(); err == nil && r.wrote(s.deploy, "Written by oly-passkey init") {
			r.Target = target
		}
	}
	for _, ci := range []CI{GitHub, GitLab, PreCommit} {
		o := r.Options
		o.CI = ci
		if s, err := o.complete(); err == nil && r.wrote(s.ci, s.LintCommand) {
			r.CI = ci
		}
	}
	r.UI = r.read("ui/passkey.js") != nil
}

// wrote reports whether init wrote files, by a text in the first one, and recalls the
// version to which they are pinned.
func (r *recollection) wrote(all []outFile, text string) bool {
	if !bytes.Contains(r.read(all[0].path), []byte(text)) {
		return false
	}
	for _, f := range all {
		r.Version = cmp.Or(r.Version, versionIn(r.read(f.path)))
	}
	return true
}

var pinned = regexp.MustCompile(`olympusoss/oly-passkey(?:/cmd/oly-passkey|-sidecar)?[:@](latest|v[0-9.]+)`)

// versionIn is the version of oly-passkey that a file runs or installs.
func versionIn(content []byte) string {
	if m := pinned.FindSubmatch(content); m != nil {
		return string(m[1])
	}
	return ""
}

// briefly returns the options without defaults.
func (r *recollection) briefly() Options {
	o := r.Options
	want, _ := o.complete()
	for _, value := range []*string{&o.RPID, &o.AppName, &o.KratosURL, &o.UIURL, &o.SidecarURL, &o.Mount, &o.Kratos, &o.PublicListen, &o.AdminListen} {
		given := *value
		*value = ""
		if s, err := o.complete(); err != nil || !reflect.DeepEqual(s, want) {
			*value = given
		}
	}
	return o
}
