package input

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"1.1.1.1": true, "2606:4700:4700::1111": true, "::ffff:1.1.1.1": true,
		"127.0.0.1": false, "::1": false, "::ffff:127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false,
		"192.168.1.1": false, "169.254.169.254": false, "100.100.100.200": false, "0.0.0.0": false, "::": false,
		"fe80::1%eth0": false, "fd00:ec2::254": false, "64:ff9b::a00:1": false, "2002:7f00:1::": false, "224.0.0.1": false,
		"255.255.255.255": false, "192.0.0.192": false, "::7f00:1": false,
	} {
		require.Equal(t, want, isPublic(netip.MustParseAddr(address)), address)
	}
}
