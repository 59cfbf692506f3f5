package input

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/olympusoss/oly-passkey/pkg/source"
)

// fetchTimeout limits one download of an identity schema.
const fetchTimeout = 10 * time.Second

// fetcher returns a function that downloads an identity schema. Unless private
// addresses are allowed it connects to public ones only, without a proxy: behind
// one the address could not be checked.
func fetcher(ctx context.Context, private bool) func(string) (*source.File, error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if !private {
		dialer := &net.Dialer{Control: publicOnly}
		transport = &http.Transport{DialContext: dialer.DialContext}
	}
	transport.DisableKeepAlives = true
	return func(raw string) (*source.File, error) {
		ctx, stop := context.WithTimeout(ctx, fetchTimeout)
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
			return nil, fmt.Errorf("get %q: the server responded with %s", raw, resp.Status)
		}
		f, err := source.Read(raw, resp.Body)
		if err == nil {
			f.Foreign = true
		}
		return f, err
	}
}

// publicOnly rejects connections to addresses that are not public.
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

// isPublic reports whether an address is globally reachable according to IANA's
// special-purpose address registries. It knows the ranges that embed IPv4.
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
