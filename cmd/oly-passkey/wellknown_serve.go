package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
)

func newWellknownServe(a *app) *cobra.Command {
	var s siteFlags
	var listen, cert, key string
	c := &cobra.Command{
		Use:   "serve",
		Short: "serve the documents over HTTP",
		Long: `Serves every document that is not empty. Browsers expect them at
https://RP-ID/.well-known/: let the proxy that terminates TLS for that host
forward /.well-known/webauthn and the others, or pass a certificate.`,
		Example: `  oly-passkey wellknown serve -c kratos.yml --listen 127.0.0.1:8080`,
		Args:    cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			site, err := cli.Interruptible(cmd.Context(), func() (*wellknown.Site, error) { return s.site(cmd.Context()) })
			if err != nil {
				return err
			}
			return serveWellknown(cmd.Context(), a, site, listen, cert, key)
		},
	}
	s.register(a, c)
	cli.Group(c, "Server", func(f *pflag.FlagSet) {
		f.StringVar(&listen, "listen", "127.0.0.1:8080", "`HOST:PORT` to listen on")
		f.StringVar(&cert, "tls-cert-file", "", "`FILE` with the certificate chain, PEM")
		f.StringVar(&key, "tls-key-file", "", "`FILE` with its private key, PEM")
	})
	cli.Renamed(c, map[string]string{"tls-cert": "tls-cert-file", "tls-key": "tls-key-file"})
	c.MarkFlagsRequiredTogether("tls-cert-file", "tls-key-file")
	return cli.Graceful(c)
}

func serveWellknown(ctx context.Context, a *app, site *wellknown.Site, listen, cert, key string) error {
	handler, err := wellknown.Handler(site)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	scheme := "http"
	if cert != "" {
		scheme = "https"
	}
	const patience = 10 * time.Second
	server := &http.Server{Handler: handler, ReadHeaderTimeout: patience, ReadTimeout: patience, WriteTimeout: patience, IdleTimeout: time.Minute}
	_, _ = fmt.Fprintf(a.stderr, "oly-passkey: serving the documents of rp.id %q on %s://%s\n", site.RPID, scheme, l.Addr())
	done := make(chan error, 1)
	go func() {
		if cert != "" {
			done <- server.ServeTLS(l, cert, key)
			return
		}
		done <- server.Serve(l)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	err = server.Shutdown(stop)
	if served := <-done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
