package input

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/google/uuid"

	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/orynetwork"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// Network selects a project of the Ory Network instead of files.
type Network struct {
	ID      string // --ory-project, a UUID; "" for none
	KeyFile string // --ory-api-key-file, "" for the environment variables of the Ory CLI
	URL     string // --ory-api-url, "" for the default
}

// Check returns an error if the options of the Ory Network are incomplete or used
// together with files.
func (o Options) Check() error {
	n := o.Network
	if n.ID == "" {
		if n.KeyFile != "" || n.URL != "" {
			return optionErrorf("--ory-api-key-file and --ory-api-url need --ory-project")
		}
		return nil
	}
	if len(o.Files) > 0 || len(o.Layers) > 0 || o.Env || len(o.EnvFiles) > 0 || o.Environment != "" || o.AllEnvironments {
		return optionErrorf("--ory-project checks a project of the Ory Network and cannot be used with files or environments")
	}
	if _, err := uuid.Parse(n.ID); err != nil {
		return optionErrorf("invalid --ory-project %q: use the project's UUID, as shown by %q", n.ID, "ory list projects")
	}
	return nil
}

// fromNetwork fetches the project.
func (l *Loader) fromNetwork(ctx context.Context) (Config, error) {
	o := l.o
	key, err := o.networkKey()
	if err != nil {
		return Config{}, err
	}
	client, err := orynetwork.New(orynetwork.Options{Token: key, URL: o.Network.URL})
	if err != nil {
		return Config{}, optionErrorf("--ory-api-url: %w", err)
	}
	p, err := client.Project(ctx, uuid.MustParse(o.Network.ID))
	if err != nil {
		return Config{}, err
	}
	file, err := p.Document()
	if err != nil {
		return Config{}, err
	}
	if p.HostedPages() && len(o.Domains)+len(o.DomainsFrom) == 0 {
		if p.OnOwnHost() {
			o.Domains = []string{p.Host()}
		} else {
			o.Notice("the project's pages are on its custom domain; pass it with --domain to check them too")
		}
	}
	opts, err := l.lint(ctx, o)
	if err != nil {
		return Config{}, err
	}
	// Only the project's owner sets the URLs of its identity schemas.
	opts.Schemas.Fetch = fetcher(ctx, true)
	opts.Hosted = true
	if p.OnOwnHost() { // its Kratos has this URL, but the configuration does not show it
		opts.Env = append(opts.Env, kratosconf.Variable{Name: "SERVE_PUBLIC_BASE_URL", Value: "https://" + p.Host() + "/"})
	}
	if opts.Version, err = version(o.Version, nil); err != nil {
		return Config{}, err
	}
	return Config{Files: []*source.File{file}, Lint: opts, Network: p}, nil
}

// networkKey returns the API key from the file, or from the variables of the Ory
// CLI.
func (o Options) networkKey() (string, error) {
	if o.Network.KeyFile == "" {
		for _, name := range []string{"ORY_WORKSPACE_API_KEY", "ORY_PROJECT_API_KEY"} {
			if key := strings.TrimSpace(lookup(o.Environ, name)); key != "" {
				return key, nil
			}
		}
		return "", optionErrorf("--ory-project needs an API key: use --ory-api-key-file, or set ORY_WORKSPACE_API_KEY or ORY_PROJECT_API_KEY")
	}
	raw, err := os.ReadFile(o.Network.KeyFile)
	if err != nil {
		return "", fmt.Errorf("ory api key file: %w", err)
	}
	key := strings.TrimSpace(string(raw))
	if key == "" {
		return "", fmt.Errorf("ory api key file %q is empty", o.Network.KeyFile)
	}
	if strings.ContainsAny(key, " \t\r\n") {
		return "", errors.New("ory api key file: it must contain only the key")
	}
	return key, nil
}

// lookup returns a variable of an environment, "" if it is not set.
func lookup(environ []string, name string) string {
	for _, kv := range environ {
		if k, v, ok := strings.Cut(kv, "="); ok && k == name {
			return v
		}
	}
	return ""
}
