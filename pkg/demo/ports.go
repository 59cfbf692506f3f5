package demo

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
)

// socket is a reserved local port.
type socket struct {
	listener net.Listener
}

// port returns the port as text.
func (s *socket) port() string {
	_, port, _ := net.SplitHostPort(s.listener.Addr().String()) // an address of our own making
	return port
}

// address returns the host:port.
func (s *socket) address() string { return s.listener.Addr().String() }

func (s *socket) close() {
	if s.listener != nil {
		_ = s.listener.Close() // nothing is lost with an idle listener
	}
}

// sockets are the ports of a demo. They are reserved before anything starts, to
// report a port in use early and with its flag.
type sockets struct {
	ui, public, admin, sidecar, metrics socket
}

func (o *Options) listen(ctx context.Context) (*sockets, error) {
	s := &sockets{}
	for _, want := range []struct {
		flag   string
		port   int
		socket *socket
	}{
		{"--ui-port", o.Ports.UI, &s.ui},
		{"--public-port", o.Ports.Public, &s.public},
		{"--admin-port", o.Ports.Admin, &s.admin},
		{"--sidecar-port", o.Ports.Sidecar, &s.sidecar},
		{"--metrics-port", o.Ports.Metrics, &s.metrics},
	} {
		var config net.ListenConfig
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(want.port)))
		if err != nil {
			s.close()
			return nil, fmt.Errorf("port %d is in use or not allowed (%w); choose another with %s (0 for any free port)", want.port, err, want.flag)
		}
		want.socket.listener = l
	}
	return s, nil
}

func (s *sockets) close() {
	for _, one := range []*socket{&s.ui, &s.public, &s.admin, &s.sidecar, &s.metrics} {
		one.close()
	}
}

// hostPort returns the address of one of the demo's URLs.
func hostPort(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return net.JoinHostPort("127.0.0.1", u.Port())
}
