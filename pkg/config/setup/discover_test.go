package setup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/config/setup/patch"
)

func TestDiscover(t *testing.T) {
	for name, c := range map[string]struct{ files, dir, want string }{
		"nothing": {"-- README.md --\nhello\n", ".", ""},
		"compose": {`
-- compose.yml --
name: shop
services:
  # image: oryd/kratos:v0.1.0
  kratos:
    image: oryd/kratos:v1.3.1-distroless
-- kratos/kratos.yml --
selfservice:
  methods: {}
identity:
  schemas: []
`, ".", `config kratos/kratos.yml
version v1.3.1 compose.yml:5:24
app-name shop compose.yml:1:7
target compose compose.yml:5:24
`},
		"from the configuration's folder": {`
-- .git/HEAD --
-- docker-compose.yaml --
services: {kratos: {image: "oryd/kratos:v26.2.0"}}
-- .gitlab-ci.yml --
-- config/kratos/kratos.yml --
selfservice: {methods: {}}
default_schema_id: x
identity: {}
`, "config/kratos", `config config/kratos/kratos.yml
version v26.2.0 docker-compose.yaml:1:41
target compose docker-compose.yaml:1:41
ci gitlab
`},
		"manifests": {`
-- .github/workflows/x.yml --
-- k8s/deployment.yaml --
kind: Deployment
spec:
  containers:
    - image: oryd/kratos:v1.2.0
-- k8s/ingress.yaml --
kind: Ingress
spec:
  rules:
    - host: api.example.com
    - host: login.example.com
`, ".", `version v1.2.0 k8s/deployment.yaml:4:26
domain login.example.com k8s/ingress.yaml:5:13
target kubernetes k8s/deployment.yaml:4:26
ci github
`},
		"values of a chart":   {"-- values.yaml --\nimage:\n  repository: oryd/kratos\n  tag: v1.3.0\n", ".", "version v1.3.0 values.yaml:3:8\n"},
		"one site of a proxy": {"-- Caddyfile --\nshop.example.com {\n  reverse_proxy :8080\n}\n", ".", "domain shop.example.com Caddyfile:1:1\n"},
		"nginx":               {"-- proxy/site.conf --\nserver {\n  server_name auth.example.com www.example.com;\n}\n", ".", "domain auth.example.com proxy/site.conf:2:15\n"},
		"no site to sign in":  {"-- ingress.yaml --\nkind: Ingress\nspec:\n  rules:\n    - host: api.example.com\n    - host: www.example.com\n", ".", ""},
		"an address":          {"-- ingress.yaml --\nkind: Ingress\nspec:\n  rules:\n    - host: 192.0.2.1\n", ".", ""},
		"too deep, and not ours": {`
-- a/b/c/d/compose.yml --
image: oryd/kratos:v1.3.1
-- node_modules/compose.yml --
image: oryd/kratos:v1.3.1
-- .hidden/compose.yml --
image: oryd/kratos:v1.3.1
`, ".", ""},
		"a folder that will be made": {"-- compose.yml --\nservices: {kratos: {image: oryd/kratos:v1.3.1}}\n", "new", "version v1.3.1 compose.yml:1:40\ntarget compose compose.yml:1:40\n"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for _, f := range txtar.Parse([]byte(c.files)).Files {
				path := filepath.Join(root, filepath.FromSlash(f.Name))
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
				require.NoError(t, os.WriteFile(path, f.Data, 0o600))
			}
			s, err := setup.Discover(filepath.Join(root, filepath.FromSlash(c.dir)))
			require.NoError(t, err)
			require.Equal(t, c.want, strings.ReplaceAll(discovered(s), root+string(filepath.Separator), ""))
		})
	}
	_, err := setup.Discover("discover.go/below")
	require.EqualError(t, err, "lstat discover.go/below: not a directory")
}

func discovered(s *setup.Discovery) string {
	var b strings.Builder
	for _, name := range s.Configs {
		b.WriteString("config " + filepath.ToSlash(name) + "\n")
	}
	for _, f := range []struct {
		name string
		fact patch.Fact
	}{{"version", s.Version}, {"domain", s.Domain}, {"app-name", s.AppName}, {"target", s.Target}} {
		if f.fact.Value != "" {
			b.WriteString(f.name + " " + f.fact.Value + " " + filepath.ToSlash(f.fact.From.String()) + "\n")
		}
	}
	if s.CI.Value != "" {
		b.WriteString("ci " + s.CI.Value + "\n")
	}
	return b.String()
}
