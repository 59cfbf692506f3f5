package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/yamledit"
	"github.com/olympusoss/oly-passkey/pkg/safetext"
	"github.com/olympusoss/oly-passkey/pkg/source"
)

// outsideFlag lets a configuration name what does not belong to its repository.
func (l *linter) outsideFlag(c *cobra.Command) {
	c.Flags().BoolVar(&l.allowOutside, "allow-outside", false, "read files outside of the repository that the files name, and with --online private addresses")
}

// bound says which files may be read: those that the command line names, and what
// they name below their folders and the repository of the working directory.
func (l *linter) bound(args []string) error {
	if l.bounds != nil {
		return nil
	}
	b, err := source.NewBounds(".")
	if err != nil {
		return err
	}
	b.All = l.allowOutside
	for _, name := range slices.Concat(l.layers, args, []string{l.project, l.stdinFilename}) {
		b.NameConfig(name)
	}
	for _, name := range slices.Concat(l.envFiles, l.domainsFrom, []string{l.related, l.baseline, l.writeBaseline}) {
		b.Name(name)
	}
	for _, schema := range l.schemas {
		_, file := schemaFile(schema)
		b.Name(file)
	}
	l.bounds = b
	return nil
}

// schemaFile takes an --identity-schema apart: [ID=]FILE.
func schemaFile(text string) (id, file string) {
	if id, file, ok := strings.Cut(text, "="); ok {
		return id, file
	}
	return "", text
}

// rewrite puts files in the place of existing ones, none of them outside of the
// bounds.
func (l *linter) rewrite(changed []yamledit.Change) error {
	for _, c := range changed {
		if !l.bounds.MayWrite(c.Name) {
			return outsideError(c.Name)
		}
	}
	return rewriteAll(changed)
}

func outsideError(name string) error {
	return fmt.Errorf("write %q: it is outside of the repository, or a link that leads there", name)
}

// interruptible returns when f has ended, or when the context is done: then f goes
// on until the process ends, and must have no effects.
func interruptible[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
}

// insecureHTTPFlag lets a key be sent in clear text.
func insecureHTTPFlag(c *cobra.Command, allowed *bool) {
	c.Flags().BoolVar(allowed, "insecure-http", false, "send the key to an http URL that is not on this machine, on a network that is trusted")
}

// keyGoesTo says why a key must not be sent to the sidecar at a URL, nil if it may.
func keyGoesTo(raw string, insecure bool) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return cli.Usagef("--sidecar is not an http or https URL; give one such as http://127.0.0.1:4477")
	}
	ip, _ := netip.ParseAddr(u.Hostname()) // the zero address is not a loopback one
	if u.Scheme == "https" || insecure || u.Hostname() == "localhost" || ip.IsLoopback() {
		return nil
	}
	return cli.Usagef("--sidecar %q is http and not on this machine, and the key of --api-key-file would be sent there in clear text; use https, or --insecure-http on a network that is trusted", safetext.URL(raw))
}

// fetcher returns a function that reads an identity schema over the network, in 10
// seconds at most. Without private it connects to public addresses only, and to
// no proxy, whose address would be the only one that is seen here.
func fetcher(ctx context.Context, private bool) func(string) (*source.File, error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if !private {
		dialer := &net.Dialer{Control: publicOnly}
		transport = &http.Transport{DialContext: dialer.DialContext}
	}
	transport.DisableKeepAlives = true
	return func(raw string) (*source.File, error) {
		ctx, stop := context.WithTimeout(ctx, 10*time.Second)
		defer stop()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, raw, http.NoBody)
		if err != nil {
			return nil, err
		}
		resp, err := (&http.Client{Transport: transport}).Do(req)
		if err != nil {
			return nil, err
		}
		defer func() { _ = resp.Body.Close() }() // only read from
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("get %q: the answer is %s", raw, resp.Status)
		}
		f, err := source.Read(raw, resp.Body)
		if err == nil {
			f.Foreign = true
		}
		return f, err
	}
}

// publicOnly refuses connections to addresses that are not of the public internet.
func publicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !isPublic(at.Addr()) {
		return fmt.Errorf("%s is not a public address; --allow-outside allows it", at.Addr())
	}
	return nil
}

// isPublic reports whether an address is of the public internet (IANA's
// special-purpose address registries), also inside of one that translates IPv4.
func isPublic(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, special := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		if netip.MustParsePrefix(special).Contains(ip) {
			return false
		}
	}
	return true
}
