// Command server serves the pages for a Kratos that runs elsewhere. Environment
// variables configure it:
//
//	KRATOS_URL           Kratos' public URL as browsers reach it; required
//	KRATOS_INTERNAL_URL  the same URL as this server reaches it (default: KRATOS_URL)
//	LISTEN               host:port (default: 127.0.0.1:4455)
//	APP_NAME             shown on every page
//	SIGN_UP              code-first (default) or passkey-first, as Kratos is configured
//	SECOND_FACTOR        true if Kratos' webauthn method is a second factor
//	ATTACHMENT           where passkeys can be registered: any (default), platform, cross-platform
//	HINTS                devices that browsers offer first, such as "hybrid security-key"
//	USER_VERIFICATION    required or preferred; overrides what Kratos requests
//	RESIDENT_KEY         for keys of the webauthn method: required, preferred, discouraged
//	DISPLAY_NAME         shown in account pickers, such as "{traits.email} ({traits.tenant})"
//	SIDECAR_URL          URL of oly-passkey serve, for details about passkeys
//	SIDECAR_KEY_FILE     its key file, with keys of the scopes resolve and read
//	KRATOS_ADMIN_URL     Kratos' admin API, which stores the names that users give their passkeys
//	DEVELOPMENT          true shows user handles, and a warning on pages where passkeys cannot work
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/olympusoss/oly-passkey/templates/ui"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM) //nolint:forbidigo // this is main
	err := run(ctx, os.LookupEnv, slog.Default())
	stop()
	if err != nil {
		slog.Error("pages", "error", err)
		os.Exit(1)
	}
}

// run serves until the context ends.
func run(ctx context.Context, lookup func(string) (string, bool), log *slog.Logger) error {
	env := func(name, without string) string {
		if value, ok := lookup(name); ok && value != "" {
			return value
		}
		return without
	}
	pages, err := configure(env, log)
	if err != nil {
		return err
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", env("LISTEN", "127.0.0.1:4455"))
	if err != nil {
		return err
	}
	log.Info("pages", "listen", l.Addr().String())
	return serve(ctx, l, pages)
}

func configure(env func(name, without string) string, log *slog.Logger) (*ui.Server, error) {
	c := ui.Config{
		KratosURL:         env("KRATOS_URL", ""),
		KratosInternalURL: env("KRATOS_INTERNAL_URL", ""),
		AppName:           env("APP_NAME", "Accounts"),
		SecondFactor:      env("SECOND_FACTOR", "false") == "true",
		Hints:             env("HINTS", ""),
		DisplayName:       env("DISPLAY_NAME", ""),
		AdminURL:          env("KRATOS_ADMIN_URL", ""),
		Explain:           env("DEVELOPMENT", "false") == "true",
		Log:               log,
	}
	if c.Explain {
		c.Check = ui.CheckOrigin
	}
	if err := choose(&c, env); err != nil {
		return nil, err
	}
	if c.KratosURL == "" {
		return nil, errors.New("KRATOS_URL is not set: set it to Kratos' public URL as browsers reach it")
	}
	if sidecarURL := env("SIDECAR_URL", ""); sidecarURL != "" {
		keys, err := readKeys(env("SIDECAR_KEY_FILE", ""))
		if err != nil {
			return nil, err
		}
		if c.Directory, err = ui.NewSidecar(sidecarURL, keys["resolve"], keys["read"]); err != nil {
			return nil, err
		}
	}
	return ui.New(c)
}

// choose sets the options that have a fixed set of values.
func choose(c *ui.Config, env func(name, without string) string) error {
	var signUp string
	for _, v := range []struct {
		name string
		to   *string
		one  []string // the first is the default
	}{
		{"SIGN_UP", &signUp, []string{"code-first", "passkey-first"}},
		{"ATTACHMENT", &c.Attachment, []string{"any", "platform", "cross-platform"}},
		{"USER_VERIFICATION", &c.UserVerification, []string{"", "required", "preferred"}},
		{"RESIDENT_KEY", &c.ResidentKey, []string{"", "required", "preferred", "discouraged"}},
	} {
		if *v.to = env(v.name, v.one[0]); !slices.Contains(v.one, *v.to) {
			return fmt.Errorf("invalid %s %q: use %s", v.name, *v.to, strings.TrimPrefix(strings.Join(v.one, ", "), ", "))
		}
	}
	c.CodeFirst = signUp == "code-first"
	return nil
}

// readKeys reads the first key of each scope from a file of scope:key lines.
func readKeys(name string) (map[string]string, error) {
	if name == "" {
		return nil, errors.New("SIDECAR_KEY_FILE is not set: set it to the sidecar's key file")
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	keys := map[string]string{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		scope, key, ok := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		if ok && keys[scope] == "" && !strings.HasPrefix(scope, "#") {
			keys[scope] = strings.TrimSpace(key)
		}
	}
	for _, scope := range []string{"resolve", "read"} {
		if keys[scope] == "" {
			return nil, fmt.Errorf("%s has no key of scope %q", name, scope)
		}
	}
	return keys, lines.Err()
}

func serve(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(grace)
}
