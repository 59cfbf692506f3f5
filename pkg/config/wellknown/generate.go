package wellknown

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// ErrNothing is returned if a document would be empty.
var ErrNothing = errors.New("nothing to write")

// relatedDocument is the document of WebAuthn Level 3 §5.11.
type relatedDocument struct {
	Origins []string `json:"origins"`
}

// endpointsDocument is the document of W3C passkey-endpoints §3.1.
type endpointsDocument struct {
	Enroll string `json:"enroll,omitempty"`
	Manage string `json:"manage,omitempty"`
}

// statement is one of Google's Digital Asset Links.
type statement struct {
	Relation []string `json:"relation"`
	Target   target   `json:"target"`
}

type target struct {
	Namespace    string   `json:"namespace"`
	Package      string   `json:"package_name"`
	Fingerprints []string `json:"sha256_cert_fingerprints"`
}

// The relations that Android requires: the first for passkeys, the second for app
// links, which some versions of Play services also require for passkeys (Android
// developers, "Add support for Digital Asset Links").
const (
	relationLogin = "delegate_permission/common.get_login_creds"
	relationURLs  = "delegate_permission/common.handle_all_urls"
)

type appleDocument struct {
	WebCredentials *appleApps `json:"webcredentials"`
}

type appleApps struct {
	Apps []string `json:"apps"`
}

// Generate returns the content of a document. It returns an error that wraps
// ErrNothing, with the missing input, if the document would be empty.
func Generate(name Name, s *Site) ([]byte, error) {
	switch name {
	case RelatedOrigins:
		related := s.Related()
		if len(related) == 0 {
			return nil, fmt.Errorf("%w: all origins belong to rp.id %q, so browsers never request it", ErrNothing, s.RPID)
		}
		return encode(relatedDocument{Origins: related})
	case PasskeyEndpoints:
		if s.Enroll == "" && s.Manage == "" {
			return nil, fmt.Errorf("%w: no https settings page is known; use --enroll and --manage", ErrNothing)
		}
		return encode(endpointsDocument{Enroll: s.Enroll, Manage: s.Manage})
	case AssetLinks:
		return s.assetLinks()
	case AppleAssociation:
		if len(s.Apple) == 0 {
			return nil, fmt.Errorf("%w: no Apple app is known; use --apple-app TEAMID.bundle.id", ErrNothing)
		}
		return encode(appleDocument{WebCredentials: &appleApps{Apps: s.Apple}})
	}
	return nil, fmt.Errorf("unknown document %q", name)
}

func (s *Site) assetLinks() ([]byte, error) {
	if len(s.Apps) == 0 {
		return nil, fmt.Errorf("%w: no Android app is known; use --android-app PACKAGE=FINGERPRINT", ErrNothing)
	}
	var out []statement
	for _, app := range s.Apps {
		keys := app.Keys
		if len(keys) == 0 {
			keys = s.Keys
		}
		if len(keys) == 0 {
			return nil, fmt.Errorf("%w: the app %q has no fingerprint, and rp.origins has no android:apk-key-hash: origin", ErrNothing, app.Package)
		}
		st := statement{Relation: []string{relationURLs, relationLogin}, Target: target{Namespace: "android_app", Package: app.Package}}
		for _, k := range keys {
			st.Target.Fingerprints = append(st.Target.Fingerprints, k.String())
		}
		out = append(out, st)
	}
	return encode(out)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// Handler returns a handler that serves the site's non-empty documents, and 404 for
// all other paths.
func Handler(s *Site) (http.Handler, error) {
	mux := http.NewServeMux()
	for _, name := range Names() {
		body, err := Generate(name, s)
		if errors.Is(err, ErrNothing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		mux.HandleFunc("GET "+name.Path(), func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Type", "application/json")
			h.Set("Cache-Control", "public, max-age=3600")
			h.Set("X-Content-Type-Options", "nosniff")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
		})
	}
	return mux, nil
}
