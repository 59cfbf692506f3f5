package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
)

func newAndroidOrigin(a *app) *cobra.Command {
	var cert, store, passwordFile, format string
	c := &cobra.Command{
		Use:   "android-origin [FINGERPRINT|ORIGIN|-]",
		Short: "convert between an Android app's certificate and its origin",
		Long: `Converts between the SHA-256 fingerprint of an Android app's certificate, as in
keytool, apksigner and assetlinks.json, and the origin that the app sends and
rp.origins must contain: android:apk-key-hash:…

Accepts hex with or without colons, base64url or the origin; a certificate (PEM
or DER) with --cert; a keystore (JKS or PKCS #12) with --keystore; and on stdin
(-) the output of "keytool -list -v" or "apksigner verify --print-certs". The
password of a keystore is read from --keystore-password-file or
$OLY_PASSKEY_KEYSTORE_PASSWORD; the default is "android", as in debug keystores.

Exit code 2: the input has no fingerprint; 3: the keystore cannot be opened.`,
		Example: `  oly-passkey android-origin FA:C6:17:45:…
  oly-passkey android-origin \
    android:apk-key-hash:-sYXRdwJA3hvue3mKpYrOZ9zSPC7b4mbgzJmdZEDO5w
  oly-passkey android-origin --keystore ~/.android/debug.keystore
  keytool -list -v -keystore upload.jks | oly-passkey android-origin -`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if store != "" {
				if len(args) > 0 || cert != "" {
					return cli.Usagef("give only one of a fingerprint, --cert or --keystore")
				}
				keys, err := a.keystore(store, passwordFile)
				if err != nil {
					return err
				}
				return a.printFingerprints(keys, format)
			}
			data, err := a.fingerprintInput(args, cert)
			if err != nil {
				return err
			}
			keys, err := wellknown.ReadFingerprints(data)
			if err != nil {
				return cli.Usagef("%w", err)
			}
			return a.printFingerprints(keys, format)
		},
	}
	cli.Group(c, "Input", func(f *pflag.FlagSet) {
		f.StringVar(&cert, "cert", "", "`FILE` with a certificate, PEM or DER")
		f.StringVar(&store, "keystore", "", "`FILE` with a keystore, JKS or PKCS #12")
		f.StringVar(&passwordFile, "keystore-password-file", "", "`FILE` with the keystore's password in the first line")
	})
	cli.Group(c, outputFlags, func(f *pflag.FlagSet) { cli.Format(f, &format, "text", "json") })
	return c
}

// keystore reads one, with the password of the file, of the environment, or of
// debug keystores.
func (a *app) keystore(name, passwordFile string) ([]wellknown.Fingerprint, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	password := cmp.Or(a.getenv("OLY_PASSKEY_KEYSTORE_PASSWORD"), wellknown.DebugPassword)
	if passwordFile != "" {
		text, err := os.ReadFile(passwordFile)
		if err != nil {
			return nil, err
		}
		line, _, _ := strings.Cut(string(text), "\n")
		password = strings.TrimSuffix(line, "\r")
	}
	keys, err := wellknown.ReadKeystore(data, password)
	if errors.Is(err, wellknown.ErrKeystore) {
		err = fmt.Errorf("%w; give its password with --keystore-password-file, or use keytool -list -v -keystore FILE | oly-passkey android-origin -", err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return keys, nil
}

func (a *app) fingerprintInput(args []string, cert string) ([]byte, error) {
	switch {
	case cert != "" && len(args) > 0:
		return nil, cli.Usagef("give only one of a fingerprint, --cert or --keystore")
	case cert != "":
		return os.ReadFile(cert)
	case len(args) == 0:
		return nil, cli.Usagef("android-origin needs a fingerprint, an origin, - or --cert FILE")
	case args[0] == "-":
		return io.ReadAll(io.LimitReader(a.stdin, 1<<20))
	}
	return []byte(args[0]), nil
}

func (a *app) printFingerprints(keys []wellknown.Fingerprint, format string) error {
	type line struct {
		Origin      string `json:"origin"`
		Fingerprint string `json:"sha256_cert_fingerprint"`
		PublicKey   string `json:"public_key,omitempty"`
	}
	for _, k := range keys {
		l := line{k.Origin(), k.String(), k.PublicKey()}
		if format == "json" {
			if err := json.NewEncoder(a.stdout).Encode(l); err != nil {
				return err
			}
			continue
		}
		_, err := fmt.Fprintf(a.stdout, "origin:       %s\nfingerprint:  %s\n", l.Origin, l.Fingerprint)
		if err != nil {
			return err
		}
		if l.PublicKey != "" {
			_, _ = fmt.Fprintf(a.stderr, "oly-passkey: warning: this is %s; its private key is public\n", l.PublicKey)
		}
	}
	return nil
}
