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

// TLS are the TLS options of the API. CertFile and KeyFile must be set together, and
// so must ClientCAFile and ClientSANs.
type TLS struct {
	CertFile     string   // the chain, PEM
	KeyFile      string   // PEM
	ClientCAFile string   // CAs of client certificates, PEM; if set, clients need a certificate
	ClientSANs   []string // accepted DNS names, URIs or email addresses of client certificates
}

func (t TLS) enabled() bool { return t.CertFile != "" }

// check returns an error for incomplete options.
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

// tlsFiles is a TLS configuration that is reloaded when its files change.
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

// replace switches to other files, unless they are invalid.
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

// read reloads the configuration if a file has changed.
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

// config returns the configuration for the contents of the files.
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

// serverConfig returns a configuration that uses the current files for every
// connection.
func (f *tlsFiles) serverConfig() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return f.current.Load(), nil },
	}
}

// watchTLS reloads the files when they change. Invalid files are ignored.
func (s *Server) watchTLS(ctx context.Context) error {
	if s.tls == nil {
		return nil
	}
	return s.watchFiles(ctx, readCertificates, s.tls.read)
}
