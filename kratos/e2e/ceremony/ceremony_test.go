// Package ceremony_test runs doctor --ceremony on real deployments: a real Kratos,
// a real Chromium, the pages of templates/ui and plain ones.
package ceremony_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/internal/testing/kratostest"
	"github.com/olympusoss/oly-passkey/kratos/e2e/chromium"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/demo"
	"github.com/olympusoss/oly-passkey/pkg/doctor"
	"github.com/olympusoss/oly-passkey/pkg/doctor/ceremony"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// deployment is a running deployment, and the options of doctor for it.
type deployment struct {
	*demo.Demo
	dir     string
	options doctor.Options
}

// start runs a demo.
func start(t *testing.T, signUp setup.SignUp) *deployment {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	d := &deployment{dir: t.TempDir()}
	var err error
	d.Demo, err = demo.Start(ctx, demo.Options{Dir: d.dir, KratosBin: kratostest.Binary(t), SignUp: signUp, Log: io.Discard})
	require.NoError(t, err)
	t.Cleanup(func() {
		stop()
		require.NoError(t, d.Wait())
	})
	d.options = doctor.Options{URL: d.URL + "/login", AdminURL: d.AdminURL}
	return d
}

// examine runs doctor with a user of the demo's schema.
func (d *deployment) examine(t *testing.T, progress func(ceremony.Step)) *doctor.Report {
	t.Helper()
	return examine(t.Context(), t, d.options, `{"username": "doctor-{random}"}`, progress)
}

func examine(ctx context.Context, t *testing.T, o doctor.Options, traits string, progress func(ceremony.Step)) *doctor.Report {
	t.Helper()
	who, err := ceremony.ReadTraits([]byte(traits))
	require.NoError(t, err)
	o.Ceremony = &doctor.Ceremony{Browser: chromium.Path(t), Traits: who, Progress: progress, Anywhere: true}
	o.Timeout = time.Minute
	r, err := doctor.Run(ctx, o)
	require.NoError(t, err)
	return r
}

// ends returns the outcomes of the steps.
func ends(r *doctor.Report) []string {
	var out []string
	for _, one := range r.Results {
		if name, ok := strings.CutPrefix(one.Check, "ceremony"); ok {
			text := strings.TrimPrefix(name, "-") + " " + string(one.Status)
			if one.Why != "" {
				text += ": " + one.Why
			}
			out = append(out, text)
		}
	}
	return out
}

var allPassed = []string{"sign-up passed", "sign-in passed", "autofill passed", "add passed", "remove passed", "user-handle passed", "delete passed"}

// plainPassed is allPassed without autofill, which the plain pages do not start.
var plainPassed = []string{"sign-up passed", "sign-in passed", "autofill n/a: the page does not offer passkeys in autofill", "add passed", "remove passed", "user-handle passed", "delete passed"}

const notOn = "not-run: sign-in did not succeed"

// stopped is a run that was interrupted after the sign-up.
var stopped = []string{"sign-up passed", "sign-in not-run: interrupted", "autofill " + notOn, "add " + notOn, "remove " + notOn, "user-handle " + notOn}

// failed is a run whose sign-up failed before an identity was created.
func failed(last string) []string {
	const why = "not-run: sign-up did not succeed"
	return []string{"sign-up found", "sign-in " + why, "autofill " + why, "add " + why, "remove " + why, "user-handle " + why, last}
}

// countIdentities returns the number of identities.
func countIdentities(t *testing.T, admin string) int {
	t.Helper()
	resp, err := http.Get(admin + "/admin/identities")
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	var all []any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&all))
	return len(all)
}

func TestDemo(t *testing.T) {
	t.Parallel()
	d := start(t, setup.PasskeyFirst)
	var texts []string
	r := d.examine(t, func(s ceremony.Step) { texts = append(texts, s.Text) })
	require.Equal(t, allPassed, ends(r), "%+v", r.Problems())
	require.Empty(t, r.Problems())
	require.Regexp(t, `^identity [-0-9a-f]{36} has a passkey and a session$`, texts[1])
	require.Zero(t, countIdentities(t, d.AdminURL))

	t.Run("stopped", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		r := examine(ctx, t, d.options, `{"username": "doctor-{random}"}`, func(s ceremony.Step) {
			if s.Name == ceremony.SignIn {
				require.Equal(t, 1, countIdentities(t, d.AdminURL))
				stop()
			}
		})
		require.Equal(t, append(slices.Clone(stopped), "delete passed"), ends(r))
		require.Zero(t, countIdentities(t, d.AdminURL))
	})
	t.Run("the identity stays", func(t *testing.T) {
		target, err := url.Parse(d.AdminURL)
		require.NoError(t, err)
		through := httputil.NewSingleHostReverseProxy(target)
		keeps := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			through.ServeHTTP(w, r)
		}))
		defer keeps.Close()
		o := d.options
		o.AdminURL = keeps.URL
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		r := examine(ctx, t, o, `{"username": "doctor-{random}"}`, func(s ceremony.Step) {
			if s.Name == ceremony.SignIn {
				stop()
			}
		})
		require.Equal(t, append(slices.Clone(stopped), "delete found"), ends(r))
		require.Regexp(t, `^the identity [-0-9a-f]{36} could not be deleted: 403 Forbidden$`, r.Problems()[0].Message)
		require.Regexp(t, `^delete it: curl -X DELETE `+keeps.URL+`/admin/identities/[-0-9a-f]{36}$`, r.Problems()[0].Help)
		require.Equal(t, 1, countIdentities(t, d.AdminURL))
	})
	t.Run("no button", func(t *testing.T) {
		r := examine(t.Context(), t, d.options, `{"name": "{random}"}`, nil) // the schema has no such trait, and requires a username
		require.Equal(t, failed("delete n/a: no identity was created: none has these traits"), ends(r))
		require.Contains(t, r.Problems()[0].Message, "username")
	})
}

