package setup

import (
	"cmp"
	"io"
	"net/url"

	"github.com/olympusoss/oly-passkey/pkg/api"
)

// forTarget fills in the defaults that a target has.
func (o Options) forTarget() Options {
	var d Options
	switch o.Target {
	case NoTarget:
	case Compose: // a container each, in a network that only Kratos' public port leaves
		d = Options{
			Mount:      "/etc/config/kratos",
			SidecarURL: "http://sidecar:4477",
		}
	case Helm: // one pod, too; its files are where the chart mounts them, and its database elsewhere
		d = Options{
			Mount:       "/etc/config",
			AdminListen: "0.0.0.0:4434", // the chart's probes ask there
			DSN:         "postgres://kratos@postgres:5432/kratos?sslmode=verify-full",
		}
	case Kubernetes: // one pod, whose containers share their loopback
		d = Options{
			Mount:       "/etc/config/kratos",
			AdminListen: "127.0.0.1:4434",
		}
	case Systemd:
		d = Options{
			Mount:        "/etc/kratos",
			PublicListen: "127.0.0.1:4433",
			AdminListen:  "127.0.0.1:4434",
			DSN:          "sqlite:///var/lib/kratos/kratos.db?_fk=true&mode=rwc",
		}
	}
	o.Mount = cmp.Or(o.Mount, d.Mount)
	o.SidecarURL = cmp.Or(o.SidecarURL, d.SidecarURL)
	o.PublicListen = cmp.Or(o.PublicListen, d.PublicListen)
	o.AdminListen = cmp.Or(o.AdminListen, d.AdminListen)
	o.DSN = cmp.Or(o.DSN, d.DSN)
	return o
}

// target adds the files that start Kratos and the sidecar.
func (o Options) target(s *site) error {
	s.Target = o.Target
	s.Version = cmp.Or(o.Version, "latest")
	if own := (Options{Target: o.Target}).forTarget().SidecarURL; o.Target == Compose && s.SidecarURL != own ||
		(o.Target == Kubernetes || o.Target == Helm) && s.SidecarURL != api.DefaultURL {
		return optionf("--sidecar-url", "%q does not go with --target %s, whose sidecar has an address of its own", s.SidecarURL, o.Target)
	}
	switch o.Target {
	case NoTarget:
	case Compose:
		s.deploy = []outFile{{"compose.yml", "deploy/compose.yml"}}
	case Kubernetes:
		s.deploy = []outFile{
			{"kustomization.yaml", "deploy/kustomization.yaml"},
			{"kubernetes.yaml", "deploy/kubernetes.yaml"},
		}
	case Helm: // in the values
	case Systemd:
		s.deploy = []outFile{
			{"systemd/kratos.service", "deploy/kratos.service"},
			{"systemd/oly-passkey.service", "deploy/oly-passkey.service"},
		}
	default:
		return optionf("--target", "%q is unknown; use %s, %s, %s or %s", o.Target, Compose, Kubernetes, Helm, Systemd)
	}
	return nil
}

// postgresFile is the environment of compose's database. Its password is the one
// of an earlier run, in whichever file it is left, or a fresh one, and goes into
// the DSN of a fresh kratos.env.
func (s *site) postgresFile(have State, random io.Reader) (File, error) {
	const name = "POSTGRES_PASSWORD"
	password := parseEnv(have.PostgresEnv)[name]
	if dsn, err := url.Parse(parseEnv(have.KratosEnv)["DSN"]); password == "" && err == nil && dsn.Hostname() == "postgres" {
		password, _ = dsn.User.Password()
	}
	if password == "" {
		var err error
		if password, err = secret(random, 24); err != nil {
			return File{}, err
		}
	}
	if s.DSN == "" {
		s.DSN = "postgres://kratos:" + password + "@postgres:5432/kratos?sslmode=disable" // inside compose's network
	}
	content := have.PostgresEnv
	if parseEnv(content)[name] == "" {
		content = appendLines(content, []string{name + "=" + password})
	}
	return File{Path: PostgresEnv, Mode: private, Content: content, Extends: true}, nil
}
