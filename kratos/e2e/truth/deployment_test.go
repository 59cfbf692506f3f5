package truth_test

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/olympusoss/oly-passkey/kratos/e2e/chromium"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
)

// deployment is one configuration of Kratos and the page on which users sign up.
// Its ports 18080 and 18443 are replaced by those of this run's servers.
type deployment struct {
	Stratum string
	Page    string // origin in the user's browser
	UI      string // origin of the flows' ui_url, Page when empty; a proxy may put another in front
	Method  string // passkey or webauthn
	BaseURL string // serve.public.base_url
	Config  any    // of the method: rp and its siblings
	Hooks   []any  // registration.after.METHOD.hooks
	Schema  string
	Text    string // appended to kratos.yml unchanged
	Related *chromium.Document
}

type object = map[string]any

const (
	goodSchema = `"title": "E-mail", "ory.sh/kratos": {"credentials": {"webauthn": {"identifier": true}, "passkey": {"display_name": true}}}`
	auth       = "https://auth.example.com"
)

// good is a deployment that works; the strata change one thing each.
func good(method string) deployment {
	return deployment{
		Page: auth, Method: method, BaseURL: "https://auth.example.com/",
		Config: config("example.com", auth),
		Hooks:  []any{object{"hook": "session"}},
		Schema: schema(goodSchema),
	}
}

func config(rpID any, origins ...any) object {
	return object{"rp": object{"id": rpID, "display_name": "Example", "origins": origins}}
}

func schema(email string) string {
	return `{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"traits": {"type": "object", "required": ["email"], "properties": {"email": {"type": "string", ` + email + `}}}}}`
}

// kratosYML is the whole configuration.
func (d *deployment) kratosYML(t *testing.T, public, admin string) []byte {
	t.Helper()
	method := object{"enabled": true}
	if d.Config != nil {
		method["config"] = d.Config
	}
	flows, ui := object{}, cmp.Or(d.UI, d.Page)
	for _, name := range []string{"login", "registration", "settings", "error"} {
		flows[name] = object{"ui_url": ui + "/" + name}
	}
	if d.Hooks != nil {
		flows["registration"].(object)["after"] = object{d.Method: object{"hooks": d.Hooks}}
	}
	tree := object{
		"dsn": "memory",
		"serve": object{
			"public": object{"host": "127.0.0.1", "port": number(t, public), "base_url": d.BaseURL},
			"admin":  object{"host": "127.0.0.1", "port": number(t, admin)},
		},
		"log": object{"level": "error"},
		"selfservice": object{
			"default_browser_return_url": ui + "/",
			"flows":                      flows,
			"methods":                    object{d.Method: method, "password": object{"enabled": false}},
		},
		"identity": object{"default_schema_id": "default", "schemas": []any{
			object{"id": "default", "url": "base64://" + base64.StdEncoding.EncodeToString([]byte(d.Schema))},
		}},
	}
	out, err := yaml.Marshal(tree)
	require.NoError(t, err)
	return append(out, d.Text...)
}

// number is a port as YAML wants it.
func number(t *testing.T, port string) int {
	t.Helper()
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	return n
}

// deployments makes n of them, the strata by turns, each stratum in an order of
// its own. The same seed makes the same list.
func deployments(t *testing.T, seed uint64, n int) []deployment {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	strata := strata()
	for _, s := range strata {
		r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
	}
	var out []deployment
	for i := 0; len(out) < n; i++ {
		before := len(out)
		for _, s := range strata {
			if i < len(s) && len(out) < n {
				out = append(out, s[i])
			}
		}
		require.Greater(t, len(out), before, "there are only %d deployments", len(out))
	}
	return out
}

// total counts what there is.
func total() int {
	n := 0
	for _, s := range strata() {
		n += len(s)
	}
	return n
}

func strata() [][]deployment {
	all := map[string][]deployment{}
	for _, method := range []string{"passkey", "webauthn"} {
		for name, list := range map[string][]deployment{
			"rp.id":            rpIDs(method),
			"origins":          origins(method),
			"origins left out": defaults(method),
			"related origins":  related(method),
			"identity schema":  schemas(method),
			"mechanics":        mechanics(method),
			"hooks":            hooks(method),
			"proxies":          proxies(method),
			"two faults":       mixed(method),
		} {
			for _, d := range list {
				if method == "webauthn" {
					d.Config = passwordless(d.Config)
				}
				d.Stratum = name
				all[name+" "+method] = append(all[name+" "+method], d)
			}
		}
	}
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	var out [][]deployment
	for _, name := range names {
		out = append(out, all[name])
	}
	return out
}

func passwordless(config any) any {
	c, ok := config.(object)
	if !ok {
		return config
	}
	c["passwordless"] = true
	return c
}

func (d *deployment) String() string {
	c, _ := json.Marshal(d.Config)
	return fmt.Sprintf("%s: %s on %s, ui %s, base_url %s, %s", d.Stratum, d.Method, d.Page, cmp.Or(d.UI, d.Page), d.BaseURL, strings.TrimSpace(string(c)+" "+d.Text))
}

// sorted gives deployments that came out of a map an order.
func sorted(list []deployment) []deployment {
	slices.SortFunc(list, func(a, b deployment) int { return strings.Compare(a.String(), b.String()) })
	return list
}

// punycode is how browsers write an origin.
func punycode(origin string) string {
	page, err := webauthn.ParsePage(origin)
	if err != nil {
		return origin
	}
	return page.Origin()
}