// TestCodeFirst runs on a deployment without sign-up by passkey, so the admin API
// creates the identity.
func TestCodeFirst(t *testing.T) {
	t.Parallel()
	d := start(t, setup.CodeFirst)
	var texts []string
	r := examine(t.Context(), t, d.options, `{"email": "doctor-{random}@example.org"}`, func(s ceremony.Step) { texts = append(texts, s.Text) })
	require.Equal(t, allPassed, ends(r), "%+v", r.Problems())
	require.Regexp(t, `^sign-up offers no passkeys; identity [-0-9a-f]{36} was created through the admin API and added its passkey in settings$`, texts[1])
	require.Zero(t, countIdentities(t, d.AdminURL))
}

// TestBroken breaks a deployment: the step fails for the right reason, and no
// identity is left behind.
func TestBroken(t *testing.T) {
	t.Parallel()
	d := start(t, setup.PasskeyFirst)
	original, err := os.ReadFile(filepath.Join(d.dir, setup.KratosYML))
	require.NoError(t, err)
	swap := func(from, to string) string {
		require.Contains(t, string(original), from)
		return strings.ReplaceAll(string(original), from, to)
	}
	strict := strictPages(t, d.URL)
	for i, c := range []struct {
		name, config, url string
		message, help     string
		end               string
	}{
		{
			"rp.id of another domain", swap("id: localhost", "id: example.com"), d.URL,
			`navigator.credentials.create: SecurityError: The relying party ID is not a registrable domain suffix of, nor equal to the current domain. Subsequently, an attempt to fetch the .well-known/webauthn resource of the claimed RP ID failed.; likely cause: rp.id is neither the host of the page nor one of its parent domains (`,
			`set rp.id to the domain that all sign-in pages share, such as "example.com" for https://auth.example.com; once users have enrolled, serve related origins instead, because changing rp.id invalidates every existing passkey`,
			"delete n/a: no identity was created: none has these traits",
		},
		{
			"origin missing", swap("- "+d.URL+"\n", "- http://localhost:1\n"), d.URL,
			`Kratos rejects it: An internal server error occurred, please contact the system administrator Unable to create WebAuthn credential: Error validating origin; likely cause: the browser's origin is not in rp.origins, which is compared character by character (`,
			"add the origin to rp.origins exactly as it was received",
			"delete n/a: no identity was created: none has these traits",
		},
		{
			"policy without scripts", swap(d.URL, strict), strict,
			`the sign-up page has no usable passkey button, although Kratos offers passkeys; refused to load the script ` + strict + `/static/page.js: the Content Security Policy has script-src-elem; likely cause: the browser did not run the page's script or Kratos' webauthn.js because of the Content-Security-Policy, CORS or a wrong serve.public.base_url`,
			"allow the script in script-src, list the page's origin in serve.public.cors.allowed_origins, and set serve.public.base_url to the address that browsers use",
			"delete n/a: no identity was created",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(d.dir, setup.KratosYML)
			d.settle(t, name, c.config, 31+i)
			d.options.URL = c.url + "/login"
			f, err := source.Open(name)
			require.NoError(t, err)
			d.options.Files = []*source.File{f}
			r := d.examine(t, nil)
			require.Equal(t, failed(c.end), ends(r), "%+v", r.Problems())
			i := slices.IndexFunc(r.Problems(), func(p doctor.Problem) bool { return p.ID == "ceremony-sign-up" })
			require.True(t, strings.HasPrefix(r.Problems()[i].Message, c.message), r.Problems()[i].Message)
			require.Equal(t, c.help, r.Problems()[i].Help)
			require.Zero(t, countIdentities(t, d.AdminURL))
		})
	}
}

// TestPlainPages runs on pages that only show Kratos' nodes, with Kratos' own
// script, and whose names and certificates are only known from the options.
func TestPlainPages(t *testing.T) {
	t.Parallel()
	o := startPlain(t, plainConfig)
	const traits = `{"email": "doctor-{random}@example.org", "name": {"first": "Doc"}, "terms": true}`
	r := examine(t.Context(), t, o, traits, nil)
	require.Equal(t, plainPassed, ends(r), "%+v", r.Problems())
	require.Zero(t, countIdentities(t, o.AdminURL))

	t.Run("untrusted certificate", func(t *testing.T) {
		o := o
		o.Roots = nil
		r := examine(t.Context(), t, o, traits, nil)
		require.Equal(t, failed("delete n/a: no identity was created"), ends(r))
		i := slices.IndexFunc(r.Problems(), func(p doctor.Problem) bool { return p.ID == "ceremony-sign-up" })
		require.Contains(t, r.Problems()[i].Message, "net::ERR_CERT_AUTHORITY_INVALID")
	})
}

// TestNoSession checks that a sign-up without a session, for lack of the session
// hook, does not end the run.
func TestNoSession(t *testing.T) {
	t.Parallel()
	config := strings.Replace(plainConfig, "      after: { passkey: { hooks: [ { hook: session } ] } }\n", "", 1)
	require.NotEqual(t, plainConfig, config)
	o := startPlain(t, config)
	var texts []string
	r := examine(t.Context(), t, o, `{"email": "doctor-{random}@example.org"}`, func(s ceremony.Step) { texts = append(texts, s.Text) })
	require.Equal(t, plainPassed, ends(r), "%+v", r.Problems())
	require.Regexp(t, `^identity [-0-9a-f]{36} has a passkey but no session: registration.after.passkey has no session hook$`, texts[1])
	require.Zero(t, countIdentities(t, o.AdminURL))
}
