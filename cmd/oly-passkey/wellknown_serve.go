package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
)

func newWellknownServe(a *app) *cobra.Command {
	var s siteFlags
	var listen, cert, key string
	c := &cobra.Command{
		Use:   "serve",
		Short: "serve the documents over HTTP",
		Long: `Serves those of the documents that there is something to say in. Browsers want
them at https://RP-ID/.well-known/: let the proxy that ends TLS for that host
pass /.well-known/webauthn and the others on, or give a certificate here.`,
		Example: `  oly-passkey wellknown serve -c kratos.yml --listen 127.0.0.1:8080`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			site, err := s.site(a)
			if err != nil {
				return err
			}
			return serveWellknown(cmd.Context(), a, site, listen, cert, key)
		},
	}
	s.register(c)
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "`ADDRESS` to listen on")
	c.Flags().StringVar(&cert, "tls-cert", "", "PEM `FILE` of a certificate")
	c.Flags().StringVar(&key, "tls-key", "", "PEM `FILE` of its private key")
	c.MarkFlagsRequiredTogether("tls-cert", "tls-key")
	return c
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
