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

	"github.com/olympusoss/oly-passkey/cmd/internal/cli"
	"github.com/olympusoss/oly-passkey/pkg/config/wellknown"
)

func newAndroidOrigin(a *app) *cobra.Command {
	var cert, store, passwordFile, format string
	c := &cobra.Command{
		Use:   "android-origin [FINGERPRINT|ORIGIN|-]",
		Short: "convert a signing certificate's fingerprint to the origin of an Android app, and back",
		Long: `Converts between the SHA-256 fingerprint of the certificate that an Android app is
signed with, as keytool, apksigner and assetlinks.json have it, and the origin
that the app sends and rp.origins needs: android:apk-key-hash:…

Takes hex with or without colons, base64url or the origin; a certificate (PEM or
DER) with --cert; a keystore (JKS or PKCS #12) with --keystore; and on stdin (-)
what "keytool -list -v" or "apksigner verify --print-certs" print. A keystore's
password comes from --keystore-password-file or $OLY_PASSKEY_KEYSTORE_PASSWORD;
without either it is "android", that of debug keystores.

Exit code 2: there is no fingerprint in it; 3: the keystore cannot be opened.`,
		Example: `  oly-passkey android-origin FA:C6:17:45:…
  oly-passkey android-origin android:apk-key-hash:-sYXRdwJA3hvue3mKpYrOZ9zSPC7b4mbgzJmdZEDO5w
  oly-passkey android-origin --keystore ~/.android/debug.keystore
  keytool -list -v -keystore upload.jks | oly-passkey android-origin -`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return cli.Usagef("--format %q is neither text nor json", format)
			}
			if store != "" {
				if len(args) > 0 || cert != "" {
					return cli.Usagef("give a fingerprint, --cert or --keystore, not several")
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
	c.Flags().StringVar(&cert, "cert", "", "`FILE` of a certificate, PEM or DER")
	c.Flags().StringVar(&store, "keystore", "", "`FILE` of a keystore, JKS or PKCS #12")
	c.Flags().StringVar(&passwordFile, "keystore-password-file", "", "`FILE` with its password in the first line")
	c.Flags().StringVar(&format, "format", "text", "text or json")
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
		return nil, cli.Usagef("give a fingerprint or --cert, not both")
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
			_, _ = fmt.Fprintf(a.stderr, "oly-passkey: warning: this is %s; everybody has its private key\n", l.PublicKey)
		}
	}
	return nil
}
