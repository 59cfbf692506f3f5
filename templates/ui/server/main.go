// Command server serves the pages on their own, for a Kratos that runs
// elsewhere. The environment configures it:
//
//	KRATOS_URL           Kratos' public URL as browsers reach it; required
//	KRATOS_INTERNAL_URL  the same as this server reaches it
//	LISTEN               host:port, 127.0.0.1:4455 without it
//	APP_NAME             shown on every page
//	SIGN_UP              code-first (default) or passkey-first, as Kratos is configured
//	SECOND_FACTOR        true where Kratos' webauthn method is one
//	ATTACHMENT           what passkeys may be registered on: any (default), platform, cross-platform
//	HINTS                which devices browsers offer first, such as "hybrid security-key"
//	USER_VERIFICATION    required or preferred, instead of what Kratos asks for
//	RESIDENT_KEY         the same of keys of the webauthn method: required, preferred, discouraged
//	DISPLAY_NAME         in account pickers, such as "{traits.email} ({traits.tenant})"
//	SIDECAR_URL          oly-passkey serve; without it the pages know less
//	SIDECAR_KEY_FILE     its key file, with keys of the scopes resolve and read
//	KRATOS_ADMIN_URL     lets people rename their passkeys: names are kept by Kratos' admin API
//	DEVELOPMENT          true warns on pages where passkeys cannot work, and shows user handles
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
		return nil, errors.New("KRATOS_URL is not set; give Kratos' public URL as browsers reach it")
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

// choose sets what is one of a few.
func choose(c *ui.Config, env func(name, without string) string) error {
	var signUp string
	for _, v := range []struct {
		name string
		to   *string
		one  []string // the first is what is meant without it
	}{
		{"SIGN_UP", &signUp, []string{"code-first", "passkey-first"}},
		{"ATTACHMENT", &c.Attachment, []string{"any", "platform", "cross-platform"}},
		{"USER_VERIFICATION", &c.UserVerification, []string{"", "required", "preferred"}},
		{"RESIDENT_KEY", &c.ResidentKey, []string{"", "required", "preferred", "discouraged"}},
	} {
		if *v.to = env(v.name, v.one[0]); !slices.Contains(v.one, *v.to) {
			return fmt.Errorf("%s %q is unknown; use %s", v.name, *v.to, strings.TrimPrefix(strings.Join(v.one, ", "), ", "))
		}
	}
	c.CodeFirst = signUp == "code-first"
	return nil
}

// readKeys reads the first key of each scope from a file of scope:key lines.
func readKeys(name string) (map[string]string, error) {
	if name == "" {
		return nil, errors.New("SIDECAR_KEY_FILE is not set; give the key file of the sidecar")
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
