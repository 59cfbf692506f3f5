package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
)

// TLS says how the API is served over TLS. CertFile and KeyFile belong
// together, and so do ClientCAFile and ClientSANs.
type TLS struct {
	CertFile     string   // the chain, PEM
	KeyFile      string   // PEM
	ClientCAFile string   // clients need a certificate of one of these authorities, PEM
	ClientSANs   []string // and one of these DNS names, URIs or e-mail addresses in it
}

func (t TLS) enabled() bool { return t.CertFile != "" }

// check finds what is missing.
func (t TLS) check() error {
	switch {
	case (t.CertFile == "") != (t.KeyFile == ""):
		return errors.New("TLS needs both --tls-cert-file and --tls-key-file")
	case t.ClientCAFile != "" && !t.enabled():
		return errors.New("--client-ca-file needs --tls-cert-file and --tls-key-file")
	case t.ClientCAFile != "" && len(t.ClientSANs) == 0:
		return errors.New("--client-ca-file needs --client-san: name the clients to accept among all those that the CA has issued certificates to")
	case t.ClientCAFile == "" && len(t.ClientSANs) > 0:
		return errors.New("--client-san needs --client-ca-file")
	}
	return nil
}

// tlsFiles holds the configuration made from the files, and what was in them.
type tlsFiles struct {
	current atomic.Pointer[tls.Config]

	mu      sync.Mutex
	tls     TLS
	content [][]byte
}

func openTLS(t TLS) (*tlsFiles, error) {
	f := &tlsFiles{tls: t}
	_, err := f.read()
	return f, err
}

// replace takes other files, unless they cannot be used.
func (f *tlsFiles) replace(t TLS) error {
	next, err := openTLS(t)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tls, f.content = next.tls, next.content
	f.current.Store(next.current.Load())
	return nil
}

// read makes the configuration again where a file has changed.
func (f *tlsFiles) read() (changed bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var content [][]byte
	for _, name := range []string{f.tls.CertFile, f.tls.KeyFile, f.tls.ClientCAFile} {
		if name == "" {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return false, fmt.Errorf("tls: %w", err)
		}
		content = append(content, b)
	}
	if slices.EqualFunc(content, f.content, bytes.Equal) {
		return false, nil
	}
	config, err := f.tls.config(content)
	if err != nil {
		return false, err
	}
	f.current.Store(config)
	f.content = content
	return true, nil
}

// config makes a configuration from the contents of the files.
func (t TLS) config(content [][]byte) (*tls.Config, error) {
	cert, err := tls.X509KeyPair(content[0], content[1])
	if err != nil {
		return nil, fmt.Errorf("tls: %q and %q: %w", t.CertFile, t.KeyFile, err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if t.ClientCAFile == "" {
		return c, nil
	}
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(content[2]) {
		return nil, fmt.Errorf("tls: %q contains no certificate", t.ClientCAFile)
	}
	c.ClientAuth = tls.RequireAndVerifyClientCert
	c.VerifyConnection = func(state tls.ConnectionState) error {
		leaf := state.PeerCertificates[0]
		names := slices.Concat(leaf.DNSNames, leaf.EmailAddresses)
		for _, u := range leaf.URIs {
			names = append(names, u.String())
		}
		for _, name := range names {
			if slices.Contains(t.ClientSANs, name) {
				return nil
			}
		}
		return errors.New("the client certificate matches none of --client-san")
	}
	return c, nil
}

// serverConfig takes the files' newest configuration for every connection.
func (f *tlsFiles) serverConfig() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return f.current.Load(), nil },
	}
}

// watchTLS reads the files again whenever they change. Files that cannot be
// used change nothing.
func (s *Server) watchTLS(ctx context.Context) error {
	if s.tls == nil {
		return nil
	}
	return s.watchFiles(ctx, readCertificates, s.tls.read)
}
