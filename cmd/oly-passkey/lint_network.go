package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/kratosconf"
	"github.com/olympusoss/oly-passkey/pkg/config/lint"
	"github.com/olympusoss/oly-passkey/pkg/config/orynetwork"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// oryNetwork is what lint needs to check a project of the Ory Network instead of
// files.
type oryNetwork struct {
	id, keyFile, url string
	project          *orynetwork.Project // nil until it was fetched
}

func (n *oryNetwork) flags(f *pflag.FlagSet) {
	f.StringVar(&n.id, "ory-project", "", "check the identity configuration of an Ory Network project; `ID` is its UUID")
	f.StringVar(&n.keyFile, "ory-api-key-file", "", "`FILE` with an API key of the project or its workspace (default: ORY_WORKSPACE_API_KEY, ORY_PROJECT_API_KEY)")
	f.StringVar(&n.url, "ory-api-url", "", "`URL` of the Ory Network's API, when it is another one")
}

// check says which flags do not go together.
func (n *oryNetwork) check(l *linter, args []string) error {
	if n.id == "" {
		if n.keyFile != "" || n.url != "" {
			return cli.Usagef("--ory-api-key-file and --ory-api-url go with --ory-project")
		}
		return nil
	}
	if len(args) > 0 || len(l.layers) > 0 || l.env || len(l.envFiles) > 0 || l.environment != "" || l.allEnvironments {
		return cli.Usagef("--ory-project checks what the Ory Network has: no files, environment or environments besides it")
	}
	if _, err := uuid.Parse(n.id); err != nil {
		return cli.Usagef("--ory-project is %q; it takes a project's id, a UUID that %q shows", n.id, "ory list projects")
	}
	if l.fix != "" && !l.diff && l.format != "text" {
		return cli.Usagef("--fix with --ory-project prints a command for the Ory CLI: it goes with --format text")
	}
	return nil
}

// fromNetwork fetches the project and makes a configuration of it.
func (l *linter) fromNetwork(ctx context.Context) ([]target, error) {
	n := &l.network
	key, err := n.key(l.app)
	if err != nil {
		return nil, err
	}
	client, err := orynetwork.New(orynetwork.Options{Token: key, URL: n.url})
	if err != nil {
		return nil, cli.Usagef("--ory-api-url: %w", err)
	}
	if n.project, err = client.Project(ctx, uuid.MustParse(n.id)); err != nil {
		return nil, err
	}
	file, err := n.project.Document()
	if err != nil {
		return nil, err
	}
	// The project's identity schemas are at URLs of the Ory Network, which nobody
	// but its owner sets.
	l.online, l.fetch = true, fetcher(ctx, true)
	if n.project.HostedPages() && len(l.domains)+len(l.domainsFrom) == 0 {
		if n.project.OnOwnHost() {
			l.domains = []string{n.project.Host()}
		} else if _, err := fmt.Fprintln(l.app.stderr, "oly-passkey: the project's pages are at its custom domain; name it with --domain to check them, too"); err != nil {
			return nil, err
		}
	}
	files := []*source.File{file}
	opts, err := l.options()
	if err != nil {
		return nil, err
	}
	opts.Hosted = true
	if n.project.OnOwnHost() { // its Kratos is told so, but the configuration does not show it
		opts.Env = append(opts.Env, kratosconf.Variable{Name: "SERVE_PUBLIC_BASE_URL", Value: "https://" + n.project.Host() + "/"})
	}
	if opts.Version, err = l.kratosVersion(nil); err != nil {
		return nil, err
	}
	if opts.Enrolled, err = l.enrolled(ctx); err != nil {
		return nil, err
	}
	return []target{{files: files, opts: opts}}, nil
}

// key finds the API key: in the file, or where the Ory CLI looks for it.
func (n *oryNetwork) key(a *app) (string, error) {
	if n.keyFile == "" {
		for _, name := range []string{"ORY_WORKSPACE_API_KEY", "ORY_PROJECT_API_KEY"} {
			if key := strings.TrimSpace(a.getenv(name)); key != "" {
				return key, nil
			}
		}
		return "", cli.Usagef("--ory-project needs an API key: --ory-api-key-file, or ORY_WORKSPACE_API_KEY or ORY_PROJECT_API_KEY in the environment")
	}
	raw, err := os.ReadFile(n.keyFile)
	if err != nil {
		return "", fmt.Errorf("ory api key file: %w", err)
	}
	key := strings.TrimSpace(string(raw))
	if key == "" {
		return "", fmt.Errorf("ory api key file %q is empty", n.keyFile)
	}
	if strings.ContainsAny(key, " \t\r\n") {
		return "", errors.New("ory api key file: it has to hold the key alone")
	}
	return key, nil
}

// locate adds to each finding about the project where it is set: the JSON path,
// and the page of the Ory Console.
func (n *oryNetwork) locate(findings []lint.Finding) {
	if n.project == nil {
		return
	}
	for i, f := range findings {
		if f.Span.File == nil || f.Span.File.Name != n.project.Name() {
			continue
		}
		pointer := orynetwork.Pointer(f.Span.File.Data, f.Span.Position())
		where := "only the Ory CLI sets it"
		if page := n.project.Setting(pointer); page != "" {
			where = "Ory Console: " + page
		}
		if pointer == "" {
			pointer = "/"
		}
		findings[i].Notes = slices.Concat(f.Notes, []lint.Note{{Span: f.Span, Message: pointer + " (" + where + ")"}})
	}
}

// printPatch prints what the Ory CLI has to be told; nothing is written.
func (l *linter) printPatch(changed []lint.Repaired) error {
	for _, r := range changed {
		if r.Name != l.network.project.Name() {
			continue
		}
		ops, err := orynetwork.Diff(r.Before, r.After)
		if err != nil {
			return fmt.Errorf("compare the configuration before and after: %w", err)
		}
		command, err := l.network.project.Command(ops)
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(l.app.stdout, command)
		return err
	}
	_, err := fmt.Fprintln(l.app.stderr, "oly-passkey: there is nothing that can be mended safely")
	return err
}
