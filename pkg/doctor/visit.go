package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/olympusoss/oly-passkey/pkg/config/input"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/passkeys"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// visit is the data that the checks share, read once.
type visit struct {
	o      Options
	client *client
	asked  *url.URL
	config *passkeys.Config // nil if it is unknown
	page   webauthn.Page    // the origin on which ceremonies run

	html    *answer // the page, nil if pageErr is set
	pageErr error
	doc     *document // nil unless the page has status 200

	kratos      string // public API without a slash at the end
	login       *flow  // nil if loginErr is set
	loginAnswer *answer
	loginErr    error
	signUp      *flow // nil if sign-up is disabled
	version     kratosconf.Version
	versionText string
	versionErr  error
}

var errNoAdmin = errors.New("needs --kratos-admin-url")

func newVisit(o Options) (*visit, error) {
	asked, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	v := &visit{o: o, client: newClient(o), asked: asked, versionErr: errNoAdmin}
	for name, raw := range map[string]string{"--kratos-url": o.KratosURL, "--kratos-admin-url": o.AdminURL, "--sidecar": o.SidecarURL} {
		if raw == "" {
			continue
		}
		if _, err := parseURL(raw); err != nil || !strings.Contains(raw, "://") {
			return nil, fmt.Errorf("%s %q is %w", name, safetext.URL(raw), ErrURL)
		}
	}
	bare := *asked
	bare.User = nil // not a part of the origin, and errors must not show it
	if v.page, err = webauthn.ParsePage(bare.String()); err != nil {
		return nil, err
	}
	if v.config, err = load(o); err != nil {
		return nil, err
	}
	return v, nil
}

// load reads the configuration. It returns nil if there is none.
func load(o Options) (*passkeys.Config, error) {
	if len(o.Files) == 0 {
		return nil, nil
	}
	return input.Parse(o.Files, o.Lint)
}

// gather reads the page, then the flows and the version.
func (v *visit) gather(ctx context.Context) {
	v.html, v.pageErr = v.client.get(ctx, v.asked.String(), http.Header{"Accept": {"text/html"}})
	if v.pageErr == nil {
		if v.html.status == http.StatusOK {
			v.doc = readDocument(v.html)
		}
		if v.page.Scheme == "http" && v.html.url.Scheme == "https" && v.html.url.Hostname() == v.asked.Hostname() {
			// The usual upgrade to https: ceremonies run there.
			if page, err := webauthn.ParsePage(v.html.url.String()); err == nil {
				v.page = page
			}
		}
	}
	v.kratos = v.findKratos()
	var group errgroup.Group
	group.Go(func() error {
		v.loginAnswer, v.login, v.loginErr = v.flow(ctx, "login")
		return nil
	})
	group.Go(func() error {
		_, v.signUp, _ = v.flow(ctx, "registration") // disabled sign-up is not a fault
		return nil
	})
	if v.o.AdminURL != "" {
		group.Go(func() error {
			v.versionErr = v.readVersion(ctx)
			return nil
		})
	}
	_ = group.Wait() // the errors are stored
}

// findKratos returns the URL of the public API: from the options, the page's form
// or redirects, the configuration, or else the page's own host.
func (v *visit) findKratos() string {
	if v.o.KratosURL != "" {
		return strings.TrimRight(v.o.KratosURL, "/")
	}
	var seen []*url.URL
	if v.html != nil {
		seen = append(seen, v.forms()...)
		seen = append(seen, v.html.hops...)
	}
	for _, u := range seen {
		if before, _, ok := strings.Cut(u.Path, "/self-service/"); ok {
			return u.Scheme + "://" + u.Host + before
		}
	}
	if base := v.configured("serve.public.base_url"); base != "" {
		return strings.TrimRight(base, "/")
	}
	return v.asked.Scheme + "://" + v.asked.Host
}

// flow starts one, as a page's script does.
func (v *visit) flow(ctx context.Context, kind string) (*answer, *flow, error) {
	a, err := v.client.once(ctx, http.MethodGet, v.kratos+"/self-service/"+kind+"/browser", http.Header{"Accept": {"application/json"}})
	if err != nil {
		return nil, nil, err
	}
	f, err := readFlow(a)
	return a, f, err
}

func (v *visit) readVersion(ctx context.Context) error {
	a, err := v.client.through(v.o.Admin).once(ctx, http.MethodGet, strings.TrimRight(v.o.AdminURL, "/")+"/admin/version", nil)
	if err != nil {
		return err
	}
	var d struct {
		Version string `json:"version"`
	}
	if a.status != http.StatusOK || json.Unmarshal(a.body, &d) != nil || d.Version == "" {
		return fmt.Errorf("the admin API responds with status %d", a.status)
	}
	v.versionText = d.Version
	v.version, err = kratosconf.ParseVersion(d.Version)
	return err
}

// configured returns a string from the configuration, "" if it is missing or
// depends on a template.
func (v *visit) configured(path string) string {
	if v.config == nil {
		return ""
	}
	value := v.config.Get(path)
	if value.Unknown() {
		return ""
	}
	return value.Text()
}

// method returns the configured method for passkeys, nil if there is none or it
// depends on a template.
func (v *visit) method() *passkeys.Method {
	if v.config == nil || len(v.config.Enabled()) == 0 {
		return nil
	}
	m := v.config.Enabled()[0]
	if m.Unsure() || m.OriginsUnsure() {
		return nil
	}
	return m
}

// rpID returns the rp.id of the sign-in flow, "" if it has none.
func (v *visit) rpID() string {
	if v.login == nil || v.login.signIn() == nil {
		return ""
	}
	return v.login.signIn().RPID
}

// site returns the rp.id whose documents are checked: the configured one, or that
// of the flow.
func (v *visit) site() string {
	if m := v.method(); m != nil {
		return cmp.Or(m.ID.Text(), v.rpID())
	}
	return v.rpID()
}

// noPage and noFlow are the outcomes of checks that lack the page or the flow.
func (v *visit) noPage() outcome { return notRun("the page could not be read") }
func (v *visit) noFlow() outcome { return notRun("the sign-in flow could not be read") }

func originOf(u *url.URL) string {
	page, err := webauthn.ParsePage(u.String())
	if err != nil {
		return u.Scheme + "://" + u.Host
	}
	return page.Origin()
}
