// Package demo runs a complete sign-in on localhost: the real Kratos on SQLite, the
// pages, an inbox for its emails, and the sidecar. The configuration is the one that
// init writes.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/olympusoss/oly-passkey/pkg/api"
	"github.com/olympusoss/oly-passkey/pkg/config/setup"
	"github.com/olympusoss/oly-passkey/pkg/webauthn"
	"github.com/olympusoss/oly-passkey/templates/ui"
)

// Ports are the ports on 127.0.0.1; 0 means any free port.
type Ports struct {
	UI, Public, Admin, Sidecar, Metrics int
}

// Options are the options of a demo.
type Options struct {
	Dir       string // of configuration and data; "" is a temporary one that goes in the end
	KratosBin string // path of the binary, see FindKratos
	SignUp    setup.SignUp
	WebAuthn  setup.WebAuthn
	// ResidentKey is the residentKey option of the webauthn method's keys, see
	// ui.Config.
	ResidentKey string
	Origins     []string // of other pages whose scripts use passkeys, see scaffold.Options
	Ports       Ports
	Log         io.Writer // of the sidecar and the pages; Kratos writes its own into Dir
}

// Demo is a running demo.
type Demo struct {
	URL           string // of the pages, the one to open
	KratosURL     string // public API
	AdminURL      string
	SidecarURL    string
	SidecarKeys   string // the sidecar's key file
	KratosLog     string // file
	group         *errgroup.Group
	removeWhenEnd string
}

// Start starts all parts, and returns when they are ready. The demo runs until ctx is
// cancelled or a part of it ends; Wait waits for that and cleans up.
func Start(ctx context.Context, o Options) (*Demo, error) {
	s, err := o.listen(ctx)
	if err != nil {
		return nil, err
	}
	d, err := s.start(ctx, o)
	if err != nil {
		s.close()
		return nil, err
	}
	return d, nil
}

// Wait waits until the demo ends, and removes its files unless a directory was given.
// It returns no error if the context was cancelled.
func (d *Demo) Wait() error {
	err := d.group.Wait()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, d.remove())
}

func (s *sockets) start(ctx context.Context, o Options) (*Demo, error) {
	dir, temporary, err := folder(o.Dir)
	if err != nil {
		return nil, err
	}
	d := &Demo{
		URL:         "http://localhost:" + s.ui.port(),
		KratosURL:   "http://localhost:" + s.public.port(),
		AdminURL:    "http://127.0.0.1:" + s.admin.port(),
		SidecarURL:  "http://127.0.0.1:" + s.sidecar.port(),
		SidecarKeys: filepath.Join(dir, setup.SidecarKey),
		KratosLog:   filepath.Join(dir, "kratos.log"),
	}
	if temporary {
		d.removeWhenEnd = dir
	}
	environ, err := d.configure(dir, o)
	if err != nil {
		return nil, errors.Join(err, d.remove())
	}
	// Kratos' ports were reserved until now.
	s.public.close()
	s.admin.close()
	if err := d.run(ctx, s, o, &kratos{bin: o.KratosBin, dir: dir, environ: environ, log: d.KratosLog, admin: d.AdminURL}); err != nil {
		return nil, errors.Join(err, d.remove())
	}
	return d, nil
}

func (d *Demo) remove() error {
	if d.removeWhenEnd == "" {
		return nil
	}
	return os.RemoveAll(d.removeWhenEnd)
}

func folder(dir string) (path string, temporary bool, err error) {
	if dir == "" {
		path, err = os.MkdirTemp("", "oly-passkey-demo-")
		return path, true, err
	}
	// Kratos runs in this directory, so its path must be absolute.
	if path, err = filepath.Abs(dir); err != nil {
		return "", false, err
	}
	return path, false, os.MkdirAll(path, 0o700)
}

// configure writes the files that init writes, and returns Kratos' environment.
func (d *Demo) configure(dir string, o Options) ([]string, error) {
	have, err := setup.ReadState(dir)
	if err != nil {
		return nil, err
	}
	files, err := setup.Files(setup.Options{
		Domain:       "localhost",
		AppName:      appName,
		KratosURL:    d.KratosURL + "/",
		UIURL:        d.URL,
		Origins:      o.Origins,
		SidecarURL:   d.SidecarURL,
		SignUp:       o.SignUp,
		WebAuthn:     o.WebAuthn,
		PublicListen: hostPort(d.KratosURL),
		AdminListen:  hostPort(d.AdminURL),
		CourierURL:   d.URL + deliverPath,
	}, have, rand.Reader)
	if err != nil {
		return nil, err
	}
	_, err = setup.Write(dir, files, false)
	var conflict *setup.ModifiedError
	if errors.As(err, &conflict) {
		return nil, fmt.Errorf("%q contains a configuration for other flags (%q differs); use the flags of the first run, or another directory", dir, conflict.Paths)
	}
	if err != nil {
		return nil, err
	}
	env, err := os.ReadFile(filepath.Join(dir, setup.KratosEnv))
	return setup.Environ(env), err
}

// check returns an error if a page cannot use rpID, by the same rules as predict.
func (d *Demo) check(pageURL, rpID string) string {
	page, err := webauthn.ParsePage(pageURL)
	if err != nil {
		return err.Error()
	}
	v := webauthn.Predict(webauthn.Query{Page: page, RPID: &rpID, Origins: []string{d.URL}, BaseURL: d.KratosURL + "/"})
	if v.OK {
		return ""
	}
	return v.Reason
}

const appName = "Passkey demo"

// run starts the parts, beginning with the pages, which receive Kratos' emails.
func (d *Demo) run(ctx context.Context, s *sockets, o Options, k *kratos) error {
	if err := k.migrate(ctx); err != nil {
		return err
	}
	keys, err := api.ReadKeyFile(d.SidecarKeys)
	if err != nil {
		return err
	}
	directory, err := d.newDirectory(keys)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(o.Log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	pages, err := ui.New(ui.Config{
		KratosURL:    d.KratosURL,
		AppName:      appName,
		CodeFirst:    o.SignUp != setup.PasskeyFirst,
		SecondFactor: o.WebAuthn == setup.SecondFactor,
		ResidentKey:  o.ResidentKey,
		AdminURL:     d.AdminURL,
		Directory:    directory,
		Explain:      true,
		Check:        d.check,
		Log:          log,
		Links:        []ui.Link{{Path: "/mail", Text: "Demo inbox"}},
	})
	if err != nil {
		return err
	}
	server, err := d.newSidecar(ctx, s, k.dir, keys, log)
	if err != nil {
		return err
	}
	// When one part ends, the others are stopped.
	group, running := errgroup.WithContext(ctx)
	d.group = group
	ready := make(chan struct{})
	group.Go(func() error { return serveHTTP(running, s.ui.listener, withInbox(pages)) })
	group.Go(func() error { return k.serve(running) })
	group.Go(func() error {
		if err := k.waitReady(running); err != nil {
			return errors.Join(err, server.Close())
		}
		close(ready)
		return server.Run(running)
	})
	select {
	case <-ready:
		return nil
	case <-running.Done():
		return errors.Join(group.Wait(), ctx.Err())
	}
}
