package server

import (
	"cmp"
	"errors"
	"fmt"
	"net"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/sidecar/kratosadmin"
)

// ErrUnsafe is returned for options with which unauthorised clients could use the
// API.
var ErrUnsafe = errors.New("refusing to start")

// Check returns an error for options that New rejects regardless of files and
// network.
func (o Options) Check() error {
	for _, l := range []struct{ option, addr string }{
		{"--listen", cmp.Or(o.Listen, api.DefaultListen)},
		{"--metrics-listen", cmp.Or(o.MetricsListen, api.DefaultMetricsListen)},
		{"--public-listen", cmp.Or(o.PublicListen, ":0")},
	} {
		_, port, err := net.SplitHostPort(l.addr)
		if err == nil {
			_, err = net.LookupPort("tcp", port) //nolint:noctx // does not use the network
		}
		if err != nil {
			return fmt.Errorf("%s %q is not HOST:PORT: %w", l.option, l.addr, err)
		}
	}
	if _, err := kratosadmin.New(kratosadmin.Options{URL: o.KratosAdminURL}); err != nil {
		return err
	}
	if err := o.TLS.check(); err != nil {
		return err
	}
	return o.checkSafe()
}

// checkSafe returns ErrUnsafe for a server without keys or encryption on the network.
func (o Options) checkSafe() error {
	loopback := isLoopback(cmp.Or(o.Listen, api.DefaultListen))
	switch {
	case o.Dev && !loopback:
		return fmt.Errorf("%w: --dev requires no API key, so --listen %q must be a loopback address such as 127.0.0.1:4477", ErrUnsafe, o.Listen)
	case !o.Dev && o.Keys == nil && o.KeyFile == "":
		return fmt.Errorf("%w without API keys: set --api-key-file, or use --dev on a loopback address", ErrUnsafe)
	case !loopback && !o.InsecureHTTP && !o.TLS.enabled():
		return fmt.Errorf("%w: --listen %q would send keys and handles in plain text; set --tls-cert-file, or --insecure-http on a trusted network", ErrUnsafe, o.Listen)
	}
	return nil
}

// isLoopback reports whether a HOST:PORT is a loopback address.
func isLoopback(addr string) bool {
	host, _, _ := net.SplitHostPort(addr)
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
